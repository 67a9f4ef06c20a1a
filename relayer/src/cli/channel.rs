//! `tern channel`: opening and closing channels.

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use tern::engine::{ClosedChannel, Made, OpenedChannel};
use tern::words::printable;
use tern_chains::{ChainId, ChannelId, ConnectionId, Ordering, PortId};
use tern_core::ledger::{
    ChannelKey, ChannelTerms, ConnectionKey, ConnectionRecord, Goal, HandshakeProgress,
    HandshakeRequest, HandshakeStep,
};

use super::path::PathArgs;
use super::step::{self, CloseStep, OpenStep};
use super::{making, parse};
use crate::connect::Context;
use crate::output::{self, Outcome};
use crate::path::end_json;

const EXAMPLE: &str = "\
Example:
  tern channel open akash-a kava-a
  tern channel open akash-a kava-a --connection connection-0 --step init

The command creates the clients, the connection and the channel, and prints both
ends. With --json it prints an _IBC entry of the chain registry. If the command is
interrupted, run it again: it continues with the unfinished steps on the chains.";

const CLOSE_EXAMPLE: &str = "\
Example:
  tern channel close akash-a channel-3 --port icacontroller-akash1owner

The application on the chain decides whether the channel may be closed: that of
transfers refuses. Packets that are under way go back to their senders.";

#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Open a channel between two chains
    Open(OpenArgs),
    /// Close a channel at both ends
    Close(CloseArgs),
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct OpenArgs {
    /// The chain that starts the handshake
    #[arg(value_name = "CHAIN-A")]
    pub a: String,
    /// The chain at the other end
    #[arg(value_name = "CHAIN-B")]
    pub b: String,
    /// Port on chain A
    #[arg(long, default_value = "transfer", value_parser = parse::port, value_name = "PORT")]
    pub a_port: PortId,
    /// Port on chain B
    #[arg(long, default_value = "transfer", value_parser = parse::port, value_name = "PORT")]
    pub b_port: PortId,
    /// Order of the packets
    #[arg(long, default_value = "unordered", value_name = "ORDER")]
    pub order: Order,
    /// Version of the application protocol [default: ics20-1 between transfer ports]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Connection on chain A for the channel [default: a new connection]
    #[arg(long, value_parser = parse::connection, value_name = "ID")]
    pub connection: Option<ConnectionId>,
    /// Channel on chain A that the handshake goes on with [default: one that was begun]
    #[arg(long, value_parser = parse::channel, value_name = "ID", requires = "connection")]
    pub channel: Option<ChannelId>,
    /// Do this step alone, if it is the next one
    #[arg(long, value_name = "STEP", requires = "connection")]
    pub step: Option<OpenStep>,
}

#[derive(Debug, Args)]
#[command(after_help = CLOSE_EXAMPLE)]
pub struct CloseArgs {
    #[command(flatten)]
    end: PathArgs,
    /// Do this step alone, if it is the next one of this end
    #[arg(long, value_name = "STEP")]
    step: Option<CloseStep>,
}

/// A channel's order (ICS-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    Unordered,
    Ordered,
}

impl From<Order> for Ordering {
    fn from(order: Order) -> Self {
        match order {
            Order::Unordered => Self::Unordered,
            Order::Ordered => Self::Ordered,
        }
    }
}

pub async fn run(context: &Context, command: ChannelCommand) -> anyhow::Result<Outcome> {
    match command {
        ChannelCommand::Open(args) => {
            let ordering = args.order.into();
            match make(context, args).await? {
                Made::Channel(opened) => print(context, &opened, ordering)?,
                Made::Step(done) => step::print(context, &done)?,
                other => bail!("{other:?} was made instead of a channel"),
            }
        }
        ChannelCommand::Close(args) => match close(context, args).await? {
            Made::Closed(closed) => print_closed(context, &closed)?,
            Made::Step(done) => step::print(context, &done)?,
            other => bail!("{other:?} was made instead"),
        },
    }
    Ok(Outcome::Done)
}

async fn close(context: &Context, args: CloseArgs) -> anyhow::Result<Made> {
    let chain = context.connect(&args.end.chain)?;
    let (a, b) = args.end.ends(context, &*chain).await?;
    let request = HandshakeRequest {
        a: a.chain.clone(),
        b: b.chain,
        goal: Goal::Close(a),
        progress: HandshakeProgress::default(),
        only: args.step.map(HandshakeStep::from),
    };
    making::make(context, request, "closing the channel").await
}

fn print_closed(context: &Context, closed: &ClosedChannel) -> anyhow::Result<()> {
    let ends = [&closed.a, &closed.b];
    if context.json {
        return output::json(&serde_json::json!({ "closed": ends.map(end_json) }));
    }
    output::line("channel is closed")?;
    for end in ends {
        output::line(format!(
            "  {}  {}/{}",
            end.chain, end.port_id, end.channel_id
        ))?;
    }
    Ok(())
}

/// Opens the channel. Without `--json` it prints each step.
pub async fn open(context: &Context, args: OpenArgs) -> anyhow::Result<OpenedChannel> {
    match make(context, args).await? {
        Made::Channel(opened) => Ok(opened),
        other => bail!("{other:?} was made instead of a channel"),
    }
}

async fn make(context: &Context, args: OpenArgs) -> anyhow::Result<Made> {
    let version = args.version;
    let version = version.unwrap_or_else(|| default_version(&args.a_port, &args.b_port));
    let request = HandshakeRequest {
        a: ChainId::from_string(&args.a),
        b: ChainId::from_string(&args.b),
        goal: Goal::Channel(ChannelTerms {
            version,
            a_port: args.a_port,
            b_port: args.b_port,
            ordering: args.order.into(),
        }),
        progress: HandshakeProgress {
            connection_on_a: args.connection,
            channel_on_a: args.channel,
            ..HandshakeProgress::default()
        },
        only: args.step.map(OpenStep::of_channel),
    };
    making::make(context, request, "opening the channel").await
}

/// Between transfer ports the one that all versions of ibc-go speak. Asked for none, two chains
/// with the fee middleware (ICS-29) agree on its version, which is gone from v10 on. Other
/// applications choose their own.
fn default_version(a: &PortId, b: &PortId) -> String {
    let is_transfer = [a, b].iter().all(|port| **port == PortId::transfer());
    let version = if is_transfer { "ics20-1" } else { "" };
    version.to_owned()
}

fn print(context: &Context, opened: &OpenedChannel, ordering: Ordering) -> anyhow::Result<()> {
    if context.json {
        return output::json(&registry_entry(opened, ordering));
    }
    let version = printable(&opened.version);
    output::line(format!("channel is open, version {version}"))?;
    for (end, (connection, record)) in ends(opened) {
        output::line(format!(
            "  {}  {}/{}  {}  {}",
            end.chain, end.port_id, end.channel_id, connection.connection_id, record.client_id
        ))?;
    }
    Ok(())
}

type End<'a> = (&'a ChannelKey, &'a (ConnectionKey, ConnectionRecord));

fn ends(opened: &OpenedChannel) -> [End<'_>; 2] {
    [
        (&opened.a, &opened.connection.on_a),
        (&opened.b, &opened.connection.on_b),
    ]
}

/// An `_IBC` entry of the chain registry, with the chains sorted by name. The
/// registry has its own chain names: chain ids are used instead.
fn registry_entry(opened: &OpenedChannel, ordering: Ordering) -> serde_json::Value {
    let mut ends = ends(opened);
    ends.sort_by_key(|(end, _)| end.chain.clone());
    let chain = |(end, (connection, record)): End<'_>| {
        serde_json::json!({
            "chain_name": end.chain.as_str(),
            "chain_id": end.chain.as_str(),
            "client_id": record.client_id.as_str(),
            "connection_id": connection.connection_id.as_str(),
        })
    };
    let channel = |(end, _): End<'_>| {
        serde_json::json!({
            "channel_id": end.channel_id.as_str(),
            "port_id": end.port_id.as_str(),
        })
    };
    serde_json::json!({
        "$schema": "../ibc_data.schema.json",
        "chain_1": chain(ends[0]),
        "chain_2": chain(ends[1]),
        "channels": [{
            "chain_1": channel(ends[0]),
            "chain_2": channel(ends[1]),
            "ordering": match ordering {
                Ordering::Ordered => "ordered",
                _ => "unordered",
            },
            "version": opened.version,
            "tags": { "status": "ACTIVE" },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_between_transfer_ports_a_version_is_asked_for() {
        let port = |port: &str| -> PortId { port.parse().unwrap() };
        for (a, b, version) in [
            ("transfer", "transfer", "ics20-1"),
            ("transfer", "mock", ""),
            ("mock", "mock", ""),
            ("icacontroller-a", "icahost", ""),
        ] {
            assert_eq!(default_version(&port(a), &port(b)), version, "{a} {b}");
        }
    }
}
