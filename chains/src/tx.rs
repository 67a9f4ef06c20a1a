//! Transactions: what is signed, what the node says at once, what a block says
//! in the end.

use std::fmt;

use ibc_proto::google::protobuf::Any;
use serde::{Deserialize, Serialize};

/// One message of a transaction, encoded.
pub type Message = Any;

/// SHA-256 of the transaction's bytes (CometBFT `Tx.Hash`).
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

/// A signing account as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub address: String,
    pub account_number: u64,
    /// The account sequence the next transaction must carry.
    pub account_sequence: u64,
}

/// Everything a signature covers, apart from the chain's own settings.
#[derive(Clone, Debug, PartialEq)]
pub struct TxDraft {
    pub messages: Vec<Message>,
    pub memo: String,
    pub account: Account,
    pub gas: u64,
    /// The last height at which the transaction may be in a block. After it
    /// the transaction is certainly dead.
    pub timeout_height: u64,
}

/// Signed bytes, ready to broadcast; broadcasting them twice pays once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    pub hash: TxHash,
    pub bytes: Vec<u8>,
}

/// What the node said at once (CometBFT `broadcast_tx_sync`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// In the node's mempool, or already there.
    Accepted,
    /// The account sequence is not the expected one (SDK error 32).
    WrongSequence { log: String },
    /// The mempool has no room: try later.
    Busy { log: String },
    /// Refused for another reason; sending it again will not help.
    Refused {
        codespace: String,
        code: u32,
        log: String,
    },
}

/// A transaction's fate, as a block states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutcome {
    pub hash: TxHash,
    /// 0 is success.
    pub code: u32,
    pub codespace: String,
    pub log: String,
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
