//! What is followed: a block's IBC events and the outcome of its transactions.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::tx::TxOutcome;

/// A block's header time, in nanoseconds since the Unix epoch (UTC).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct BlockTime(pub u64);

/// One final block, reduced to what a relayer needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Revision height: the height within the chain's current revision.
    pub height: u64,
    pub time: BlockTime,
    /// IBC events in execution order: begin-block, txs that succeeded, end-block.
    pub events: Vec<Event>,
    /// Every transaction of the block, in order, failed ones included.
    pub txs: Vec<TxOutcome>,
}

/// The answer to "what comes after height `h`?".
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The block at `h + 1`.
    Block(Box<Block>),
    /// The node no longer has blocks `from..=to`: its history is pruned. The
    /// next block it can still give is `to + 1`.
    Gap { from: u64, to: u64 },
}

/// How the heights of a chain's kind hang together. Data, so that decisions that
/// depend on it stay pure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightRules {
    /// State of height `h` is proven against the consensus state of
    /// `h + proof_lag`: 1 where a header has the root of the state before it
    /// (ICS-07), 0 where it has that of its own.
    pub proof_lag: u64,
    /// How many blocks the newest final block may be behind the newest one: 0
    /// where a block is final at once.
    pub finality_lag: u64,
}

impl HeightRules {
    /// The consensus height that proves the state of `state`.
    pub fn proof_height(&self, state: u64) -> u64 {
        state.saturating_add(self.proof_lag)
    }

    /// The height whose state a consensus state at `proof_height` proves.
    pub fn state_height(&self, proof_height: u64) -> u64 {
        proof_height.saturating_sub(self.proof_lag)
    }

    /// The lowest height a transaction sent now can be included at, with `head`
    /// as the newest final block.
    pub fn next_height(&self, head: u64) -> u64 {
        head.saturating_add(self.finality_lag).saturating_add(1)
    }
}
