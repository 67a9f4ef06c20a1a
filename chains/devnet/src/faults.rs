//! Faults of a node, as plain data for
//! [`Node::set_faults`](crate::Node::set_faults).
//!
//! A fault belongs to one node: the chain itself and its other nodes stay correct.
//! To halt a chain, make no blocks. To make transactions fail in their block, use
//! [`Node::fail_txs`](crate::Node::fail_txs).

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tendermint::block::{Commit, CommitSig};
use tendermint::{AppHash, Signature};

use crate::block::Committed;
use crate::devnet::Devnet;
use crate::refusal::Refusal;
use crate::store::Proof;

/// The faults of one node. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Accepts every request and never responds.
    pub silent: bool,
    /// Serves the chain as it was at this height, and stays there: a stalled node,
    /// or one restored from an older snapshot.
    pub behind: Option<u64>,
    pub lies: Option<Lie>,
    /// Refuses every transaction in CheckTx with this.
    pub refuses: Option<Refusal>,
}

/// A wrong response, over RPC and in process. gRPC responses, which carry no
/// proofs, stay correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A false value of the IBC store, with the proof of the true one.
    Value,
    /// The true value with a false proof.
    Proof,
    /// A false app hash in the header, with the commit of the true header.
    Header,
    /// Invalid signatures.
    Commit,
    /// A false app hash in the header, signed by all validators: two valid headers
    /// at one height.
    Equivocation,
}

impl Lie {
    /// A value read without proof.
    pub(crate) fn value(self, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match (self, value) {
            (Self::Value, Some(mut value)) => {
                match value.last_mut() {
                    Some(last) => *last ^= 1,
                    None => value.push(1),
                }
                Some(value)
            }
            (Self::Value, None) => Some(vec![1]),
            (_, value) => value,
        }
    }

    pub(crate) fn proof(self, proof: Proof) -> Proof {
        let mut proof = Proof {
            value: self.value(proof.value),
            ..proof
        };
        if self == Self::Proof {
            use ics23::commitment_proof::Proof as Ics23;
            if let Some(Ics23::Exist(exists)) = &mut proof.in_root.proof {
                exists.value = Sha256::digest(&exists.value).to_vec();
            }
        }
        proof
    }

    pub(crate) fn block(self, chain: &Devnet, block: &Arc<Committed>) -> Arc<Committed> {
        let mut forged = Committed::clone(block);
        match self {
            Self::Value | Self::Proof => return block.clone(),
            Self::Header => forge_app_hash(&mut forged),
            Self::Commit => invalidate(&mut forged.commit),
            Self::Equivocation => {
                forge_app_hash(&mut forged);
                forged.id.hash = forged.block.header.hash();
                forged.commit = chain.sign(&forged);
            }
        }
        Arc::new(forged)
    }
}

fn forge_app_hash(block: &mut Committed) {
    let root = Sha256::digest(block.block.header.app_hash.as_bytes()).to_vec();
    if let Ok(root) = AppHash::try_from(root) {
        block.block.header.app_hash = root;
    }
}

fn invalidate(commit: &mut Commit) {
    for signature in &mut commit.signatures {
        let CommitSig::BlockIdFlagCommit { signature, .. } = signature else {
            continue;
        };
        let mut bytes = signature
            .as_ref()
            .map_or(&[][..], Signature::as_bytes)
            .to_vec();
        if let Some(first) = bytes.first_mut() {
            *first ^= 1;
        }
        *signature = Signature::try_from(bytes).ok();
    }
}
