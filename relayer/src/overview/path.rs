//! A path, as shown.

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId, End, Ordering};
use tern_core::ledger::EndKey;
use tern_core::plan::Why;
use utoipa::ToSchema;

use super::path_cost::{CostOverview, Costs};
use crate::engine::status::{PacketWait, PathStatus, Status, Wallet};
use crate::words::{rfc3339, seconds_between};

/// A packet end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct EndOverview {
    pub chain: String,
    /// Of a channel.
    pub port: Option<String>,
    pub channel: Option<String>,
    /// As people write it: `akash-a transfer/channel-0`.
    pub name: String,
}

/// The open packet of a path that was sent first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OldestOverview {
    pub sequence: u64,
    pub sent_at: Option<String>,
    pub age_seconds: Option<u64>,
    pub waits_for: String,
    /// Whether something keeps it back, so that it is not simply on its way.
    #[serde(default)]
    pub is_held: bool,
}

/// One path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathOverview {
    pub src: EndOverview,
    pub dst: EndOverview,
    /// The client of the other chain on each of them.
    pub client_on_src: String,
    pub client_on_dst: Option<String>,
    /// The connections that its channel goes over.
    pub connection_on_src: Option<String>,
    pub connection_on_dst: Option<String>,
    /// `ordered` or `unordered`.
    pub ordering: String,
    pub is_served: bool,
    /// Why it is not.
    pub not_served: Option<String>,
    /// Since when the operator has paused it by itself.
    pub paused_since: Option<String>,
    /// Packets that were sent and have not ended.
    pub pending: usize,
    pub oldest: Option<OldestOverview>,
    /// The newest block with a receive, an acknowledgement or a timeout since the start.
    pub last_moved: Option<String>,
    /// Counts since the start.
    pub sent: u64,
    pub received: u64,
    pub acknowledged: u64,
    pub timed_out: u64,
    /// Steps that another relayer paid for.
    pub by_others: u64,
    /// Packets that ended, by hour, the oldest of 24 first.
    pub ended_by_hour: Vec<u32>,
    /// What a packet costs, since the store was made: on each chain where that was paid.
    pub cost: Vec<CostOverview>,
}

impl EndOverview {
    pub(super) fn of(end: &EndKey) -> Self {
        let channel = end.as_channel();
        Self {
            chain: end.chain.to_string(),
            port: channel.as_ref().map(|key| key.port_id.to_string()),
            channel: channel.as_ref().map(|key| key.channel_id.to_string()),
            name: end.to_string(),
        }
    }

    /// The end itself, if it is of a channel.
    pub fn key(&self) -> Option<EndKey> {
        let (port, channel) = (self.port.as_ref()?, self.channel.as_ref()?);
        Some(EndKey {
            chain: ChainId::from_string(&self.chain),
            end: End::channel(&port.parse().ok()?, &channel.parse().ok()?),
        })
    }
}

impl PathOverview {
    /// One path of a status.
    pub fn of(path: &PathStatus, status: &Status, wallets: &[Wallet], now: BlockTime) -> Self {
        Self::with_costs(path, &Costs::of(status, wallets), now)
    }

    pub(super) fn with_costs(status: &PathStatus, costs: &Costs<'_>, now: BlockTime) -> Self {
        let oldest = status.oldest.as_ref().map(|oldest| OldestOverview {
            sequence: oldest.sequence,
            sent_at: oldest.sent_at.map(rfc3339),
            age_seconds: oldest.sent_at.map(|sent| seconds_between(sent, now)),
            waits_for: super::reason::plain(&oldest.waits_for.to_string()),
            is_held: is_held(&oldest.waits_for),
        });
        let counts = &status.statistics;
        Self {
            src: EndOverview::of(&status.src),
            dst: EndOverview::of(&status.dst),
            client_on_src: status.client_on_src.to_string(),
            client_on_dst: status.client_on_dst.as_ref().map(ToString::to_string),
            connection_on_src: status.connection_on_src.as_ref().map(ToString::to_string),
            connection_on_dst: status.connection_on_dst.as_ref().map(ToString::to_string),
            ordering: match status.ordering {
                Ordering::Ordered => "ordered".to_owned(),
                Ordering::Unordered => "unordered".to_owned(),
                Ordering::Uninitialized => "uninitialized".to_owned(),
            },
            is_served: is_served(status),
            not_served: not_served(status),
            paused_since: status.paused.map(rfc3339),
            pending: status.open_packets,
            oldest,
            last_moved: counts.last_moved.map(rfc3339),
            sent: counts.sent,
            received: counts.received,
            acknowledged: counts.acknowledged,
            timed_out: counts.timed_out,
            by_others: counts.by_others,
            ended_by_hour: counts.hours.until(now),
            cost: costs.of_path(&status.src),
        }
    }
}

fn is_held(wait: &PacketWait) -> bool {
    let PacketWait::Planner(why) = wait else {
        return false;
    };
    match why {
        Why::Failed { .. }
        | Why::OverBudget(_)
        | Why::NotReady(_)
        | Why::NotLocated(_)
        | Why::ChannelNotOpen(_)
        | Why::ClientFrozen { .. }
        | Why::ClientExpired { .. }
        | Why::ClientUnknown { .. } => true,
        Why::NotAdmitted(_)
        | Why::InFlight
        | Why::Full(_)
        | Why::Paused(_)
        | Why::Draining
        | Why::AwaitingBatch
        | Why::AckNotWritten
        | Why::SendNotSeen
        | Why::Unreconciled
        | Why::Predecessor
        | Why::PacketsFirst
        | Why::DelayPeriod(_)
        | Why::TooLate(_) => false,
    }
}

/// Whether packets sent from its end are relayed.
pub fn is_served(status: &PathStatus) -> bool {
    not_served(status).is_none()
}

fn not_served(status: &PathStatus) -> Option<String> {
    match &status.not_admitted {
        Some(why) => Some(why.to_string()),
        None if !status.is_assigned => Some("it is not assigned to this relayer".to_owned()),
        None => None,
    }
}

/// Those whose oldest packet waits longest first, then those with most packets; those that
/// are not served last.
pub fn paths_by_trouble(status: &Status, now: BlockTime) -> Vec<&PathStatus> {
    let mut paths: Vec<_> = status.paths.iter().collect();
    paths.sort_by_cached_key(|path| {
        let sent_at = path.oldest.as_ref().and_then(|oldest| oldest.sent_at);
        let age = sent_at.map(|sent| seconds_between(sent, now));
        let trouble = std::cmp::Reverse((age, path.open_packets));
        (!is_served(path), trouble, path.src.clone())
    });
    paths
}
