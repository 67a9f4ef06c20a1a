//! Checking a value against a root (ICS-23). Pure: trusts nobody, asks nobody.

use ibc_relayer_types::core::ics23_commitment::commitment::{CommitmentPrefix, CommitmentRoot};
use ibc_relayer_types::core::ics23_commitment::merkle::apply_prefix;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use tern_chains::Proven;

use crate::errors::flex_line;

/// The store every Cosmos SDK chain keeps IBC state in.
const PREFIX: &[u8] = b"ibc";

/// Verifies the presence of `proven.value` under `root`, or the absence of any
/// value. The error is the reason, in words.
///
/// Two layers: the IAVL proof of the key in the store, and the proof of the
/// store in the app hash.
pub fn verify(proven: &Proven, root: &CommitmentRoot) -> Result<(), String> {
    let prefix = CommitmentPrefix::try_from(PREFIX.to_vec()).map_err(|e| flex_line!(e))?;
    let keys = apply_prefix(&prefix, vec![proven.path.to_string()]);
    let specs = ProofSpecs::default();
    let root = root.clone().into();
    let (proof, value) = (&proven.proof, proven.value.clone());
    let verified = match value {
        Some(value) => proof.verify_membership(&specs, root, keys, value, 0),
        None => proof.verify_non_membership(&specs, root, keys),
    };
    verified.map_err(|error| flex_line!(error))
}

#[cfg(test)]
mod tests;
