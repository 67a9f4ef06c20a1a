//! Fees that were paid, as shown.

use serde::{Deserialize, Serialize};
use tern_core::ledger::FeeKind;
use utoipa::ToSchema;

use super::money::UnitOverview;
use super::path::EndOverview;
use crate::engine::status::{FeesStatus, Status, Wallet};
use crate::words::rfc3339;

/// What was paid on a chain for one path and purpose since the store was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeesOverview {
    pub chain: String,
    pub denom: Option<String>,
    /// The unit in which people say it.
    pub unit: Option<UnitOverview>,
    /// The end that the packets were sent from; `None` for what no path needed.
    pub src: Option<EndOverview>,
    /// `packets`, `client_updates`, `handshakes`, `commands` or `failures`.
    pub purpose: String,
    pub amount: String,
    pub messages: u64,
    /// Block time of the last of them.
    pub last_paid: String,
}

impl FeesOverview {
    /// Everything that was paid, the newest first.
    pub fn all(status: &Status, wallets: &[Wallet]) -> Vec<Self> {
        let mut fees: Vec<&FeesStatus> = status.fees.iter().collect();
        fees.sort_by_key(|fees| std::cmp::Reverse(fees.paid.last));
        fees.into_iter()
            .map(|fees| Self::of(fees, status, wallets))
            .collect()
    }

    fn of(fees: &FeesStatus, status: &Status, wallets: &[Wallet]) -> Self {
        let mut chains = status.chains.iter();
        let chain = chains.find(|chain| chain.chain == fees.of.chain);
        let budget = chain.and_then(|chain| chain.budget.as_ref());
        Self {
            chain: fees.of.chain.to_string(),
            denom: budget.map(|budget| budget.limits.denom.clone()),
            unit: UnitOverview::on(wallets, &fees.of.chain),
            src: fees.of.path.as_ref().map(EndOverview::of),
            purpose: purpose(fees.of.kind).to_owned(),
            amount: fees.paid.amount.to_string(),
            messages: fees.paid.messages,
            last_paid: rfc3339(fees.paid.last),
        }
    }
}

/// What fees are paid for, as in JSON and in metrics.
pub fn purpose(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Packets => "packets",
        FeeKind::Updates => "client_updates",
        FeeKind::Handshakes => "handshakes",
        FeeKind::Commands => "commands",
        FeeKind::Failures => "failures",
    }
}
