//! Checking a value against a root (ICS-23). Pure: trusts nobody, asks nobody.

use ibc_proto::ibc::core::commitment::v1::MerkleProof as RawMerkleProof;
use ibc_relayer_types::core::ics23_commitment::commitment::{CommitmentPrefix, CommitmentRoot};
use ibc_relayer_types::core::ics23_commitment::merkle::{apply_prefix, MerkleProof};
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use prost::Message;
use tern_chains::{Height, Proof, Proven, Root};

use crate::codec::{store_of, HEIGHT_RULES};
use crate::errors::flex_line;

/// A proof of the state at `height` of a chain with this revision.
pub fn encode(proof: MerkleProof, revision: u64, height: u64) -> Proof {
    Proof {
        bytes: RawMerkleProof::from(proof).encode_to_vec(),
        height: Height::new(revision, HEIGHT_RULES.proof_height(height)),
    }
}

/// Verifies the presence of `proven.value` under `root`, or the absence of any
/// value. The error is the reason, in words.
///
/// Two layers: the IAVL proof of the key in the store, and the proof of the
/// store in the app hash.
pub fn verify(proven: &Proven, root: &Root) -> Result<(), String> {
    let store = store_of(&proven.path).as_bytes().to_vec();
    let prefix = CommitmentPrefix::try_from(store).map_err(|error| flex_line!(error))?;
    let keys = apply_prefix(&prefix, vec![proven.path.to_string()]);
    let specs = ProofSpecs::default();
    let root = CommitmentRoot::from_bytes(&root.0).into();
    let proof = RawMerkleProof::decode(proven.proof.bytes.as_slice());
    let proof = MerkleProof::from(proof.map_err(|error| error.to_string())?);
    let value = proven.value.clone();
    let verified = match value {
        Some(value) => proof.verify_membership(&specs, root, keys, value, 0),
        None => proof.verify_non_membership(&specs, root, keys),
    };
    verified.map_err(|error| flex_line!(error))
}

#[cfg(test)]
mod tests;
