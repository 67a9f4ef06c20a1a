//! A transaction that was signed lately, as it is shown.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use tern_chains::BlockTime;

use crate::ledger::{summary, EndKey, TxKey, TxRecord};

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TxEnd {
    Succeeded,
    /// It is in a block, and its fee is paid for nothing.
    Failed,
    /// A node refused it: it is in no block.
    Refused,
    /// Its deadline has passed, and it is in no block.
    Expired,
}

impl fmt::Display for TxEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Expired => "expired",
        })
    }
}

/// One transaction of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentTx {
    pub key: TxKey,
    pub signer: String,
    /// Block time of its chain when it was signed.
    pub signed_at: BlockTime,
    /// What its messages do, in words: `3 receive, 2 acknowledge`; empty for a command's own.
    pub what: String,
    pub messages: usize,
    /// Where the packets in it were sent from.
    pub paths: BTreeSet<EndKey>,
    /// In the smallest unit of the denom of fees.
    pub fee: u128,
    /// `None` while it is in flight.
    pub end: Option<TxEnd>,
    /// The block that has it.
    pub height: Option<u64>,
    /// Why it failed or was refused.
    pub reason: Option<String>,
}

impl RecentTx {
    pub(super) fn signed(key: &TxKey, tx: &TxRecord, signed_at: BlockTime) -> Self {
        let packets = tx.items.iter().filter_map(|item| item.packet());
        Self {
            key: key.clone(),
            signer: tx.signer.clone(),
            signed_at,
            what: summary(&tx.items),
            messages: tx.items.len() + tx.updates,
            paths: packets.map(|packet| packet.src.clone()).collect(),
            fee: tx.fee,
            end: None,
            height: None,
            reason: None,
        }
    }
}
