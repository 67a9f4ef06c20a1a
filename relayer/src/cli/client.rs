//! `tern client`: making, updating, upgrading and looking at light clients (ICS-02).

use anyhow::{bail, Context as _};
use clap::{Args, Subcommand};
use serde_json::json;
use tern::engine::Made;
use tern_chains::{ChainId, ClientId};
use tern_core::ledger::{ClientKey, Goal, HandshakeProgress, HandshakeRequest};

use super::evidence::{self, EvidenceArgs};
use super::query::{self, ChainArgs};
use super::{making, parse, steering, Home};
use crate::connect::Context;
use crate::output::{self, Outcome};
use crate::progress::Progress;

const CREATE_EXAMPLE: &str = "\
Example:
  tern client create akash-a kava-a    a client of kava-a on akash-a

A client that an interrupted command has made, and that no connection uses, is taken
instead of another one.";
const UPDATE_EXAMPLE: &str = "\
Example:
  tern client update akash-a 07-tendermint-0

The running relayer does it: it keeps clients of served channels alive by itself.";
const UPGRADE_EXAMPLE: &str = "\
Example:
  tern client upgrade kava-a 07-tendermint-0

The running relayer does it, once the client's chain stands at the height that it has planned
for its upgrade. Clients of served channels it upgrades by itself. The nodes of the chain have
to be running until then: what they say of that height is proven.";
const STATUS_EXAMPLE: &str = "\
Example:
  tern client status akash-a 07-tendermint-0

It exits with 1 when the client is not active.";
const EVIDENCE_EXAMPLE: &str = "\
Example:
  tern client evidence kava-a 07-tendermint-0 --blocks 1000 --submit

Whoever can update a client can show it a header that its chain never made, if the
validators of the chain have signed it. The running relayer compares what is shown to
the clients of served channels by itself. The exit code is 1 when the chain has forked.";
const LIST_EXAMPLE: &str = "\
Example:
  tern client list akash-a --json";

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Create a client of a chain on another one
    #[command(after_help = CREATE_EXAMPLE)]
    Create(CreateArgs),
    /// Update a client now, whether or not it is time for it
    #[command(visible_alias = "refresh", after_help = UPDATE_EXAMPLE)]
    Update(ClientArgs),
    /// Upgrade a client whose chain ends its revision
    #[command(after_help = UPGRADE_EXAMPLE)]
    Upgrade(ClientArgs),
    /// Show whether a client is active, and until when
    #[command(after_help = STATUS_EXAMPLE)]
    Status(ClientArgs),
    /// Compare the headers that were shown to a client with those of its chain
    #[command(after_help = EVIDENCE_EXAMPLE)]
    Evidence(EvidenceArgs),
    /// List the light clients on a chain
    #[command(after_help = LIST_EXAMPLE)]
    List(ChainArgs),
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The chain that gets the client
    #[arg(value_name = "CHAIN")]
    host: String,
    /// The chain that the client is of
    #[arg(value_name = "OF-CHAIN")]
    of: String,
}

#[derive(Debug, Args)]
pub struct ClientArgs {
    /// The chain that has the client
    chain: String,
    /// The client, such as `07-tendermint-0`
    #[arg(value_parser = parse::client)]
    client: ClientId,
}

/// Updates and upgrades are asked of the daemon alone; the others need the configuration.
pub async fn run(
    home: &Home,
    context: impl FnOnce() -> anyhow::Result<Context>,
    command: ClientCommand,
) -> anyhow::Result<Outcome> {
    match command {
        ClientCommand::Create(args) => create(&context()?, args).await,
        ClientCommand::Update(args) => update(home, args).await,
        ClientCommand::Upgrade(args) => upgrade(home, args).await,
        ClientCommand::Status(args) => status(&context()?, args).await,
        ClientCommand::Evidence(args) => evidence::run(&context()?, args).await,
        ClientCommand::List(args) => query::clients(&context()?, args).await,
    }
}

async fn create(context: &Context, args: CreateArgs) -> anyhow::Result<Outcome> {
    let request = HandshakeRequest {
        a: ChainId::from_string(&args.host),
        b: ChainId::from_string(&args.of),
        goal: Goal::Client,
        progress: HandshakeProgress::default(),
        only: None,
    };
    let Made::Client(client) = making::make(context, request, "creating the client").await? else {
        bail!("something else was made instead of a client");
    };
    match context.json {
        true => output::json(&json!({
            "chain": client.chain.as_str(),
            "client": client.client_id.as_str(),
            "of": args.of,
        }))?,
        false => output::line(format!(
            "client {} of {} is on {}",
            client.client_id, args.of, client.chain
        ))?,
    }
    Ok(Outcome::Done)
}

async fn update(home: &Home, args: ClientArgs) -> anyhow::Result<Outcome> {
    let client = ClientKey {
        chain: ChainId::from_string(&args.chain),
        client_id: args.client,
    };
    let doing = format!("updating {client}");
    let updated = home.daemon().await?.refresh(client);
    let progress = Progress::new(home.json);
    let updated = progress.during(updated, async || Some(doing.clone()));
    steering::done(home, &updated.await?)
}

async fn upgrade(home: &Home, args: ClientArgs) -> anyhow::Result<Outcome> {
    let client = ClientKey {
        chain: ChainId::from_string(&args.chain),
        client_id: args.client,
    };
    let doing = format!("upgrading {client}");
    let upgraded = home.daemon().await?.upgrade(client);
    let progress = Progress::new(home.json);
    let upgraded = progress.during(upgraded, async || Some(doing.clone()));
    steering::done(home, &upgraded.await?)
}

async fn status(context: &Context, args: ClientArgs) -> anyhow::Result<Outcome> {
    let found = query::client(context, &args.chain, args.client.clone()).await?;
    let is_active = found.with_context(|| {
        format!(
            "there is no client {} on {}: `tern client list {}` lists them",
            args.client, args.chain, args.chain
        )
    })?;
    Ok(match is_active {
        true => Outcome::Done,
        false => Outcome::Failed,
    })
}
