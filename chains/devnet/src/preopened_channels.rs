//! Open channels without handshakes, written into both chains at once. Clients,
//! connections and channels are as handshakes leave them. Only the events are
//! missing, as for state from genesis.

use ibc_proto::ibc::core::channel::v1 as channel;
use ibc_proto::ibc::core::client::v1::Height;
use ibc_proto::ibc::core::commitment::v1::MerklePrefix;
use ibc_proto::ibc::core::connection::v1 as connection;
use prost::Message;
use tern_chains::{ChainError, ClientParams, NewClient};
use tern_cosmos_core::codec;
use tern_cosmos_core::convert::any;

use crate::devnet::Devnet;
use crate::host::keys;
use crate::in_process::{light, origin};
use crate::node::Node;
use crate::state::IBC;

const PORT: &str = "transfer";
const VERSION: &str = "ics20-1";

/// The identifiers that [`preopen_channels`] created on each chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreopenedChannels {
    pub clients: [String; 2],
    pub connections: [String; 2],
    /// The channels of each chain, in the same order.
    pub channels: [Vec<String>; 2],
}

/// Keys and values of the `ibc` store.
pub(crate) type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// Writes a client of the other chain, a connection and this many open transfer
/// channels into the next block of each chain. Both chains must have a block, and
/// no transaction in a mempool may create clients, connections or channels.
pub fn preopen_channels(
    a: &Node,
    b: &Node,
    channels: usize,
) -> Result<PreopenedChannels, ChainError> {
    let of = |node: &Node| light::new_client(node, &origin(node), &ClientParams::default());
    let clients = [of(a)?, of(b)?];
    let ends = [a, b].map(|node| node.read(|chain| End::next(chain, channels)));
    for (own, node) in [a, b].into_iter().enumerate() {
        let other = 1 - own;
        let written = node.read(|chain| {
            let mut written = client(chain, &ends[own], &clients[other]);
            written.extend(connection_entries(&ends[own], &ends[other]));
            written.extend(channel_entries(&ends[own], &ends[other]));
            written
        });
        node.inject_state(written);
    }
    let [a, b] = ends;
    Ok(PreopenedChannels {
        clients: [a.client, b.client],
        connections: [a.connection, b.connection],
        channels: [a.channels, b.channels],
    })
}

/// The identifiers on one chain.
struct End {
    client: String,
    connection: String,
    channels: Vec<String>,
    /// The next sequences of clients, connections and channels, afterwards.
    counters: [u64; 3],
}

impl End {
    fn next(chain: &Devnet, channels: usize) -> Self {
        let counter = |key: &str| {
            let value = chain.newest_state().store(IBC).get(key.as_bytes());
            value.and_then(codec::number).unwrap_or_default()
        };
        let [client, connection, first] = COUNTERS.map(counter);
        let after = first + channels as u64;
        Self {
            client: format!("07-tendermint-{client}"),
            connection: format!("connection-{connection}"),
            channels: (first..after).map(|n| format!("channel-{n}")).collect(),
            counters: [client + 1, connection + 1, after],
        }
    }
}

const COUNTERS: [&str; 3] = [
    "nextClientSequence",
    "nextConnectionSequence",
    "nextChannelSequence",
];

fn entry(key: String, value: impl Into<Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
    (key.into_bytes(), value.into())
}

/// The client of the other chain, as `createClient` leaves it.
fn client(host: &Devnet, end: &End, new: &NewClient) -> Entries {
    let id = &end.client;
    let revision = revision(new);
    let at = format!("clients/{id}/consensusStates/{revision}-{}", new.height);
    let (height, time) = host.latest();
    let nanos = u64::try_from(time.unix_timestamp_nanos()).unwrap_or_default();
    let processed = format!("{}-{height}", host.info.revision);
    let mut written = vec![
        entry(
            format!("clients/{id}/clientState"),
            any(&new.client_state).encode_to_vec(),
        ),
        entry(at.clone(), any(&new.consensus_state).encode_to_vec()),
        entry(format!("{at}/processedTime"), nanos.to_be_bytes()),
        entry(format!("{at}/processedHeight"), processed),
    ];
    let parsed = (
        id.parse(),
        ibc::core::client::types::Height::new(revision, new.height),
    );
    if let (Ok(id), Ok(height)) = parsed {
        let leaf = format!("consensusStates/{revision}-{}", new.height);
        written.push((keys::iteration(&id, &height), leaf.into_bytes()));
    }
    let counters = COUNTERS.iter().zip(end.counters);
    written.extend(counters.map(|(key, count)| entry((*key).to_owned(), count.to_be_bytes())));
    written
}

/// The revision of the client's chain.
fn revision(new: &NewClient) -> u64 {
    use ibc_proto::ibc::lightclients::tendermint::v1::ClientState;
    let state = ClientState::decode(new.client_state.bytes.as_slice()).unwrap_or_default();
    let latest: Height = state.latest_height.unwrap_or_default();
    latest.revision_number
}

fn connection_entries(own: &End, other: &End) -> Entries {
    let end = connection::ConnectionEnd {
        client_id: own.client.clone(),
        versions: vec![connection::Version {
            identifier: "1".to_owned(),
            features: vec!["ORDER_ORDERED".to_owned(), "ORDER_UNORDERED".to_owned()],
        }],
        state: connection::State::Open.into(),
        counterparty: Some(connection::Counterparty {
            client_id: other.client.clone(),
            connection_id: other.connection.clone(),
            prefix: Some(MerklePrefix {
                key_prefix: IBC.as_bytes().to_vec(),
            }),
        }),
        delay_period: 0,
    };
    let paths = connection::ClientPaths {
        paths: vec![own.connection.clone()],
    };
    vec![
        entry(
            format!("connections/{}", own.connection),
            end.encode_to_vec(),
        ),
        entry(
            format!("clients/{}/connections", own.client),
            paths.encode_to_vec(),
        ),
    ]
}

fn channel_entries(own: &End, other: &End) -> Entries {
    let pairs = own.channels.iter().zip(&other.channels);
    let entries = pairs.flat_map(|(id, counterparty)| {
        let end = channel::Channel {
            state: channel::State::Open.into(),
            ordering: channel::Order::Unordered.into(),
            counterparty: Some(channel::Counterparty {
                port_id: PORT.to_owned(),
                channel_id: counterparty.clone(),
            }),
            connection_hops: vec![own.connection.clone()],
            version: VERSION.to_owned(),
            upgrade_sequence: 0,
        };
        let path = format!("ports/{PORT}/channels/{id}");
        let next = ["nextSequenceSend", "nextSequenceRecv", "nextSequenceAck"];
        let next = next.map(|key| entry(format!("{key}/{path}"), 1u64.to_be_bytes()));
        let end = entry(format!("channelEnds/{path}"), end.encode_to_vec());
        next.into_iter().chain([end])
    });
    entries.collect()
}
