//! Fees that were paid, as shown.

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId};
use tern_core::ledger::FeeKind;
use utoipa::ToSchema;

use super::money::UnitOverview;
use super::path::EndOverview;
use crate::engine::status::{FeesDayStatus, FeesStatus, Status, Wallet};
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
        Self {
            chain: fees.of.chain.to_string(),
            denom: denom(status, &fees.of.chain),
            unit: UnitOverview::on(wallets, &fees.of.chain),
            src: fees.of.path.as_ref().map(EndOverview::of),
            purpose: purpose(fees.of.kind).to_owned(),
            amount: fees.paid.amount.to_string(),
            messages: fees.paid.messages,
            last_paid: rfc3339(fees.paid.last),
        }
    }
}

/// What was paid on a chain for one purpose in a day of its block time in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayFeesOverview {
    /// Such as `2026-11-30`.
    pub day: String,
    pub chain: String,
    pub denom: Option<String>,
    /// The unit in which people say it.
    pub unit: Option<UnitOverview>,
    /// As of [`FeesOverview`].
    pub purpose: String,
    pub amount: String,
    pub messages: u64,
}

impl DayFeesOverview {
    /// The last month, the newest day first.
    pub fn all(status: &Status, wallets: &[Wallet]) -> Vec<Self> {
        let mut days: Vec<&FeesDayStatus> = status.fees_by_day.iter().collect();
        days.sort_by_key(|fees| std::cmp::Reverse(fees.of.day));
        let overviews = days.into_iter().map(|FeesDayStatus { of, paid }| Self {
            day: date(of.day),
            chain: of.chain.to_string(),
            denom: denom(status, &of.chain),
            unit: UnitOverview::on(wallets, &of.chain),
            purpose: purpose(of.kind).to_owned(),
            amount: paid.amount.to_string(),
            messages: paid.messages,
        });
        overviews.collect()
    }
}

/// The date of a day since 1970.
fn date(day: u64) -> String {
    const DAY_NANOS: u64 = 86_400 * 1_000_000_000;
    let mut date = rfc3339(BlockTime(day.saturating_mul(DAY_NANOS)));
    date.truncate("1970-01-01".len());
    date
}

/// The denom that fees are paid in on a chain.
pub(super) fn denom(status: &Status, chain: &ChainId) -> Option<String> {
    let mut chains = status.chains.iter();
    let status = chains.find(|status| status.chain == *chain)?;
    Some(status.budget.as_ref()?.limits.denom.clone())
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
