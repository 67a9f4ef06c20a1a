//! `tern connection`: opening connections.

use std::time::Duration;

use anyhow::{bail, Context as _};
use clap::{Args, Subcommand};
use serde_json::json;
use tern::engine::{Made, OpenedConnection};
use tern_chains::{ChainId, ClientId, ConnectionId, Ordering};
use tern_core::ledger::{ConnectionTerms, Goal, HandshakeProgress, HandshakeRequest};

use super::channel::Order;
use super::step::{self, OpenStep};
use super::{making, parse};
use crate::connect::Context;
use crate::output::{self, Outcome};

const EXAMPLE: &str = "\
Examples:
  tern connection open akash-a kava-a
  tern connection open akash-a kava-a --a-client 07-tendermint-0 --b-client 07-tendermint-4
  tern connection open akash-a kava-a --delay 10m
  tern connection open akash-a kava-a --orders unordered
  tern connection open akash-a kava-a --connection connection-0 --step try

The command creates the clients that are missing and opens the connection. If it is
interrupted, run it again: it continues with the unfinished steps on the chains.
`tern channel open` opens a channel over a connection, and makes one where none is
named.";

#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Open a connection between two chains
    Open(OpenArgs),
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct OpenArgs {
    /// The chain that starts the handshake
    #[arg(value_name = "CHAIN-A")]
    a: String,
    /// The chain at the other end
    #[arg(value_name = "CHAIN-B")]
    b: String,
    /// Client of chain B on chain A [default: a new client]
    #[arg(long, value_parser = parse::client, value_name = "ID")]
    a_client: Option<ClientId>,
    /// Client of chain A on chain B [default: a new client]
    #[arg(long, value_parser = parse::client, value_name = "ID")]
    b_client: Option<ClientId>,
    /// How old a consensus state must be on either chain before it proves packets [default: 0s]
    #[arg(long, value_parser = parse::duration, value_name = "DURATION")]
    delay: Option<Duration>,
    /// Orders that its channels can have [default: all that the chains know]
    #[arg(long, value_name = "ORDER", value_delimiter = ',')]
    orders: Vec<Order>,
    /// Connection on chain A that the handshake goes on with [default: one that was begun]
    #[arg(long, value_parser = parse::connection, value_name = "ID")]
    connection: Option<ConnectionId>,
    /// Do this step alone, if it is the next one
    #[arg(long, value_name = "STEP")]
    step: Option<OpenStep>,
}

pub async fn run(context: &Context, command: ConnectionCommand) -> anyhow::Result<Outcome> {
    let ConnectionCommand::Open(args) = command;
    let delay = args.delay.unwrap_or_default().as_nanos();
    let delay_period_ns = u64::try_from(delay).context("no delay is that long")?;
    let request = HandshakeRequest {
        a: ChainId::from_string(&args.a),
        b: ChainId::from_string(&args.b),
        goal: Goal::Connection(ConnectionTerms {
            delay_period_ns,
            orders: args.orders.into_iter().map(Ordering::from).collect(),
        }),
        progress: HandshakeProgress {
            client_on_a: args.a_client,
            client_on_b: args.b_client,
            connection_on_a: args.connection,
            ..HandshakeProgress::default()
        },
        only: args.step.map(OpenStep::of_connection),
    };
    match making::make(context, request, "opening the connection").await? {
        Made::Connection(opened) => print(context, &opened)?,
        Made::Step(done) => step::print(context, &done)?,
        other => bail!("{other:?} was made instead of a connection"),
    }
    Ok(Outcome::Done)
}

fn print(context: &Context, opened: &OpenedConnection) -> anyhow::Result<()> {
    let ends = [&opened.on_a, &opened.on_b];
    if context.json {
        let [a, b] = ends.map(|(key, record)| {
            json!({
                "chain": key.chain.as_str(),
                "connection": key.connection_id.as_str(),
                "client": record.client_id.as_str(),
            })
        });
        return output::json(&json!({ "a": a, "b": b }));
    }
    output::line("connection is open")?;
    for (key, record) in ends {
        output::line(format!(
            "  {}  {}  {}",
            key.chain, key.connection_id, record.client_id
        ))?;
    }
    Ok(())
}
