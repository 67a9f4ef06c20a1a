//! `tern trace`: where a transfer is, for people who wait for it. It takes a packet, the
//! hash of a transaction, or a sender.
//!
//! The steps are read from the chains. They need neither a daemon nor a store, so it works
//! for the packets of every relayer. Only what a pending packet waits for is asked of a
//! running daemon.

use clap::Args;
use tern::engine::describe;
use tern::words;
use tern_chains::{ChannelId, PortId};

use super::parse;
use crate::connect::Context;
use crate::output::{self, Outcome, UsageError};
use crate::trace::{self, json, text};
use crate::trace::{BySender, Engine, Found, ListedPacket, Sender, Target, TraceError, TxTrace};

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
    let target = args.target().map_err(UsageError::new)?;
    let found = trace::look(context, &Engine::OfDaemon, &target).await;
    match found.map_err(with_exit_code)? {
        Found::Packet(hops) => {
            if context.json {
                output::json(&json::document(&hops))?;
            } else {
                print(text::lines(&hops))?;
            }
            Ok(Outcome::Done)
        }
        Found::Tx(trace) => of_tx(context, &trace),
        Found::Sender(found) => of_sender(context, &found),
    }
}

/// A chain that is not configured is an error of the configuration.
fn with_exit_code(error: TraceError) -> anyhow::Error {
    match error {
        TraceError::UnknownChain(unknown) => unknown.into(),
        error => error.into(),
    }
}

impl TraceArgs {
    fn target(self) -> Result<Target, trace::TargetError> {
        match self.sender {
            Some(sender) => Ok(Target::Sender {
                sender: Sender::read(&sender)?,
                chain: self.chain,
                limit: self.limit.into(),
            }),
            None => {
                let first = self.first.unwrap_or_default();
                trace::target(&first, self.channel, self.sequence, self.port, self.chain)
            }
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

fn of_sender(context: &Context, found: &BySender) -> anyhow::Result<Outcome> {
    for failure in &found.failures {
        output::note(format!("note: {}", describe(failure)));
    }
    if context.json {
        output::json(&json::sender_document(found))?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = found.packets.iter().map(ListedPacket::row).collect();
    let header = ["CHAIN", "CHANNEL", "PACKET", "AMOUNT", "STATE", "AGE"];
    output::table(header, &rows)?;
    match &found.newest {
        Some(Ok(hops)) => {
            output::line("\nThe newest one:")?;
            print(text::lines(hops))?;
        }
        Some(Err(error)) => {
            let why = describe(error);
            output::note(format!("the newest one cannot be traced: {why}"));
        }
        None => {}
    }
    Ok(Outcome::Done)
}

fn print(lines: Vec<String>) -> anyhow::Result<()> {
    output::line(lines.join("\n"))
}
