//! Headers, and the signatures of the attestors.

use ed25519_consensus::{Signature, SigningKey, VerificationKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::json::Encodes;

/// What the committee attests of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub chain_id: String,
    pub height: u64,
    /// Nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// The root of the state after this block.
    #[serde(with = "hex::serde")]
    pub root: Vec<u8>,
}

/// A header with signatures: the message that updates a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedHeader {
    pub header: Header,
    pub attestations: Vec<Attestation>,
}

impl Encodes for SealedHeader {
    const TYPE_NAME: &'static str = "/tern.attested.v1.Header";
}

/// One attestor's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// The attestor's position in the committee.
    pub attestor: usize,
    #[serde(with = "hex::serde")]
    pub signature: Vec<u8>,
}

impl Header {
    /// What is signed.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"tern attested header\0");
        hash.update((self.chain_id.len() as u64).to_be_bytes());
        hash.update(&self.chain_id);
        hash.update(self.height.to_be_bytes());
        hash.update(self.time_ns.to_be_bytes());
        hash.update(&self.root);
        hash.finalize().into()
    }
}

/// A member of the committee.
#[derive(Clone)]
pub struct Attestor {
    position: usize,
    key: SigningKey,
}

impl Attestor {
    /// The key is derived from the chain id, the seed and the position.
    pub fn new(chain_id: &str, seed: u64, position: usize) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tern attestor\0");
        hash.update(chain_id);
        hash.update(seed.to_be_bytes());
        hash.update((position as u64).to_be_bytes());
        Self {
            position,
            key: SigningKey::from(<[u8; 32]>::from(hash.finalize())),
        }
    }

    /// In hexadecimal digits.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verification_key().as_bytes())
    }

    pub fn attest(&self, header: &Header) -> Attestation {
        Attestation {
            attestor: self.position,
            signature: self.key.sign(&header.digest()).to_bytes().to_vec(),
        }
    }
}

impl Attestation {
    /// Whether the attestor with this public key signed the header.
    pub(crate) fn is_valid(&self, header: &Header, public_key: &str) -> bool {
        let key = hex::decode(public_key).ok();
        let key = key.and_then(|key| VerificationKey::try_from(key.as_slice()).ok());
        let signature = Signature::try_from(self.signature.as_slice()).ok();
        key.zip(signature)
            .is_some_and(|(key, signature)| key.verify(&signature, &header.digest()).is_ok())
    }
}
