//! A signing key: from a mnemonic or raw bytes in, signatures and an address out.
//! The secret leaves only through [`Key::private_key_bytes`].

use std::fmt;
use std::sync::Arc;

use cosmrs::crypto::secp256k1::SigningKey;
use ibc_proto::google::protobuf::Any;
use ibc_relayer::config::AddressType;
use ibc_relayer::keyring::{Secp256k1KeyPair, SigningKeyPair};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The derivation path of the Cosmos Hub and most chains (BIP-44, coin 118).
pub const DEFAULT_HD_PATH: &str = "m/44'/118'/0'/0/0";

/// A secp256k1 key with its account address. Cheap to clone; `Debug` shows the
/// address only.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    secret: Zeroizing<[u8; 32]>,
    signing_key: SigningKey,
    public_key: cosmrs::crypto::PublicKey,
    public_key_any: Any,
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
    #[error("`{prefix}` is not a bech32 account prefix such as `cosmos`")]
    Prefix { prefix: String },
}

impl Key {
    /// Derives a key from a BIP-39 mnemonic without a passphrase.
    pub fn from_mnemonic(mnemonic: &str, hd_path: &str, prefix: &str) -> Result<Self, KeyError> {
        let words: Vec<&str> = mnemonic.split_whitespace().collect();
        let phrase = Zeroizing::new(words.join(" "));
        let path = hd_path.parse().map_err(|_| KeyError::HdPath {
            path: hd_path.to_owned(),
        })?;
        // The prefix is checked below: here only the mnemonic can be wrong.
        let pair = Secp256k1KeyPair::from_mnemonic(&phrase, &path, &AddressType::Cosmos, "cosmos")
            .map_err(|_| KeyError::Mnemonic { words: words.len() })?;
        Self::from_private_key(private_key_of(&pair)?.as_slice(), prefix)
    }

    /// A key from its 32 secret bytes, big endian.
    pub fn from_private_key(bytes: &[u8], prefix: &str) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(bytes.try_into().map_err(|_| KeyError::PrivateKey)?);
        let signing_key = SigningKey::from_slice(bytes).map_err(|_| KeyError::PrivateKey)?;
        let public_key = signing_key.public_key();
        let address = public_key
            .account_id(prefix)
            .map_err(|_| KeyError::Prefix {
                prefix: prefix.to_owned(),
            })?;
        let public_key_any = public_key.to_any().map_err(|_| KeyError::PrivateKey)?;
        Ok(Self(Arc::new(Inner {
            secret,
            signing_key,
            public_key,
            public_key_any,
            address: address.to_string(),
        })))
    }

    /// The bech32 account address.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// The compressed public key (33 bytes).
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key.to_bytes()
    }

    /// The secret, to be stored. Wiped from memory when dropped.
    pub fn private_key_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.secret.clone()
    }

    /// The public key as a transaction names it.
    pub(crate) fn public_key_any(&self) -> Any {
        self.0.public_key_any.clone()
    }

    /// Signs the SHA-256 of `bytes`; `None` if the signer fails.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let signature = self.0.signing_key.sign(bytes).ok()?;
        Some(signature.to_vec())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("address", &self.0.address)
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
    fn debug_shows_no_secret() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("cosmos1") && !shown.contains("0707") && !shown.contains("7, 7"));
    }
}
