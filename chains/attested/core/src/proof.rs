//! Proofs of one value under the root of a header (ICS-23, one layer: the key is
//! the ICS-24 path itself). Pure.

use ics23::commitment_proof::Proof as Ics23;
use ics23::{CommitmentProof, HostFunctionsManager};
use prost::Message as _;
use tern_chains::{Proven, Root};

/// A proof that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    #[error("the bytes are not a proof: {reason}")]
    Unreadable { reason: String },
    #[error("the proof of {key} does not lead to the root")]
    Wrong { key: String },
}

pub fn encode_proof(proof: &CommitmentProof) -> Vec<u8> {
    proof.encode_to_vec()
}

fn read(bytes: &[u8]) -> Result<CommitmentProof, NotProven> {
    CommitmentProof::decode(bytes).map_err(|error| NotProven::Unreadable {
        reason: error.to_string(),
    })
}

/// That `key` has this value under `root`.
pub fn verify_presence(
    proof: &[u8],
    root: &[u8],
    key: &[u8],
    value: &[u8],
) -> Result<(), NotProven> {
    let (proof, root) = (read(proof)?, root.to_vec());
    let is_proof = matches!(proof.proof, Some(Ics23::Exist(_)));
    let spec = ics23::iavl_spec();
    let holds = ics23::verify_membership::<HostFunctionsManager>(&proof, &spec, &root, key, value);
    result(is_proof && holds, key)
}

/// That `key` has no value under `root`.
pub fn verify_absence(proof: &[u8], root: &[u8], key: &[u8]) -> Result<(), NotProven> {
    let (proof, root) = (read(proof)?, root.to_vec());
    let is_proof = matches!(proof.proof, Some(Ics23::Nonexist(_)));
    let spec = ics23::iavl_spec();
    let holds = ics23::verify_non_membership::<HostFunctionsManager>(&proof, &spec, &root, key);
    result(is_proof && holds, key)
}

/// The same of a value as the relayer got it.
pub fn verify_proven(proven: &Proven, root: &Root) -> Result<(), NotProven> {
    let key = proven.path.to_string();
    let (proof, key) = (proven.proof.bytes.as_slice(), key.as_bytes());
    match &proven.value {
        Some(value) => verify_presence(proof, &root.0, key, value),
        None => verify_absence(proof, &root.0, key),
    }
}

fn result(holds: bool, key: &[u8]) -> Result<(), NotProven> {
    match holds {
        true => Ok(()),
        false => Err(NotProven::Wrong {
            key: String::from_utf8_lossy(key).into_owned(),
        }),
    }
}
