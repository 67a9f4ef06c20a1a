//! What a person has to know: what is wrong, since when, and what to do.

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId, NodeState, PortId};
use tern_core::budget::{OverBudget, Purpose};
use tern_core::plan::Why;
use utoipa::ToSchema;

use super::reason::{plain, plain_of};
use super::{client, path, wallet, Money, Sources, UnitOverview};
use crate::engine::status::{ChainStatus, ClientStatus, Following, PacketWait, PathStatus, Wallet};
use crate::words::{counted, grouped, rfc3339, seconds_between, span};

/// A chain whose newest block is older than this is said to stand still: slow chains make a
/// block about every ten seconds.
const BLOCK_AGE_WATCH: u64 = 60;
/// And it needs a person after this.
const BLOCK_AGE_ACT: u64 = 600;
/// Failures in a row after which a node is worth a look; it is tried again in between.
const NODE_FAILURES: u32 = 3;
/// Tern refreshes a client after a third of its trusting period: one with less than these
/// shares left, in percent, is not refreshed.
const CLIENT_LEFT_WATCH: u64 = 50;
const CLIENT_LEFT_ACT: u64 = 25;
/// Days that a wallet lasts at the rate of the last day.
const DAYS_WATCH: f64 = 7.0;
const DAYS_ACT: f64 = 1.0;
/// A wallet has to be able to pay so many transactions like the dearest of the newest ones.
const TXS_WATCH: u128 = 50;
const TXS_ACT: u128 = 3;
/// A packet that waits longer than this is worth a look.
const PACKET_AGE_WATCH: u64 = 900;

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It needs a person now.
    Act,
    /// It is worth a look; it may pass by itself.
    Watch,
}

/// What kind of thing it is, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    ClientFrozen,
    ChainForked,
    ClientExpired,
    ClientExpiring,
    ChainDown,
    WalletLow,
    BudgetUsedUp,
    ChainStandsStill,
    PacketsWait,
    NodeFailing,
    WalletUnknown,
    /// By the operator.
    Paused,
    /// The relayer takes no new work.
    Draining,
}

impl NeedKind {
    pub const ALL: [Self; 13] = [
        Self::ClientFrozen,
        Self::ChainForked,
        Self::ClientExpired,
        Self::ClientExpiring,
        Self::ChainDown,
        Self::WalletLow,
        Self::BudgetUsedUp,
        Self::ChainStandsStill,
        Self::PacketsWait,
        Self::NodeFailing,
        Self::WalletUnknown,
        Self::Paused,
        Self::Draining,
    ];

    /// As in JSON and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientFrozen => "client_frozen",
            Self::ChainForked => "chain_forked",
            Self::ClientExpired => "client_expired",
            Self::ClientExpiring => "client_expiring",
            Self::ChainDown => "chain_down",
            Self::WalletLow => "wallet_low",
            Self::BudgetUsedUp => "budget_used_up",
            Self::ChainStandsStill => "chain_stands_still",
            Self::PacketsWait => "packets_wait",
            Self::NodeFailing => "node_failing",
            Self::WalletUnknown => "wallet_unknown",
            Self::Paused => "paused",
            Self::Draining => "draining",
        }
    }
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Need {
    pub severity: Severity,
    pub kind: NeedKind,
    /// A chain, a path, a client, an account.
    pub subject: String,
    pub what: String,
    /// `None` where it is not known.
    pub since: Option<String>,
    /// What a person can do.
    pub action: String,
}

/// One line for all of them.
pub(super) fn verdict(needs: &[Need]) -> String {
    let urgent = |need: &&Need| need.severity == Severity::Act;
    let urgent = needs.iter().filter(urgent).count();
    match (urgent, needs.len() - urgent) {
        (0, 0) => "All well".to_owned(),
        (0, watch) => format!("All well, with {}", counted(watch as u64, "warning")),
        (1, _) => "1 thing needs you".to_owned(),
        (urgent, _) => format!("{} things need you", grouped(urgent)),
    }
}

/// All of them, the worst first.
pub(super) fn needs(sources: &Sources<'_>) -> Vec<Need> {
    let status = sources.status;
    let mut needs: Vec<Need> = Vec::new();
    needs.extend(status.is_draining.then(draining));
    for chain in &status.chains {
        let paused = chain.paused;
        needs.extend(paused.map(|since| paused_chain(&chain.chain, since)));
        needs.extend(of_chain(chain, sources.now));
        needs.extend(of_budget(chain));
        needs.extend(of_wallets(chain, sources));
        needs.extend(of_nodes(chain, sources));
    }
    let clients = client::used_clients(status).into_iter();
    needs.extend(clients.filter_map(|client| of_client(client, sources.now)));
    needs.extend(status.paths.iter().filter_map(paused_path));
    let served = status.paths.iter().filter(|path| path::is_served(path));
    needs.extend(served.filter_map(|path| of_path(path, sources.now)));
    needs.sort();
    needs
}

fn draining() -> Need {
    Need {
        severity: Severity::Watch,
        kind: NeedKind::Draining,
        subject: "the relayer".to_owned(),
        what: "it takes no new work, and ends once all its transactions are in blocks".to_owned(),
        since: None,
        action: "wait, or stop it with SIGTERM; the next `tern start` goes on".to_owned(),
    }
}

fn paused_chain(chain: &ChainId, since: BlockTime) -> Need {
    Need {
        severity: Severity::Watch,
        kind: NeedKind::Paused,
        subject: chain.to_string(),
        what: "it is paused: nothing is sent to it, and its packets wait".to_owned(),
        since: Some(rfc3339(since)),
        action: format!("`tern resume {chain}` goes on; clients on it expire in the end"),
    }
}

fn paused_path(path: &PathStatus) -> Option<Need> {
    let since = path.paused?;
    let resume = match path.src.as_channel() {
        Some(key) if key.port_id == PortId::transfer() => {
            format!("tern resume {} {}", key.chain, key.channel_id)
        }
        Some(key) => format!(
            "tern resume {} {} --port {}",
            key.chain, key.channel_id, key.port_id
        ),
        None => return None,
    };
    Some(Need {
        severity: Severity::Watch,
        kind: NeedKind::Paused,
        subject: format!("{} → {}", path.src, path.dst),
        what: match path.open_packets {
            0 => "it is paused".to_owned(),
            1 => "it is paused, and 1 packet waits".to_owned(),
            packets => format!(
                "it is paused, and {} wait",
                counted(packets as u64, "packet")
            ),
        },
        since: Some(rfc3339(since)),
        action: format!("`{resume}` goes on"),
    })
}

fn of_chain(chain: &ChainStatus, now: BlockTime) -> Option<Need> {
    let id = &chain.chain;
    if let Following::Down { reason, since } = &chain.following {
        return Some(Need {
            severity: Severity::Act,
            kind: NeedKind::ChainDown,
            subject: id.to_string(),
            what: format!("no node answers: {}", plain_of(id.as_str(), reason)),
            since: Some(rfc3339(*since)),
            action: format!("`tern health` looks at each node; correct those of {id}, or add one"),
        });
    }
    let head = chain.head.filter(|_| chain.following == Following::Ready)?;
    let age = seconds_between(head.time, now);
    (age > BLOCK_AGE_WATCH).then(|| Need {
        severity: match age > BLOCK_AGE_ACT {
            true => Severity::Act,
            false => Severity::Watch,
        },
        kind: NeedKind::ChainStandsStill,
        subject: id.to_string(),
        what: format!("no block after {} for {}", grouped(head.height), span(age)),
        since: Some(rfc3339(head.time)),
        action: "see whether the chain has halted, or its nodes stand still: `tern health`"
            .to_owned(),
    })
}

fn of_budget(chain: &ChainStatus) -> Option<Need> {
    let paused = &chain.budget.as_ref()?.paused;
    // Of several the one that matters most.
    let (purpose, why) = paused.iter().max_by_key(|(purpose, _)| *purpose)?;
    let (kind, action) = match why {
        OverBudget::Wallet { .. } => (NeedKind::WalletLow, "send it some, or lower `wallet_min`"),
        OverBudget::Window { .. } | OverBudget::Packet { .. } => (
            NeedKind::BudgetUsedUp,
            "see what is paid for; it goes on by itself later, or raise the budget",
        ),
    };
    Some(Need {
        severity: match purpose {
            Purpose::IdleRefresh => Severity::Watch,
            _ => Severity::Act,
        },
        kind,
        subject: chain.chain.to_string(),
        what: format!("{purpose} are paused: {why}"),
        since: None,
        action: action.to_owned(),
    })
}

fn of_wallets(chain: &ChainStatus, sources: &Sources<'_>) -> Vec<Need> {
    let wallets = sources.wallets.iter();
    let wallets = wallets.filter(|wallet| wallet.chain == chain.chain);
    wallets
        .filter_map(|wallet| of_wallet(chain, wallet, sources))
        .collect()
}

fn of_wallet(chain: &ChainStatus, wallet: &Wallet, sources: &Sources<'_>) -> Option<Need> {
    let need = |severity, kind, what: String| Need {
        severity,
        kind,
        subject: format!("{} {}", wallet.chain, wallet.address),
        what,
        since: None,
        action: "`tern health` looks at each node".to_owned(),
    };
    let coin = match &wallet.balance {
        Ok(coin) => coin,
        // That its nodes do not answer is said already.
        Err(_) if matches!(chain.following, Following::Down { .. }) => return None,
        Err(reason) => {
            let what = format!(
                "its balance is not known: {}",
                plain_of(wallet.chain.as_str(), reason)
            );
            return Some(need(Severity::Watch, NeedKind::WalletUnknown, what));
        }
    };
    let unit = wallet.unit.as_ref().map(UnitOverview::of);
    let money = Money {
        denom: Some(&coin.denom),
        unit: unit.as_ref(),
    };
    let has = format!("it has {}", money.said(&coin.amount.to_string()));
    let need = |severity, what: String| Need {
        action: format!("send it some {}", money.name()),
        ..need(severity, NeedKind::WalletLow, what)
    };
    let dearest = dearest_tx(sources, &chain.chain);
    let days = wallet::days_left(sources.status, sources.wallets, &chain.chain);
    let lasts =
        |days: f64| format!("{has}, which lasts {days:.1} days at the rate of the last day");
    let severity = |is_urgent| match is_urgent {
        true => Severity::Act,
        false => Severity::Watch,
    };
    if coin.amount == 0 {
        return Some(need(Severity::Act, format!("{has}, and can pay no fee")));
    }
    if coin.amount < dearest.saturating_mul(TXS_WATCH) {
        let is_urgent = coin.amount < dearest.saturating_mul(TXS_ACT);
        let cost = money.said(&dearest.to_string());
        let what = format!("{has}, and a transaction costs up to {cost}");
        return Some(need(severity(is_urgent), what));
    }
    let days = days.filter(|days| *days < DAYS_WATCH)?;
    Some(need(severity(days < DAYS_ACT), lasts(days)))
}

/// The largest fee of the newest transactions on a chain.
fn dearest_tx(sources: &Sources<'_>, chain: &ChainId) -> u128 {
    let txs = sources.status.txs.iter();
    let fees = txs.filter(|tx| tx.key.chain == *chain).map(|tx| tx.fee);
    fees.max().unwrap_or_default()
}

fn of_nodes(chain: &ChainStatus, sources: &Sources<'_>) -> Vec<Need> {
    let nodes = sources.nodes.get(&chain.chain);
    let nodes = nodes.map(Vec::as_slice).unwrap_or_default();
    // With all of them down the chain is.
    if matches!(chain.following, Following::Down { .. }) {
        return vec![];
    }
    let troubled = nodes.iter().filter(|node| match &node.state {
        NodeState::Well | NodeState::Suspect { .. } => false,
        NodeState::Failing { failures, .. } => *failures >= NODE_FAILURES,
        NodeState::SetAside { .. } => true,
    });
    let needs = troubled.map(|node| Need {
        severity: Severity::Watch,
        kind: NeedKind::NodeFailing,
        subject: format!("{} {}", chain.chain, node.address),
        what: node.state.to_string(),
        since: None,
        action: "see whether the node runs; others are asked meanwhile".to_owned(),
    });
    needs.collect()
}

fn of_client(client: &ClientStatus, now: BlockTime) -> Option<Need> {
    let subject = client.client.to_string();
    let of = &client.of;
    let recover = format!(
        "governance of {} has to replace it: a proposal with `MsgRecoverClient`",
        client.client.chain
    );
    if client.is_frozen {
        return Some(Need {
            severity: Severity::Act,
            kind: NeedKind::ClientFrozen,
            subject,
            what: match client.is_forked {
                true => format!("{of} has forked: its client is frozen, and nothing moves over it"),
                false => format!("the client of {of} is frozen: nothing moves over it"),
            },
            since: None,
            action: recover,
        });
    }
    if client.is_forked {
        return Some(Need {
            severity: Severity::Act,
            kind: NeedKind::ChainForked,
            subject,
            what: format!("{of} has forked, and its client was shown the other side"),
            since: None,
            action: format!(
                "it is being frozen: see that the relayer has funds on {}, and tell both chains",
                client.client.chain
            ),
        });
    }
    if !client::does_expire(client) {
        return None;
    }
    let left = seconds_between(now, client.expires);
    if left == 0 {
        return Some(Need {
            severity: Severity::Act,
            kind: NeedKind::ClientExpired,
            subject,
            what: format!("the client of {of} has expired: nothing moves over it"),
            since: Some(rfc3339(client.expires)),
            action: recover,
        });
    }
    let percent = left.saturating_mul(100) / client.trusting_period.as_secs().max(1);
    (percent < CLIENT_LEFT_WATCH).then(|| Need {
        severity: match percent < CLIENT_LEFT_ACT {
            true => Severity::Act,
            false => Severity::Watch,
        },
        kind: NeedKind::ClientExpiring,
        subject,
        what: format!(
            "the client of {of} expires in {}, and is not refreshed",
            span(left)
        ),
        since: None,
        action: "see what keeps the relayer from paying for it on its chain".to_owned(),
    })
}

fn of_path(path: &PathStatus, now: BlockTime) -> Option<Need> {
    let oldest = path.oldest.as_ref()?;
    let sent_at = oldest.sent_at?;
    let age = seconds_between(sent_at, now);
    let action = action(&oldest.waits_for, path).filter(|_| age > PACKET_AGE_WATCH)?;
    Some(Need {
        severity: Severity::Watch,
        kind: NeedKind::PacketsWait,
        subject: format!("{} → {}", path.src, path.dst),
        what: format!(
            "{}, the first #{}: {}",
            match path.open_packets {
                1 => "1 packet waits".to_owned(),
                packets => format!("{} wait", counted(packets as u64, "packet")),
            },
            oldest.sequence,
            plain(&oldest.waits_for.to_string())
        ),
        since: Some(rfc3339(sent_at)),
        action,
    })
}

/// What can be done about a packet that waits; `None` where nothing is, because it is the
/// packet's own business or is said elsewhere.
fn action(wait: &PacketWait, path: &PathStatus) -> Option<String> {
    let channel = path.src.as_channel()?;
    let clear = format!(
        "`tern packet clear {} {}`",
        channel.chain, channel.channel_id
    );
    match wait {
        PacketWait::Nothing | PacketWait::Memory => Some(format!("{clear} tries at once")),
        PacketWait::Assignment => None,
        PacketWait::Planner(why) => match why {
            // The application on the destination decides when it answers.
            Why::AckNotWritten | Why::AwaitingBatch | Why::InFlight | Why::DelayPeriod(_) => None,
            Why::NotAdmitted(_) | Why::OverBudget(_) | Why::Paused(_) | Why::Draining => None,
            Why::ClientFrozen { .. } | Why::ClientExpired { .. } => None,
            Why::NotReady(chain) => Some(format!("see the nodes of {chain}: `tern health`")),
            Why::NotLocated(_) => {
                Some("add a node that keeps old blocks, or one with a transaction index".to_owned())
            }
            Why::ChannelNotOpen(chain) => Some(format!(
                "see the channel's end on {chain}: `tern query channels {chain}`"
            )),
            Why::Full(_)
            | Why::SendNotSeen
            | Why::Unreconciled
            | Why::Predecessor
            | Why::PacketsFirst
            | Why::TooLate(_)
            | Why::ClientUnknown { .. }
            | Why::Failed { .. } => Some(format!("{clear} tries at once and says more")),
        },
    }
}

#[cfg(test)]
mod tests;
