//! What a node can do wrong on purpose: plain data, handed to
//! [`Node::set_faults`](crate::Node::set_faults).
//!
//! The chain itself stays right: a fault is one node's, and another node of the
//! same chain does not have it. A chain that halts needs no switch: it is one
//! nobody makes blocks on. Transactions that fail in the block are the chain's
//! ([`Node::fail_txs`](crate::Node::fail_txs)).

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tendermint::block::{Commit, CommitSig};
use tendermint::{AppHash, Signature};

use crate::block::Committed;
use crate::devnet::Devnet;
use crate::refusal::Refusal;
use crate::store::Proof;

/// How one node fails. The default is not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Takes every question and never answers.
    pub silent: bool,
    /// Shows the chain as it was at this height, and stays there: a node that
    /// stands still, or was restored from an older snapshot.
    pub behind: Option<u64>,
    pub lies: Option<Lie>,
    /// Takes no transaction into its mempool and says this.
    pub refuses: Option<Refusal>,
}

/// What a node says instead of the truth: over RPC and in process. Its gRPC
/// services, whose answers nobody proves anything with, stay honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Another value of the IBC store, with the proof of the true one.
    Value,
    /// The true value with another proof.
    Proof,
    /// Another root in the header, under the commit of the true one.
    Header,
    /// Signatures that are none.
    Commit,
    /// Another root in the header, and all validators have signed it: there are
    /// two headers at this height.
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
        let mut told = Committed::clone(block);
        match self {
            Self::Value | Self::Proof => return block.clone(),
            Self::Header => other_root(&mut told),
            Self::Commit => spoil(&mut told.commit),
            Self::Equivocation => {
                other_root(&mut told);
                told.id.hash = told.block.header.hash();
                told.commit = chain.sign(&told);
            }
        }
        Arc::new(told)
    }
}

fn other_root(block: &mut Committed) {
    let root = Sha256::digest(block.block.header.app_hash.as_bytes()).to_vec();
    if let Ok(root) = AppHash::try_from(root) {
        block.block.header.app_hash = root;
    }
}

fn spoil(commit: &mut Commit) {
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
