//! What `follow` reads: a block's IBC events and the fate of its transactions.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::tx::TxOutcome;

/// A block's header time, in nanoseconds since the Unix epoch (UTC).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct BlockTime(pub u64);

/// One committed block, reduced to what a relayer needs.
///
/// Sources: CometBFT RPC `block` (time, txs) and `block_results` (events).
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
