//! `tern trace`: where a transfer is, for people who wait for it. It takes a packet, the
//! hash of a transaction, or a sender.
//!
//! The steps are read from the chains. They need neither a daemon nor a store, so it works
//! for the packets of every relayer. Only what a pending packet waits for is asked of a
//! running daemon.

mod by_sender;
mod by_tx;
mod find;
mod follow;
mod hops;
mod ics20;
mod json;
mod located_event;
mod outcome;
mod packet_trace;
mod sent;
mod target;
#[cfg(test)]
mod testing;
mod text;
mod tx;

use clap::Args;
use serde_json::{json, Value};
use tern::words;
use tern_chains::{ChannelId, PortId};

use self::by_tx::TxTrace;
use self::target::Target;
use super::parse;
use crate::connect::Context;
use crate::output::{self, Outcome, UsageError};

const EXAMPLE: &str = "\
Examples:
  tern trace 5C1E…9A07                    the packets of a transaction
  tern trace akash-a channel-0 7          one packet
  tern trace --sender akash1… --limit 5   the newest packets of an account

A transaction is looked for on all configured chains; it may have sent the packets,
brought them, or confirmed them. A packet that a chain sends on (its memo says
`forward`) is followed from chain to chain, and so are refunds on the way back.

For each step it shows the block, its time, the transaction, who relayed it, and the
seconds and blocks since the step before. It says which steps the node has pruned,
what a packet that is on its way waits for, and what can be done.

A transaction and a sender are found in the index of a chain's nodes: `indexer` in
their configuration must not be `null`.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct TraceArgs {
    /// Source chain of the packet, or the hash of a transaction
    #[arg(value_name = "SRC-CHAIN|TXHASH", required_unless_present = "sender")]
    first: Option<String>,
    /// Channel on the source chain
    #[arg(value_parser = parse::channel)]
    channel: Option<ChannelId>,
    /// Sequence of the packet
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    sequence: Option<u64>,
    /// Port on the source chain
    #[arg(long, default_value = "transfer", value_parser = parse::port)]
    port: PortId,
    /// Chain to look on for the transaction or the sender's packets [default: all that fit]
    #[arg(long)]
    chain: Option<String>,
    /// List the newest packets of this account, and trace the last one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "first")]
    sender: Option<String>,
    /// Most packets to list
    #[arg(long, value_name = "N", requires = "sender", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

pub async fn run(context: &Context, args: TraceArgs) -> anyhow::Result<Outcome> {
    let chain = args.chain;
    if let Some(sender) = &args.sender {
        return of_sender(context, sender, chain.as_deref(), args.limit.into()).await;
    }
    let first = args.first.unwrap_or_default();
    let target = target::target(&first, args.channel, args.sequence, args.port, chain);
    match target.map_err(UsageError::new)? {
        Target::Packet { path, sequence } => {
            let hops = follow::follow(context, &path, sequence).await?;
            if context.json {
                output::json(&json::document(&hops))?;
            } else {
                print(text::lines(&hops))?;
            }
            Ok(Outcome::Done)
        }
        Target::Tx { hash, chain } => {
            let trace = by_tx::trace(context, hash, chain.as_deref()).await?;
            of_tx(context, &trace)
        }
    }
}

fn of_tx(context: &Context, trace: &TxTrace) -> anyhow::Result<Outcome> {
    for unsearched in &trace.unsearched {
        output::note(format!("note: {unsearched}"));
    }
    if context.json {
        output::json(&json::tx_document(trace))?;
    } else {
        for (index, packet) in trace.packets.iter().enumerate() {
            if index > 0 {
                output::line("")?;
            }
            let (id, verb) = (&packet.id, packet.role.verb());
            print(words::wrapped(
                &format!(
                    "The tx is in block {} of {}. It {verb} packet #{} of {}:",
                    trace.height, trace.chain, id.sequence, id.src
                ),
                0,
                0,
            ))?;
            match &packet.result {
                Ok(hops) => print(text::lines(hops))?,
                Err(why) => print(words::wrapped(
                    &format!("It cannot be traced: {}", words::quoted(why)),
                    0,
                    0,
                ))?,
            }
        }
        if trace.packets_left > 0 {
            let left = words::counted(trace.packets_left as u64, "more packet");
            output::line(format!(
                "\nThe tx has {left}: give chain, channel and sequence"
            ))?;
        }
    }
    Ok(
        match trace.packets.iter().all(|packet| packet.result.is_err()) {
            true => Outcome::Failed,
            false => Outcome::Done,
        },
    )
}

async fn of_sender(
    context: &Context,
    sender: &str,
    chain: Option<&str>,
    limit: usize,
) -> anyhow::Result<Outcome> {
    let prefix = target::account_prefix(sender);
    let prefix = prefix.map_err(|why| UsageError::new(format!("`{sender}` is {why}")))?;
    let packets = by_sender::packets(context, sender, &prefix, chain, limit).await?;
    let newest = match packets.first() {
        Some(packet) => match follow::path_of(packet.sent.chain.as_str(), &packet.sent.packet) {
            Some(path) => {
                let sequence = packet.sent.packet.sequence.as_u64();
                Some(follow::follow(context, &path, sequence).await)
            }
            None => None,
        },
        None => None,
    };
    if context.json {
        let mut list: Vec<Value> = packets.iter().map(sent::ListedPacket::json).collect();
        if let (Some(newest), Some(first)) = (&newest, list.first_mut()) {
            match newest {
                Ok(hops) => first["trace"] = json::document(hops),
                Err(error) => first["trace_error"] = json!(format!("{error:#}")),
            }
        }
        output::json(&list)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = packets.iter().map(sent::ListedPacket::row).collect();
    let header = ["CHAIN", "CHANNEL", "PACKET", "AMOUNT", "STATE", "AGE"];
    output::table(header, &rows)?;
    match newest {
        Some(Ok(hops)) => {
            output::line("\nThe newest one:")?;
            print(text::lines(&hops))?;
        }
        Some(Err(error)) => output::note(format!("the newest one cannot be traced: {error:#}")),
        None => {}
    }
    Ok(Outcome::Done)
}

fn print(lines: Vec<String>) -> anyhow::Result<()> {
    output::line(lines.join("\n"))
}
