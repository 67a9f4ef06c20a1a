//! A transaction, as shown.

use serde::{Deserialize, Serialize};
use tern_core::statistics::RecentTx;
use utoipa::ToSchema;

use super::path::EndOverview;
use crate::words::rfc3339;

/// One transaction that was signed since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TxOverview {
    pub chain: String,
    pub hash: String,
    pub signer: String,
    /// Block time of its chain.
    pub signed_at: String,
    /// What its messages do, in words.
    pub what: String,
    pub messages: usize,
    /// Where the packets in it were sent from.
    pub paths: Vec<EndOverview>,
    pub fee: String,
    /// `in flight`, `succeeded`, `failed`, `refused` or `expired`.
    pub state: String,
    pub height: Option<u64>,
    /// Why it failed or was refused.
    pub reason: Option<String>,
}

impl TxOverview {
    pub fn of(tx: &RecentTx) -> Self {
        let what = match tx.what.as_str() {
            "" => "messages of a command",
            what => what,
        };
        let state = tx.end.map(|end| end.to_string());
        Self {
            chain: tx.key.chain.to_string(),
            hash: tx.key.hash.to_string(),
            signer: tx.signer.clone(),
            signed_at: rfc3339(tx.signed_at),
            what: what.to_owned(),
            messages: tx.messages,
            paths: tx.paths.iter().map(EndOverview::of).collect(),
            fee: tx.fee.to_string(),
            state: state.unwrap_or_else(|| "in flight".to_owned()),
            height: tx.height,
            reason: tx.reason.clone(),
        }
    }
}
