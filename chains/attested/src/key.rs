//! Account keys (ed25519) and the addresses they own.

use bech32::{Bech32, Hrp};
use ed25519_consensus::{Signature, SigningKey, VerificationKey};
use sha2::{Digest, Sha256};

/// A key that signs for an account.
#[derive(Clone)]
pub struct Key {
    key: SigningKey,
    address: String,
}

impl Key {
    /// `None` if no address can have this prefix.
    pub fn from_seed(seed: [u8; 32], prefix: &str) -> Option<Self> {
        let key = SigningKey::from(seed);
        let address = address(key.verification_key().as_bytes(), prefix)?;
        Some(Self { key, address })
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.key.verification_key().as_bytes().to_vec()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).to_bytes().to_vec()
    }
}

/// The address of a public key.
pub(crate) fn address(public_key: &[u8], prefix: &str) -> Option<String> {
    let hash = Sha256::digest(public_key);
    bech32::encode::<Bech32>(Hrp::parse(prefix).ok()?, &hash[..20]).ok()
}

pub(crate) fn verify(public_key: &[u8], signature: &[u8], bytes: &[u8]) -> bool {
    let key = VerificationKey::try_from(public_key).ok();
    let signature = Signature::try_from(signature).ok();
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify(&signature, bytes).is_ok())
}
