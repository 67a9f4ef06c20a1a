//! A signing key: from a mnemonic or raw bytes in, signatures and an address out.
//! The secret leaves only through [`Key::private_key_bytes`]. Its public half is a
//! type of its own, for who does not have the secret.

use std::fmt;
use std::sync::Arc;

use cosmrs::crypto::secp256k1::{Signature, SigningKey, VerifyingKey};
use ibc_proto::google::protobuf::Any;
use ibc_relayer::config::AddressType;
use ibc_relayer::keyring::{Secp256k1KeyPair, SigningKeyPair};
use k256::ecdsa::signature::Verifier;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The derivation path of the Cosmos Hub and most chains (BIP-44, coin 118).
pub const DEFAULT_HD_PATH: &str = "m/44'/118'/0'/0/0";

/// Of a point on the curve.
const COMPRESSED_BYTES: usize = 33;

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
    key: cosmrs::crypto::PublicKey,
    any: Any,
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
        let public = PublicKey::new(signing_key.public_key(), prefix)?;
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

    /// Signs the SHA-256 of `bytes`; `None` if the signer fails.
    pub fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let signature = self.0.signing_key.sign(bytes).ok()?;
        Some(signature.to_vec())
    }
}

impl PublicKey {
    /// A public key from its compressed point.
    pub fn from_bytes(bytes: &[u8], prefix: &str) -> Result<Self, KeyError> {
        if bytes.len() != COMPRESSED_BYTES {
            return Err(KeyError::PublicKey);
        }
        let key = VerifyingKey::from_sec1_bytes(bytes).map_err(|_| KeyError::PublicKey)?;
        Self::new(key.into(), prefix)
    }

    fn new(key: cosmrs::crypto::PublicKey, prefix: &str) -> Result<Self, KeyError> {
        let address = key.account_id(prefix).map_err(|_| KeyError::Prefix {
            prefix: prefix.to_owned(),
        })?;
        Ok(Self {
            key,
            any: key.to_any().map_err(|_| KeyError::PublicKey)?,
            address: address.to_string(),
        })
    }

    /// The bech32 account address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The compressed point (33 bytes).
    pub fn bytes(&self) -> Vec<u8> {
        self.key.to_bytes()
    }

    /// The key as a transaction names it.
    pub(crate) fn any(&self) -> Any {
        self.any.clone()
    }

    /// Whether this is the key's signature of the SHA-256 of `bytes`, in the form that
    /// the SDK accepts: 64 bytes, with the smaller of the two possible `s`.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = VerifyingKey::from_sec1_bytes(&self.bytes());
        let (Ok(key), Ok(signature)) = (key, Signature::from_slice(signature)) else {
            return false;
        };
        signature.normalize_s().is_none() && key.verify(bytes, &signature).is_ok()
    }
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

    #[test]
    fn debug_shows_no_secret() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("cosmos1") && !shown.contains("0707") && !shown.contains("7, 7"));
    }
}
