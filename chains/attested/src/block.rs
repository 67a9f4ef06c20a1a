//! Blocks, and the headers the committee attests.

use sha2::{Digest, Sha256};
use tern_attested_core::Header;
use tern_chains::{Event, TxOutcome};

/// A block, executed.
#[derive(Clone, Debug)]
pub struct Block {
    pub header: Header,
    pub txs: Vec<Included>,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Included {
    pub bytes: Vec<u8>,
    pub outcome: TxOutcome,
    /// Of its calls; none if it failed.
    pub events: Vec<Event>,
}

impl Block {
    /// A hash over all that is in it.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.header.height.to_be_bytes());
        hash.update(self.header.time_ns.to_be_bytes());
        hash.update(&self.header.root);
        for tx in &self.txs {
            hash.update(tx.outcome.hash.0);
            hash.update(tx.outcome.code.to_be_bytes());
        }
        hash.finalize().into()
    }
}
