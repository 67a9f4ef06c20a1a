//! `tern query`: the clients, connections and channels on a chain.

mod client;

use clap::{Args, Subcommand};
use serde::Serialize;
use tern::words::printable;
use tern_chains::{ClientId, IdentifiedChannelEnd, IdentifiedConnectionEnd, Ordering};

use crate::connect::Context;
use crate::output::{self, Outcome};

const CLIENTS_EXAMPLE: &str = "\
Example:
  tern query clients akash-a";
const CONNECTIONS_EXAMPLE: &str = "\
Example:
  tern query connections akash-a";
const CHANNELS_EXAMPLE: &str = "\
Example:
  tern query channels akash-a --json";

#[derive(Debug, Subcommand)]
pub enum QueryCommand {
    /// List the light clients on a chain and their status
    #[command(after_help = CLIENTS_EXAMPLE)]
    Clients(ChainArgs),
    /// List a chain's connections
    #[command(after_help = CONNECTIONS_EXAMPLE)]
    Connections(ChainArgs),
    /// List a chain's channels
    #[command(after_help = CHANNELS_EXAMPLE)]
    Channels(ChainArgs),
}

#[derive(Debug, Args)]
pub struct ChainArgs {
    /// The chain to query
    chain: String,
}

pub async fn run(context: &Context, command: QueryCommand) -> anyhow::Result<Outcome> {
    match command {
        QueryCommand::Clients(args) => return clients(context, args).await,
        QueryCommand::Connections(args) => {
            let chain = context.connect(&args.chain)?;
            let mut ends = chain.connections().await?.all;
            ends.sort_by_key(|end| number_of(end.connection_id.as_str()));
            let rows: Vec<_> = ends.iter().map(ConnectionRow::of).collect();
            show(context, CONNECTION_HEADER, &rows)?;
        }
        QueryCommand::Channels(args) => {
            let chain = context.connect(&args.chain)?;
            let mut ends = chain.channels().await?.all;
            ends.sort_by_key(|end| (number_of(end.channel_id.as_str()), end.port_id.clone()));
            let rows: Vec<_> = ends.iter().map(ChannelRow::of).collect();
            show(context, CHANNEL_HEADER, &rows)?;
        }
    }
    Ok(Outcome::Done)
}

/// Lists the clients on a chain.
pub async fn clients(context: &Context, args: ChainArgs) -> anyhow::Result<Outcome> {
    let chain = context.connect(&args.chain)?;
    show(context, client::HEADER, &client::all(&*chain).await?)?;
    Ok(Outcome::Done)
}

/// Shows one client, and says whether it is active; `None` if it does not exist.
pub async fn client(
    context: &Context,
    chain: &str,
    client: ClientId,
) -> anyhow::Result<Option<bool>> {
    let chain = context.connect(chain)?;
    let Some(row) = client::one(&*chain, client).await? else {
        return Ok(None);
    };
    let is_active = row.is_active();
    show(context, client::HEADER, &[row])?;
    Ok(Some(is_active))
}

/// One row of a table.
trait Row<const N: usize>: Serialize {
    fn cells(&self) -> [String; N];
}

fn show<const N: usize>(
    context: &Context,
    header: [&str; N],
    rows: &[impl Row<N>],
) -> anyhow::Result<()> {
    if context.json {
        return output::json(&rows);
    }
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    output::table(header, &cells)
}

/// The number at the end of an identifier. It sorts `channel-9` before
/// `channel-10`.
fn number_of(id: &str) -> u64 {
    let number = id.rsplit('-').next().and_then(|digits| digits.parse().ok());
    number.unwrap_or(u64::MAX)
}

const CONNECTION_HEADER: [&str; 5] = [
    "CONNECTION",
    "STATE",
    "CLIENT",
    "COUNTERPARTY CLIENT",
    "COUNTERPARTY CONNECTION",
];

#[derive(Debug, Serialize)]
struct ConnectionRow {
    connection: String,
    state: String,
    client: String,
    counterparty_client: String,
    /// `None` in state `INIT`.
    counterparty_connection: Option<String>,
}

impl ConnectionRow {
    fn of(end: &IdentifiedConnectionEnd) -> Self {
        let connection = &end.connection_end;
        let counterparty = &connection.counterparty;
        Self {
            connection: end.connection_id.to_string(),
            state: connection.state.to_string(),
            client: connection.client_id.to_string(),
            counterparty_client: counterparty.client_id.to_string(),
            counterparty_connection: counterparty.connection_id.as_ref().map(ToString::to_string),
        }
    }
}

impl Row<5> for ConnectionRow {
    fn cells(&self) -> [String; 5] {
        [
            self.connection.clone(),
            self.state.clone(),
            self.client.clone(),
            self.counterparty_client.clone(),
            or_dash(self.counterparty_connection.as_deref()),
        ]
    }
}

const CHANNEL_HEADER: [&str; 6] = [
    "CHANNEL",
    "STATE",
    "ORDER",
    "VERSION",
    "CONNECTION",
    "COUNTERPARTY",
];

#[derive(Debug, Serialize)]
struct ChannelRow {
    port: String,
    channel: String,
    state: String,
    ordering: &'static str,
    version: String,
    connection: Option<String>,
    counterparty_port: String,
    /// `None` in state `INIT`.
    counterparty_channel: Option<String>,
}

impl ChannelRow {
    fn of(end: &IdentifiedChannelEnd) -> Self {
        let channel = &end.channel_end;
        let remote = &channel.counterparty;
        Self {
            port: end.port_id.to_string(),
            channel: end.channel_id.to_string(),
            state: channel.state.to_string(),
            ordering: match channel.ordering {
                Ordering::Ordered => "ordered",
                Ordering::Unordered => "unordered",
                Ordering::Uninitialized => "none",
            },
            version: channel.version.to_string(),
            connection: channel.connection_hops.first().map(ToString::to_string),
            counterparty_port: remote.port_id.to_string(),
            counterparty_channel: remote.channel_id.as_ref().map(ToString::to_string),
        }
    }
}

impl Row<6> for ChannelRow {
    fn cells(&self) -> [String; 6] {
        let remote = or_dash(self.counterparty_channel.as_deref());
        [
            format!("{}/{}", self.port, self.channel),
            self.state.clone(),
            self.ordering.to_owned(),
            printable(&self.version),
            or_dash(self.connection.as_deref()),
            format!("{}/{remote}", self.counterparty_port),
        ]
    }
}

fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{ChannelCounterparty, ChannelEnd, ChannelState};

    #[test]
    fn identifiers_are_sorted_by_their_number() {
        let mut ids = ["channel-10", "channel-9", "channel-100", "custom"];
        ids.sort_by_key(|id| number_of(id));
        assert_eq!(ids, ["channel-9", "channel-10", "channel-100", "custom"]);
    }

    fn row(version: &str) -> [String; 6] {
        let channel_end = ChannelEnd {
            state: ChannelState::Init,
            ordering: Ordering::Ordered,
            counterparty: ChannelCounterparty {
                port_id: "transfer".parse().unwrap(),
                channel_id: None,
            },
            connection_hops: vec!["connection-3".parse().unwrap()],
            version: version.to_owned(),
        };
        let end = IdentifiedChannelEnd {
            port_id: "transfer".parse().unwrap(),
            channel_id: "channel-2".parse().unwrap(),
            channel_end,
        };
        ChannelRow::of(&end).cells()
    }

    #[test]
    fn a_channel_in_state_init_has_no_counterparty_channel() {
        let expected = [
            "transfer/channel-2",
            "INIT",
            "ordered",
            "",
            "connection-3",
            "transfer/-",
        ];
        assert_eq!(row(""), expected.map(str::to_owned));
    }

    /// A provider's version (ICS-28) is protobuf, and anybody may write any other.
    #[test]
    fn a_version_cannot_change_the_terminal() {
        assert_eq!(row("\n-cosmos1\u{12}\u{1}1")[3], " -cosmos1  1");
        assert_eq!(row("\u{1b}[2J")[3], " [2J");
    }
}
