//! `tern packet`: pending packets.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use clap::Subcommand;
use tern::engine::reconcile;
use tern::engine::Cleared;
use tern_chains::{Event, Sequence};
use tern_core::ledger::{ChannelKey, Entry, Fact};
use tern_core::plan::Scope;

use super::path::{end_json, PathArgs};
use crate::connect::Context;
use crate::daemon;
use crate::output::{self, Outcome};

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
    let dst = context.connect(dst_end.chain.as_str())?;
    let pending = reconcile::pending(
        &*src,
        &*dst,
        &src_end.clone().into(),
        &dst_end.clone().into(),
    )
    .await?;
    if context.json {
        let numbers = |sequences: &BTreeSet<Sequence>| -> Vec<u64> {
            sequences.iter().map(|sequence| sequence.as_u64()).collect()
        };
        output::json(&serde_json::json!({
            "src": end_json(&src_end),
            "dst": end_json(&dst_end),
            "unreceived_packets": numbers(&pending.unreceived),
            "unreceived_acks": numbers(&pending.unacknowledged),
        }))?;
    } else {
        output::line(format!("{src_end} -> {dst_end}"))?;
        output::line(format!(
            "  unreceived packets: {}",
            ranges(&pending.unreceived)
        ))?;
        output::line(format!(
            "  unreceived acks:    {}",
            ranges(&pending.unacknowledged)
        ))?;
    }
    Ok(Outcome::Done)
}

async fn clear(context: &Context, args: PathArgs) -> anyhow::Result<Outcome> {
    let shutdown = daemon::shutdown()?;
    let src = daemon::funded(context, &args.chain).await?;
    let (src_end, dst_end) = args.ends(context, &*src.chain).await?;
    let dst = daemon::funded(context, dst_end.chain.as_str()).await?;
    let chains = [src, dst];
    let before = daemon::heights(&chains).await?;
    let done = Arc::new(Mutex::new(Count::default()));
    let counted = Arc::clone(&done);
    let observer = Box::new(move |entry: &Entry| {
        let Entry::Fact(Fact::Event { chain, head, event }) = entry else {
            return;
        };
        let is_new = before
            .get(chain)
            .is_some_and(|before| head.height > *before);
        if let (true, Ok(mut count)) = (is_new, counted.lock()) {
            count.add(event);
        }
    });
    let scope = Scope::Packets(src_end.clone().into());
    let engine = daemon::engine(context, &chains, scope, observer).await?;
    let cleared = engine.clear(shutdown.token()).await?;
    let count = done.lock().map(|count| count.clone()).unwrap_or_default();
    print_cleared(context, &src_end, &count, &cleared)
}

fn print_cleared(
    context: &Context,
    src_end: &ChannelKey,
    count: &Count,
    cleared: &Cleared,
) -> anyhow::Result<Outcome> {
    let left = cleared.left.iter();
    if context.json {
        let left = left.map(|wait| {
            serde_json::json!({ "item": wait.item.to_string(), "why": wait.why.to_string() })
        });
        output::json(&serde_json::json!({
            "src": end_json(src_end),
            "received": count.received,
            "acknowledged": count.acknowledged,
            "timed_out": count.timed_out,
            "left": left.collect::<Vec<_>>(),
        }))?;
    } else {
        output::line(format!(
            "{src_end}: {} received, {} acknowledged, {} timed out",
            count.received, count.acknowledged, count.timed_out
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

/// The number of packets that each kind of event was seen for.
#[derive(Clone, Debug, Default)]
struct Count {
    received: usize,
    acknowledged: usize,
    timed_out: usize,
}

impl Count {
    fn add(&mut self, event: &Event) {
        match event {
            Event::RecvPacket(_) => self.received += 1,
            Event::AcknowledgePacket(_) => self.acknowledged += 1,
            Event::TimeoutPacket(_) => self.timed_out += 1,
            _ => {}
        }
    }
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
