//! The types of keys that accounts of Cosmos SDK chains have. All are points of secp256k1. They
//! differ in the hash that is signed, in how the address is made, and in the name of the public
//! key.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// The type of a chain's keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// `crypto/keys/secp256k1` of the SDK.
    #[default]
    Secp256k1,
    /// `crypto/ethsecp256k1` of Ethermint, as on Evmos.
    Ethermint,
    /// `crypto/ethsecp256k1` of cosmos/evm.
    CosmosEvm,
    /// `crypto/ethsecp256k1` of Injective.
    Injective,
}

/// A name that no type of keys has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key type: write `secp256k1`, `ethermint`, `cosmos-evm` or `injective`")]
pub struct UnknownKeyType(String);

impl KeyType {
    pub const ALL: [Self; 4] = [
        Self::Secp256k1,
        Self::Ethermint,
        Self::CosmosEvm,
        Self::Injective,
    ];

    /// The name of a public key in a transaction.
    pub fn type_url(self) -> &'static str {
        match self {
            Self::Secp256k1 => "/cosmos.crypto.secp256k1.PubKey",
            Self::Ethermint => "/ethermint.crypto.v1.ethsecp256k1.PubKey",
            Self::CosmosEvm => "/cosmos.evm.crypto.v1.ethsecp256k1.PubKey",
            Self::Injective => "/injective.crypto.v1beta1.ethsecp256k1.PubKey",
        }
    }

    /// The type with this name of a public key.
    pub fn of_type_url(type_url: &str) -> Option<Self> {
        let mut types = Self::ALL.into_iter();
        types.find(|key_type| key_type.type_url() == type_url)
    }

    /// Whether addresses and signatures are made as on Ethereum.
    pub fn is_ethereum(self) -> bool {
        self != Self::Secp256k1
    }

    /// The hash that is signed: SHA-256, or Keccak-256 as on Ethereum.
    pub fn digest(self, bytes: &[u8]) -> [u8; 32] {
        match self.is_ethereum() {
            false => Sha256::digest(bytes).into(),
            true => keccak256(bytes),
        }
    }
}

/// The hash of Ethereum. It is not that of the later standard, SHA3-256.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secp256k1 => "secp256k1",
            Self::Ethermint => "ethermint",
            Self::CosmosEvm => "cosmos-evm",
            Self::Injective => "injective",
        })
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut types = Self::ALL.into_iter();
        let found = types.find(|key_type| key_type.to_string() == text);
        found.ok_or_else(|| UnknownKeyType(text.to_owned()))
    }
}

/// How a chain writes the addresses of accounts: the bech32 prefix, and the type of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFormat {
    pub prefix: String,
    pub key_type: KeyType,
}

impl AccountFormat {
    pub fn new(prefix: impl Into<String>, key_type: KeyType) -> Self {
        Self {
            prefix: prefix.into(),
            key_type,
        }
    }
}

/// A prefix alone is that of a chain with keys of the SDK.
impl From<&str> for AccountFormat {
    fn from(prefix: &str) -> Self {
        Self::new(prefix, KeyType::default())
    }
}

impl From<&String> for AccountFormat {
    fn from(prefix: &String) -> Self {
        Self::from(prefix.as_str())
    }
}

impl From<&AccountFormat> for AccountFormat {
    fn from(format: &AccountFormat) -> Self {
        format.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_known_by_its_names() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
            assert_eq!(KeyType::of_type_url(key_type.type_url()), Some(key_type));
        }
        assert!("ed25519".parse::<KeyType>().is_err());
        assert_eq!(KeyType::of_type_url("/cosmos.crypto.ed25519.PubKey"), None);
    }

    #[test]
    fn the_hash_is_that_of_ethereum_and_not_the_later_standard() {
        assert_eq!(
            hex::encode(keccak256(b"")),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        );
    }
}
