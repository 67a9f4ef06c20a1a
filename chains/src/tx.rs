//! Transactions: what is signed, what the node says at once, what a block says
//! in the end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BlockTime, ClientId, ClientMessage, Encoded, MessageKind};

/// One message of a transaction, encoded for its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub kind: MessageKind,
    pub encoded: Encoded,
}

/// The hash a transaction is known by on its chain: 32 bytes (CometBFT `Tx.Hash`,
/// Ethereum's transaction hash).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxHash(pub [u8; 32]);

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A signing account as its chain has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    pub address: String,
    pub account_number: u64,
    /// The account sequence the next transaction must carry.
    pub account_sequence: u64,
}

/// An amount of a denom, in its smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    pub denom: String,
    pub amount: u128,
}

/// When a transaction that is in no block is certainly dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deadline {
    /// No block above this height includes it.
    Height(u64),
    /// No block of this time or later includes it.
    Time(BlockTime),
}

impl Deadline {
    /// Whether no block after this final one can include the transaction.
    pub fn is_past(&self, height: u64, time: BlockTime) -> bool {
        match self {
            Self::Height(last) => height >= *last,
            Self::Time(end) => time >= *end,
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Height(height) => write!(f, "height {height}"),
            Self::Time(BlockTime(time)) => write!(f, "time {time} ns"),
        }
    }
}

/// Everything a signature covers, apart from the chain's own settings.
#[derive(Clone, Debug, PartialEq)]
pub struct TxDraft {
    pub messages: Vec<Message>,
    pub memo: String,
    pub account: AccountState,
    pub gas: u64,
    pub deadline: Deadline,
}

/// Signed bytes, ready to broadcast; broadcasting them twice pays once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    pub hash: TxHash,
    pub bytes: Vec<u8>,
    /// What it pays in a block, in the smallest unit of the denom of fees.
    pub fee: u128,
}

/// What the node said at once (CometBFT `broadcast_tx_sync`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// In the node's mempool, or already there.
    Accepted,
    /// The account sequence is not the expected one (SDK error 32).
    WrongSequence { log: String },
    /// The account cannot pay the fee (SDK error 5).
    CannotPay { log: String },
    /// The fee is less than the node takes (SDK error 13), and no more may be paid.
    Underpriced { log: String },
    /// The fee is less than the node takes: the next transaction offers more.
    PriceRaised { log: String },
    /// Another relayer has brought all of its packets (ibc-go's ante handler): nothing was
    /// paid.
    Redundant { log: String },
    /// The mempool has no room, or the node takes nothing now, or it is too late for this
    /// one: a new transaction can be taken later.
    Busy { log: String },
    /// Refused for another reason; sending it again will not help.
    Refused {
        codespace: String,
        code: u32,
        log: String,
    },
}

/// A transaction's outcome, as a block states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutcome {
    pub hash: TxHash,
    /// 0 is success.
    pub code: u32,
    pub codespace: String,
    pub log: String,
    /// The message that failed, where the chain names one.
    pub message_index: Option<usize>,
    /// Clients that it created or changed otherwise than by an update.
    pub clients: Vec<ClientId>,
    /// What it has shown to clients.
    pub client_messages: Vec<ClientMessage>,
    pub gas_wanted: u64,
    pub gas_used: u64,
}

/// A chain's limits for transactions (CometBFT `consensus_params`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainParams {
    /// The most gas a block may use; `u64::MAX` when unlimited.
    pub max_block_gas: u64,
    /// The most bytes a broadcast transaction may have: the smaller of the
    /// block's size and what fits through a node's RPC body limit.
    pub max_tx_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_dead_once_no_later_block_can_include_it() {
        let by_height = Deadline::Height(7);
        assert!(!by_height.is_past(6, BlockTime(0)));
        assert!(by_height.is_past(7, BlockTime(0)));
        let by_time = Deadline::Time(BlockTime(70));
        assert!(!by_time.is_past(100, BlockTime(69)));
        assert!(by_time.is_past(0, BlockTime(70)));
    }
}
