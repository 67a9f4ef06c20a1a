//! `tern packet`: pending packets.

mod clearing;

use std::collections::BTreeSet;

use clap::Subcommand;
use tern::engine::status::{PacketStatus, PacketWait, Status};
use tern::engine::{read_channel, Cleared, Engine, Store};
use tern_chains::Sequence;
use tern_core::admission::NotAdmitted;
use tern_core::ledger::{ChannelKey, EndKey, PacketState, View};
use tern_core::plan::{Assignment, Why};

use self::clearing::Clearing;
use super::not_ready::not_ready;
use super::path::PathArgs;
use crate::connect::{ConnectedChain, Context};
use crate::daemon::DaemonClient;
use crate::output::{self, Outcome};
use crate::path::end_json;
use crate::progress::Progress;
use crate::setup::{self, ServedChain};
use crate::shutdown::Shutdown;
use crate::turn::{self, Turn};

const PENDING_EXAMPLE: &str = "\
Example:
  tern packet pending akash-a channel-0";
const CLEAR_EXAMPLE: &str = "\
Example:
  tern packet clear akash-a channel-0

The command relays the packets that were sent from this end, and their
acknowledgements and timeouts. Then it ends and lists what it could not relay.";

#[derive(Debug, Subcommand)]
pub enum PacketCommand {
    /// List the packets and acknowledgements that must still be relayed
    #[command(after_help = PENDING_EXAMPLE)]
    Pending(PathArgs),
    /// Relay all pending packets of a channel, then end
    #[command(after_help = CLEAR_EXAMPLE)]
    Clear(PathArgs),
}

pub async fn run(context: &Context, command: PacketCommand) -> anyhow::Result<Outcome> {
    match command {
        PacketCommand::Pending(args) => pending(context, args).await,
        PacketCommand::Clear(args) => clear(context, args).await,
    }
}

async fn pending(context: &Context, args: PathArgs) -> anyhow::Result<Outcome> {
    let src = context.connect(&args.chain)?;
    let (src_end, dst_end) = args.ends(context, &*src).await?;
    let status = match DaemonClient::find(&context.home).await? {
        Some(daemon) => daemon.status(Some(src_end.clone().into())).await?,
        None => status_alone(context, context.connect(&args.chain)?, &src_end, &dst_end).await?,
    };
    let path = status
        .paths
        .iter()
        .find(|path| path.src == src_end.clone().into());
    let pending = match path.and_then(|path| path.not_admitted.clone()) {
        None => Pending::of(&status.packets),
        Some(why) => {
            let dst = context.connect(dst_end.chain.as_str())?;
            let (src_end, dst_end) = (src_end.clone().into(), dst_end.clone().into());
            let left = tern::engine::pending(&*src, &*dst, &src_end, &dst_end).await?;
            Pending::not_admitted(left, why)
        }
    };
    if context.json {
        output::json(&pending.json(&src_end, &dst_end))?;
    } else {
        output::line(format!("{src_end} -> {dst_end}"))?;
        output::line(pending.text())?;
    }
    Ok(Outcome::Done)
}

/// The packets of a path, as an engine of this command sees them. It signs nothing.
async fn status_alone(
    context: &Context,
    src: ConnectedChain,
    src_end: &ChannelKey,
    dst_end: &ChannelKey,
) -> anyhow::Result<Status> {
    let shutdown = Shutdown::start()?;
    let dst = context.connect(dst_end.chain.as_str())?;
    let mut view = View::default();
    read_channel(&*src, src_end, &mut view).await?;
    read_channel(&*dst, dst_end, &mut view).await?;
    let served = |chain| ServedChain {
        chain,
        accounts: vec![],
    };
    let parts = setup::parts(context, &[src, dst].map(served), Store::none(), view)?;
    let path = EndKey::from(src_end.clone());
    let engine = Engine::start(parts, Assignment::Paths([path.clone()].into()));
    let handle = engine.handle();
    let look = async || {
        let status = handle.status(Some(path.clone())).await.ok()?;
        let comparing = || format!("comparing the packets of {src_end} with both chains");
        let reading = not_ready(&status, [&src_end.chain, &dst_end.chain]);
        Some(reading.unwrap_or_else(comparing))
    };
    let status = async {
        let compared = handle.compare(path.clone());
        let progress = Progress::new(context.json);
        progress.during(compared, look).await?;
        handle.status(Some(path.clone())).await
    };
    Ok(engine.run_until(shutdown.token(), status).await?)
}

/// The open packets of a path.
struct Pending {
    /// Not received on the destination.
    packets: BTreeSet<Sequence>,
    /// Received, and not acknowledged on the source.
    acks: BTreeSet<Sequence>,
    /// What each waits for, with the packets that wait for the same together.
    waits: Vec<(BTreeSet<Sequence>, PacketWait)>,
}

impl Pending {
    fn of(packets: &[PacketStatus]) -> Self {
        let is_received = |status: &&PacketStatus| {
            matches!(
                status.state,
                PacketState::Received | PacketState::AckWritten
            )
        };
        let (acks, packets_left): (Vec<_>, Vec<_>) = packets.iter().partition(is_received);
        let sequences = |of: Vec<&PacketStatus>| -> BTreeSet<Sequence> {
            of.iter().map(|status| status.packet.sequence).collect()
        };
        let mut waits: Vec<(BTreeSet<Sequence>, PacketWait)> = Vec::new();
        for status in packets {
            let sequence = status.packet.sequence;
            match waits.iter_mut().find(|(_, wait)| *wait == status.waits_for) {
                Some((same, _)) => drop(same.insert(sequence)),
                None => waits.push(([sequence].into(), status.waits_for.clone())),
            }
        }
        Self {
            packets: sequences(packets_left),
            acks: sequences(acks),
            waits,
        }
    }

    /// Of a path that is not served: nothing of it is kept, and all waits for a rule.
    fn not_admitted(left: tern::engine::Pending, why: NotAdmitted) -> Self {
        let all: BTreeSet<Sequence> = &left.unreceived | &left.unacknowledged;
        let wait = PacketWait::Planner(Why::NotAdmitted(why));
        Self {
            packets: left.unreceived,
            acks: left.unacknowledged,
            waits: vec![(all, wait)],
        }
    }

    fn json(&self, src: &ChannelKey, dst: &ChannelKey) -> serde_json::Value {
        let numbers = |sequences: &BTreeSet<Sequence>| -> Vec<u64> {
            sequences.iter().map(|sequence| sequence.as_u64()).collect()
        };
        let waits = self.waits.iter().map(|(sequences, wait)| {
            serde_json::json!({
                "sequences": numbers(sequences),
                "waits_for": wait.to_string(),
            })
        });
        serde_json::json!({
            "src": end_json(src),
            "dst": end_json(dst),
            "unreceived_packets": numbers(&self.packets),
            "unreceived_acks": numbers(&self.acks),
            "waits": waits.collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let mut text = format!(
            "  unreceived packets: {}\n  unreceived acks:    {}",
            ranges(&self.packets),
            ranges(&self.acks)
        );
        for (sequences, wait) in &self.waits {
            text += &format!("\n  {}: {wait}", ranges(sequences));
        }
        text
    }
}

async fn clear(context: &Context, args: PathArgs) -> anyhow::Result<Outcome> {
    let src = context.connect(&args.chain)?;
    let (src_end, dst_end) = args.ends(context, &*src).await?;
    let keys = [
        context.key_id(src_end.chain.as_str(), None)?,
        context.key_id(dst_end.chain.as_str(), None)?,
    ];
    let cleared = match turn::daemon_or_claim(context, &keys).await? {
        Turn::Daemon => {
            let daemon = DaemonClient::connect(&context.home).await?;
            let cleared = daemon.clear(src_end.clone().into());
            let mut clearing = Clearing::new(&src_end, &dst_end);
            let look = async || {
                let daemon = DaemonClient::find(&context.home).await.ok()??;
                let status = daemon.status(Some(src_end.clone().into())).await.ok()?;
                Some(clearing.at(&status))
            };
            Progress::new(context.json).during(cleared, look).await?
        }
        Turn::Here => clear_alone(context, &src_end, &dst_end).await?,
    };
    print_cleared(context, &src_end, &cleared)
}

/// Relays with an engine of this command.
async fn clear_alone(
    context: &Context,
    src: &ChannelKey,
    dst: &ChannelKey,
) -> anyhow::Result<Cleared> {
    let shutdown = Shutdown::start()?;
    let chains = [
        setup::funded(context, src.chain.as_str()).await?,
        setup::funded(context, dst.chain.as_str()).await?,
    ];
    let engine = setup::engine_for_command(context, &chains).await?;
    let handle = engine.handle();
    let cleared = handle.clear(src.clone().into());
    let mut clearing = Clearing::new(src, dst);
    let look = async || {
        let status = handle.status(Some(src.clone().into())).await.ok()?;
        Some(clearing.at(&status))
    };
    let progress = Progress::new(context.json);
    let cleared = progress.during(cleared, look);
    Ok(engine.run_until(shutdown.token(), cleared).await?)
}

fn print_cleared(
    context: &Context,
    src_end: &ChannelKey,
    cleared: &Cleared,
) -> anyhow::Result<Outcome> {
    let left = cleared.left.iter();
    if context.json {
        let left = left.map(|wait| {
            serde_json::json!({ "item": wait.item.to_string(), "why": wait.why.to_string() })
        });
        output::json(&serde_json::json!({
            "src": end_json(src_end),
            "received": cleared.received,
            "acknowledged": cleared.acknowledged,
            "timed_out": cleared.timed_out,
            "left": left.collect::<Vec<_>>(),
        }))?;
    } else {
        output::line(format!(
            "{src_end}: {} received, {} acknowledged, {} timed out",
            cleared.received, cleared.acknowledged, cleared.timed_out
        ))?;
        for wait in left {
            output::line(format!("  not relayed: {}: {}", wait.item, wait.why))?;
        }
    }
    Ok(if cleared.left.is_empty() {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

/// Sequences as ranges, with their number: `1-5, 8 (6)`.
fn ranges(sequences: &BTreeSet<Sequence>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for sequence in sequences.iter().map(|sequence| sequence.as_u64()) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == sequence => *last = sequence,
            _ => ranges.push((sequence, sequence)),
        }
    }
    let text: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    if text.is_empty() {
        "none".to_owned()
    } else {
        format!("{} ({})", text.join(", "), sequences.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_shown_as_ranges() {
        let set = |numbers: &[u64]| numbers.iter().map(|n| Sequence::from(*n)).collect();
        assert_eq!(ranges(&set(&[])), "none");
        assert_eq!(ranges(&set(&[1, 2, 3, 7])), "1-3, 7 (4)");
    }
}
