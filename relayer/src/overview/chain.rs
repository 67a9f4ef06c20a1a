//! A chain and its nodes, as shown.

use serde::{Deserialize, Serialize};
use tern_chains::NodeStatus;
use utoipa::ToSchema;

use super::money::UnitOverview;
use super::reason::plain_of;
use super::wallet::days_left;
use super::Sources;
use crate::engine::status::{ChainStatus, Following};
use crate::words::{rfc3339, seconds_between};

/// Whether a chain is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChainState {
    /// Up to its newest block.
    Following,
    /// Blocks that exist already are being read.
    CatchingUp,
    /// No node answers.
    Down,
}

/// One chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChainOverview {
    pub chain: String,
    pub state: ChainState,
    /// Why it is down.
    pub reason: Option<String>,
    /// The newest followed block, its time, and its age in seconds.
    pub height: Option<u64>,
    pub block_time: Option<String>,
    pub block_age_seconds: Option<u64>,
    /// Blocks that its nodes have and that are not read yet.
    pub blocks_behind: u64,
    pub nodes: Vec<NodeOverview>,
    /// What fees are paid in, where that is known.
    pub fee_denom: Option<String>,
    /// The unit in which people say fees.
    pub fee_unit: Option<UnitOverview>,
    /// Fees paid in the last hour and day, and at most; without the latter there is no limit.
    pub paid_hour: Option<String>,
    pub paid_hour_max: Option<String>,
    pub paid_day: Option<String>,
    pub paid_day_max: Option<String>,
    /// Days that its accounts can pay at the rate of the last 24 hours; `None` if nothing was
    /// paid.
    pub days_left: Option<f64>,
    /// Since when the operator has paused it.
    pub paused_since: Option<String>,
    /// What its budget pauses, and why.
    pub paused: Vec<String>,
}

/// One node of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeOverview {
    pub address: String,
    pub is_well: bool,
    /// In words.
    pub state: String,
    /// The newest block it said it has.
    pub height: Option<u64>,
}

impl ChainOverview {
    pub fn all(sources: &Sources<'_>) -> Vec<Self> {
        let chains = sources.status.chains.iter();
        chains.map(|chain| Self::of(chain, sources)).collect()
    }

    fn of(status: &ChainStatus, sources: &Sources<'_>) -> Self {
        let nodes = sources.nodes.get(&status.chain);
        let nodes = nodes.map(Vec::as_slice).unwrap_or_default();
        let newest = nodes.iter().filter_map(|node| node.height).max();
        let height = status.head.map(|head| head.height);
        let behind = newest.unwrap_or(0).saturating_sub(height.unwrap_or(0));
        let (state, reason) = match &status.following {
            Following::Ready => (ChainState::Following, None),
            Following::CatchingUp => (ChainState::CatchingUp, None),
            Following::Down { reason, .. } => (
                ChainState::Down,
                Some(plain_of(status.chain.as_str(), reason)),
            ),
        };
        let budget = status.budget.as_ref();
        let limit = |max: u128| (max < u128::MAX).then(|| max.to_string());
        let paused = budget.map(|budget| budget.paused.as_slice());
        let paused = paused.unwrap_or_default().iter();
        Self {
            chain: status.chain.to_string(),
            state,
            reason,
            height,
            block_time: status.head.map(|head| rfc3339(head.time)),
            block_age_seconds: status
                .head
                .map(|head| seconds_between(head.time, sources.now)),
            blocks_behind: if height.is_some() { behind } else { 0 },
            nodes: nodes.iter().map(NodeOverview::of).collect(),
            fee_denom: budget.map(|budget| budget.limits.denom.clone()),
            fee_unit: UnitOverview::on(sources.wallets, &status.chain),
            paid_hour: budget.map(|budget| budget.paid.hour.to_string()),
            paid_hour_max: budget.and_then(|budget| limit(budget.limits.hour_max)),
            paid_day: budget.map(|budget| budget.paid.day.to_string()),
            paid_day_max: budget.and_then(|budget| limit(budget.limits.day_max)),
            days_left: days_left(sources.status, sources.wallets, &status.chain),
            paused_since: status.paused.map(rfc3339),
            paused: paused
                .map(|(purpose, why)| format!("{purpose}: {why}"))
                .collect(),
        }
    }
}

impl NodeOverview {
    fn of(node: &NodeStatus) -> Self {
        Self {
            address: node.address.clone(),
            is_well: node.state == tern_chains::NodeState::Well,
            state: node.state.to_string(),
            height: node.height,
        }
    }
}
