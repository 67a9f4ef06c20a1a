//! A signing key: from a mnemonic or raw bytes in, signatures and an address out.
//! The secret leaves only through [`Key::private_key_bytes`]. Its public half is a
//! type of its own, for who does not have the secret.

use std::fmt;
use std::sync::Arc;

use cosmrs::AccountId;
use ibc_proto::cosmos::crypto::secp256k1::PubKey;
use ibc_proto::google::protobuf::Any;
use ibc_relayer::config::AddressType;
use ibc_relayer::keyring::{Secp256k1KeyPair, SigningKeyPair};
use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use prost::Message;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::key_type::{keccak256, AccountFormat, KeyType};

/// The derivation path of the Cosmos Hub and most chains (BIP-44, coin 118).
pub const DEFAULT_HD_PATH: &str = "m/44'/118'/0'/0/0";

/// Of a point on the curve.
const COMPRESSED_BYTES: usize = 33;
/// Of an address of Ethereum: the last bytes of a hash.
const ADDRESS_BYTES: usize = 20;

/// A secp256k1 key with its account address. Cheap to clone; `Debug` shows the
/// address only.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    secret: Zeroizing<[u8; 32]>,
    signing_key: SigningKey,
    public: PublicKey,
}

/// The public half of a key, with its account address.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicKey {
    key: VerifyingKey,
    key_type: KeyType,
    address: String,
}

/// Why a key cannot be used. None of these repeats a word of the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "not a valid mnemonic: {words} words given, and either their number, one of them or the \
         checksum is wrong (12 to 24 English BIP-39 words, separated by spaces)"
    )]
    Mnemonic { words: usize },
    #[error("`{path}` is not a derivation path such as `{DEFAULT_HD_PATH}`")]
    HdPath { path: String },
    #[error("not a secp256k1 private key: 32 bytes are expected, in the curve's range")]
    PrivateKey,
    #[error("not a secp256k1 public key: 33 bytes are expected, a compressed point")]
    PublicKey,
    #[error("`{prefix}` is not a bech32 account prefix such as `cosmos`")]
    Prefix { prefix: String },
    #[error("`{address}` is not an address of an account that begins with `{prefix}1`")]
    Address { address: String, prefix: String },
}

/// Whether this is the address of an account with this prefix.
pub fn check_address(address: &str, prefix: &str) -> Result<(), KeyError> {
    match address.parse::<AccountId>() {
        Ok(id) if id.prefix() == prefix => Ok(()),
        _ => Err(KeyError::Address {
            address: address.to_owned(),
            prefix: prefix.to_owned(),
        }),
    }
}

impl Key {
    /// Derives a key from a BIP-39 mnemonic without a passphrase.
    pub fn from_mnemonic(
        mnemonic: &str,
        hd_path: &str,
        format: impl Into<AccountFormat>,
    ) -> Result<Self, KeyError> {
        let words: Vec<&str> = mnemonic.split_whitespace().collect();
        let phrase = Zeroizing::new(words.join(" "));
        let path = hd_path.parse().map_err(|_| KeyError::HdPath {
            path: hd_path.to_owned(),
        })?;
        // The prefix is checked below: here only the mnemonic can be wrong. The secret of a
        // path is the same for each type of keys.
        let pair = Secp256k1KeyPair::from_mnemonic(&phrase, &path, &AddressType::Cosmos, "cosmos")
            .map_err(|_| KeyError::Mnemonic { words: words.len() })?;
        Self::from_private_key(private_key_of(&pair)?.as_slice(), format)
    }

    /// A key from its 32 secret bytes, big endian.
    pub fn from_private_key(
        bytes: &[u8],
        format: impl Into<AccountFormat>,
    ) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(bytes.try_into().map_err(|_| KeyError::PrivateKey)?);
        let signing_key = SigningKey::from_slice(bytes).map_err(|_| KeyError::PrivateKey)?;
        let public = PublicKey::new(*signing_key.verifying_key(), &format.into())?;
        Ok(Self(Arc::new(Inner {
            secret,
            signing_key,
            public,
        })))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// The bech32 account address.
    pub fn address(&self) -> &str {
        self.0.public.address()
    }

    /// The compressed public key (33 bytes).
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public.bytes()
    }

    /// The secret, to be stored. Wiped from memory when dropped.
    pub fn private_key_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.secret.clone()
    }

    /// Signs the hash of `bytes` that keys of this type sign; `None` if the signer fails.
    pub fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let digest = self.0.public.key_type.digest(bytes);
        let signature: Signature = self.0.signing_key.sign_prehash(&digest).ok()?;
        Some(signature.normalize_s().unwrap_or(signature).to_vec())
    }
}

impl PublicKey {
    /// A public key from its compressed point.
    pub fn from_bytes(bytes: &[u8], format: impl Into<AccountFormat>) -> Result<Self, KeyError> {
        if bytes.len() != COMPRESSED_BYTES {
            return Err(KeyError::PublicKey);
        }
        let key = VerifyingKey::from_sec1_bytes(bytes).map_err(|_| KeyError::PublicKey)?;
        Self::new(key, &format.into())
    }

    /// A public key as a transaction names it; `None` if it is of another type than [`KeyType`]
    /// knows.
    pub fn from_any(any: &Any, prefix: &str) -> Option<Self> {
        let key_type = KeyType::of_type_url(&any.type_url)?;
        let key = PubKey::decode(any.value.as_slice()).ok()?;
        Self::from_bytes(&key.key, AccountFormat::new(prefix, key_type)).ok()
    }

    fn new(key: VerifyingKey, format: &AccountFormat) -> Result<Self, KeyError> {
        let AccountFormat { prefix, key_type } = format;
        let address = match key_type.is_ethereum() {
            false => cosmrs::crypto::PublicKey::from(key).account_id(prefix),
            true => AccountId::new(prefix, &ethereum_address(&key)),
        };
        let address = address.map_err(|_| KeyError::Prefix {
            prefix: prefix.clone(),
        })?;
        Ok(Self {
            key,
            key_type: *key_type,
            address: address.to_string(),
        })
    }

    /// The bech32 account address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The compressed point (33 bytes).
    pub fn bytes(&self) -> Vec<u8> {
        self.key.to_encoded_point(true).as_bytes().to_vec()
    }

    /// The key as a transaction names it. The message has the same fields for each type.
    pub(crate) fn any(&self) -> Any {
        let key = PubKey { key: self.bytes() };
        Any {
            type_url: self.key_type.type_url().to_owned(),
            value: key.encode_to_vec(),
        }
    }

    /// Whether this is the key's signature of the hash of `bytes`, in the form that the SDK
    /// accepts: 64 bytes, with the smaller of the two possible `s`.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else {
            return false;
        };
        let digest = self.key_type.digest(bytes);
        signature.normalize_s().is_none() && self.key.verify_prehash(&digest, &signature).is_ok()
    }
}

/// The last 20 bytes of the hash of the point, without the byte that says how it is written.
fn ethereum_address(key: &VerifyingKey) -> [u8; ADDRESS_BYTES] {
    let point = key.to_encoded_point(false);
    let hash = keccak256(&point.as_bytes()[1..]);
    let mut address = [0; ADDRESS_BYTES];
    address.copy_from_slice(&hash[hash.len() - ADDRESS_BYTES..]);
    address
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

/// The key pair gives its secret out only when serialized.
fn private_key_of(pair: &Secp256k1KeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    #[derive(Deserialize)]
    struct Secret<'a> {
        // Borrowed: no copy is left behind.
        private_key: &'a str,
    }
    let json = Zeroizing::new(serde_json::to_string(pair).map_err(|_| KeyError::PrivateKey)?);
    let secret: Secret<'_> = serde_json::from_str(&json).map_err(|_| KeyError::PrivateKey)?;
    let bytes = hex::decode(secret.private_key).map_err(|_| KeyError::PrivateKey)?;
    Ok(Zeroizing::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MNEMONIC: &str = "abandon abandon abandon abandon abandon abandon \
                            abandon abandon abandon abandon abandon about";

    #[test]
    fn a_mnemonic_gives_the_address_every_wallet_shows() {
        let key = Key::from_mnemonic(MNEMONIC, DEFAULT_HD_PATH, "cosmos").unwrap();
        assert_eq!(
            key.address(),
            "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4"
        );
        assert_eq!(key.public_key().len(), 33);
    }

    #[test]
    fn a_key_survives_being_stored() {
        let key = Key::from_mnemonic(MNEMONIC, DEFAULT_HD_PATH, "cosmos").unwrap();
        let bytes = key.private_key_bytes();
        let again = Key::from_private_key(bytes.as_slice(), "osmo").unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert!(again.address().starts_with("osmo1"));
    }

    #[test]
    fn a_wrong_mnemonic_is_not_repeated() {
        let wrong = MNEMONIC.replace("about", "zebrafish");
        let error = Key::from_mnemonic(&wrong, DEFAULT_HD_PATH, "cosmos").unwrap_err();
        assert_eq!(error, KeyError::Mnemonic { words: 12 });
        let text = format!("{error} {error:?}");
        assert!(!text.contains("zebrafish") && !text.contains("abandon"));
    }

    #[test]
    fn wrong_paths_prefixes_and_bytes_are_told_apart() {
        let path = Key::from_mnemonic(MNEMONIC, "44/118", "cosmos").unwrap_err();
        assert!(matches!(path, KeyError::HdPath { .. }));
        let bytes = Key::from_private_key(&[0; 32], "cosmos").unwrap_err();
        assert_eq!(bytes, KeyError::PrivateKey);
        let prefix = Key::from_private_key(&[1; 32], "Cosmos!").unwrap_err();
        assert!(matches!(prefix, KeyError::Prefix { .. }));
    }

    #[test]
    fn a_public_key_knows_its_account_and_its_signatures() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let public = PublicKey::from_bytes(&key.public_key(), "cosmos").unwrap();
        assert_eq!(&public, key.public());
        let signature = key.sign(b"document").unwrap();
        assert!(public.verifies(b"document", &signature));
        assert!(!public.verifies(b"documenT", &signature));
        let other = Key::from_private_key(&[8; 32], "cosmos").unwrap();
        assert!(!other.public().verifies(b"document", &signature));
        for wrong in [&signature[1..], &[0; 64], &[]] {
            assert!(!public.verifies(b"document", wrong));
        }
    }

    #[test]
    fn a_signature_with_the_larger_s_is_not_one_for_the_sdk() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let signature = Signature::from_slice(&key.sign(b"document").unwrap()).unwrap();
        let (r, s) = signature.split_scalars();
        let larger = Signature::from_scalars(r, -s).unwrap();
        assert!(!key.public().verifies(b"document", &larger.to_vec()));
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_no_public_key() {
        let point = Key::from_private_key(&[7; 32], "cosmos")
            .unwrap()
            .public_key();
        for wrong in [&[][..], &point[1..], &[2; 32], &[5; 33], &[0; 65]] {
            let error = PublicKey::from_bytes(wrong, "cosmos").unwrap_err();
            assert_eq!(error, KeyError::PublicKey);
        }
        let prefix = PublicKey::from_bytes(&point, "Cosmos!").unwrap_err();
        assert!(matches!(prefix, KeyError::Prefix { .. }));
    }

    /// The first key of the mnemonic that development nodes of Ethereum use.
    const ETH_MNEMONIC: &str = "test test test test test test test test test test test junk";
    const ETH_SECRET: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    const ETH_PATH: &str = "m/44'/60'/0'/0/0";

    /// The address of a bech32 address, as Ethereum writes it.
    fn hex_of(address: &str) -> String {
        hex::encode(address.parse::<AccountId>().unwrap().to_bytes())
    }

    #[test]
    fn a_mnemonic_gives_the_address_every_wallet_of_ethereum_shows() {
        for key_type in [KeyType::Ethermint, KeyType::CosmosEvm, KeyType::Injective] {
            let format = AccountFormat::new("inj", key_type);
            for (path, address) in [
                (ETH_PATH, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
                (
                    "m/44'/60'/0'/0/1",
                    "70997970c51812dc3a010c7d01b50e0d17dc79c8",
                ),
            ] {
                let key = Key::from_mnemonic(ETH_MNEMONIC, path, &format).unwrap();
                assert_eq!(hex_of(key.address()), address);
            }
            let key = Key::from_mnemonic(ETH_MNEMONIC, ETH_PATH, &format).unwrap();
            assert_eq!(hex::encode(*key.private_key_bytes()), ETH_SECRET);
            assert_eq!(key.public().any().type_url, key_type.type_url());
        }
    }

    /// `dev0` of the `local_node.sh` of Evmos, and of cosmos/evm.
    #[test]
    fn a_key_of_a_chain_with_an_evm_has_the_address_that_its_wallets_show() {
        let mnemonic = "copper push brief egg scan entry inform record adjust fossil boss egg \
                        comic alien upon aspect dry avoid interest fury window hint race symptom";
        let format = AccountFormat::new("evmos", KeyType::Ethermint);
        let key = Key::from_mnemonic(mnemonic, ETH_PATH, &format).unwrap();
        let address = "evmos1cml96vmptgw99syqrrz8az79xer2pcgp84pdun";
        assert_eq!(key.address(), address);
        assert_eq!(hex_of(address), "c6fe5d33615a1c52c08018c47e8bc53646a0e101");
        assert_eq!(
            hex::encode(*key.private_key_bytes()),
            "88cbead91aee890d27bf06e003ade3d4e952427e88f88d31d61d3ef5e5d54305"
        );
    }

    /// As go-ethereum signs it: `crypto.Sign` of the Keccak-256 hash, without the last byte.
    #[test]
    fn a_key_of_ethereums_kind_signs_as_ethereum_does() {
        let secret = hex::decode(ETH_SECRET).unwrap();
        let format = AccountFormat::new("cosmos", KeyType::CosmosEvm);
        let key = Key::from_private_key(&secret, &format).unwrap();
        let signature = key.sign(b"document").unwrap();
        assert_eq!(
            hex::encode(&signature),
            "00b3fbd6754bb6427af2daa78769169d87913dd9f2493806ec40887721b5cd20\
             21fb809381030d4bacda089cb27b22da9dfb14095a6db847b5e6012b7ec5b74c"
        );
        let public = PublicKey::from_bytes(&key.public_key(), &format).unwrap();
        assert!(public.verifies(b"document", &signature));
        // The same point signs another hash where keys are the SDK's.
        let other = Key::from_private_key(&secret, "cosmos").unwrap();
        assert!(!other.public().verifies(b"document", &signature));
        assert_ne!(other.address(), key.address());
    }

    #[test]
    fn a_public_key_is_read_as_a_transaction_names_it() {
        for key_type in KeyType::ALL {
            let format = AccountFormat::new("cosmos", key_type);
            let key = Key::from_private_key(&[7; 32], &format).unwrap();
            let any = key.public().any();
            // Field 1, 33 bytes.
            assert_eq!(any.value[..2], [0x0a, 33]);
            let read = PublicKey::from_any(&any, "cosmos");
            assert_eq!(read.as_ref(), Some(key.public()));
            let ed25519 = Any {
                type_url: "/cosmos.crypto.ed25519.PubKey".to_owned(),
                ..any
            };
            assert_eq!(PublicKey::from_any(&ed25519, "cosmos"), None);
        }
    }

    #[test]
    fn an_address_is_one_of_the_chain_only_with_its_prefix() {
        let address = "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4";
        assert_eq!(check_address(address, "cosmos"), Ok(()));
        for (address, prefix) in [(address, "osmo"), ("cosmos1x", "cosmos"), ("", "cosmos")] {
            let error = check_address(address, prefix).unwrap_err();
            assert!(matches!(error, KeyError::Address { .. }), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("cosmos1") && !shown.contains("0707") && !shown.contains("7, 7"));
    }
}
