//! What events leave out: the ends and clients they name, read from state.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use ibc_proto::google::protobuf::Any;
use ibc_proto::Protobuf;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::core::ics24_host::path::{
    ChannelEndsPath, ClientConsensusStatePath, ClientStatePath, ConnectionsPath,
};
use tern_chains::{
    Block, BlockTime, Chain, ChainError, ChannelEnd, ChannelId, ClientId, ClientSummary,
    ConnectionEnd, ConnectionId, Event, Packet, PacketId, Path, PortId,
};
use tern_core::ledger::{apply, ChannelKey, ChannelRecord, Fact, Finding, Head, View};
use tern_core::policy::Policy;

/// Most state reads at a time.
const READS_MAX: usize = 16;

/// The identifiers of one chain whose records the ledger already has.
#[derive(Clone, Debug, Default)]
pub struct Known {
    clients: BTreeSet<ClientId>,
    connections: BTreeSet<ConnectionId>,
    channels: BTreeSet<(PortId, ChannelId)>,
}

impl Known {
    pub fn of(view: &View, chain: &dyn Chain) -> Self {
        let here = chain.id();
        Self {
            clients: view
                .clients()
                .filter(|(key, _)| key.chain == *here)
                .map(|(key, _)| key.client_id.clone())
                .collect(),
            connections: view
                .connections()
                .filter(|(key, _)| key.chain == *here)
                .map(|(key, _)| key.connection_id.clone())
                .collect(),
            channels: view
                .channels()
                .filter(|(key, _)| key.chain == *here)
                .map(|(key, _)| (key.port_id.clone(), key.channel_id.clone()))
                .collect(),
        }
    }
}

/// Reads the state a block's events changed or name for the first time, as of
/// that block. Clients come before connections, connections before channels.
pub async fn of_block(
    chain: &dyn Chain,
    block: &Block,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let mut wanted = Wanted::default();
    for event in &block.events {
        wanted.add(event, known);
    }
    read(chain, wanted, Some(block.height), known).await
}

/// Reads all clients, connections and channels of a chain.
pub async fn of_chain(chain: &dyn Chain, known: &mut Known) -> Result<Vec<Finding>, ChainError> {
    let (clients, connections, channels) =
        tokio::try_join!(chain.clients(), chain.connections(), chain.channels())?;
    let mut findings = read_clients(chain, clients.into_iter().collect(), None).await?;
    known.clients.extend(clients_of(&findings));
    for connection in connections {
        known.connections.insert(connection.connection_id.clone());
        findings.push(Finding::Connection {
            connection_id: connection.connection_id,
            end: connection.connection_end,
        });
    }
    for channel in channels {
        let (port_id, channel_id) = (channel.port_id, channel.channel_id);
        known.channels.insert((port_id.clone(), channel_id.clone()));
        let key = ChannelKey {
            chain: chain.id().clone(),
            port_id,
            channel_id,
        };
        findings.push(Finding::Channel {
            key,
            end: channel.channel_end,
        });
    }
    Ok(findings)
}

/// Reads one channel end with the connection and client beneath it; `None`
/// where there is no such channel.
pub async fn channel_end(
    chain: &dyn Chain,
    end: &ChannelKey,
) -> Result<Option<ChannelRecord>, ChainError> {
    let (height, time) = chain.latest().await?;
    let head = Head { height, time };
    let wanted = Wanted {
        channels: BTreeSet::from([(end.port_id.clone(), end.channel_id.clone())]),
        ..Wanted::default()
    };
    let findings = read(chain, wanted, None, &mut Known::default()).await?;
    let mut view = View::default();
    for finding in findings {
        let fact = Fact::Found {
            chain: chain.id().clone(),
            head,
            finding,
        };
        for change in apply(&view, &Policy::default(), &fact) {
            view.commit(&change);
        }
    }
    Ok(view.channel(end).cloned())
}

#[derive(Default)]
struct Wanted {
    clients: BTreeSet<ClientId>,
    connections: BTreeSet<ConnectionId>,
    channels: BTreeSet<(PortId, ChannelId)>,
}

impl Wanted {
    fn add(&mut self, event: &Event, known: &Known) {
        match event {
            Event::SendPacket(packet) => self.add_channel(src(&PacketId::of(packet)), known),
            Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => {
                self.add_channel(src(id), known);
            }
            Event::RecvPacket(id) => self.add_channel(dst(id), known),
            Event::WriteAcknowledgement { packet, .. } => {
                self.add_channel(dst_of(packet), known);
            }
            Event::ClientChanged { client_id } => {
                self.clients.insert(client_id.clone());
            }
            Event::ConnectionChanged { connection_id } => {
                self.connections.insert(connection_id.clone());
            }
            Event::ChannelChanged {
                port_id,
                channel_id,
            } => {
                self.channels.insert((port_id.clone(), channel_id.clone()));
            }
            Event::ClientUpdated { .. } | Event::ClientFrozen { .. } => {}
        }
    }

    fn add_channel(&mut self, end: (PortId, ChannelId), known: &Known) {
        if !known.channels.contains(&end) {
            self.channels.insert(end);
        }
    }
}

fn src(id: &PacketId) -> (PortId, ChannelId) {
    (id.src_port.clone(), id.src_channel.clone())
}

fn dst(id: &PacketId) -> (PortId, ChannelId) {
    (id.dst_port.clone(), id.dst_channel.clone())
}

fn dst_of(packet: &Packet) -> (PortId, ChannelId) {
    dst(&PacketId::of(packet))
}

async fn read(
    chain: &dyn Chain,
    mut wanted: Wanted,
    height: Option<u64>,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let channels = read_channels(chain, wanted.channels, height).await?;
    for (_, end) in &channels {
        wanted.connections.extend(
            end.connection_hops()
                .iter()
                .cloned()
                .filter(|id| !known.connections.contains(id)),
        );
    }
    let connections = read_connections(chain, wanted.connections, height).await?;
    for (_, end) in &connections {
        if !known.clients.contains(end.client_id()) {
            wanted.clients.insert(end.client_id().clone());
        }
    }
    let mut findings = read_clients(chain, wanted.clients, height).await?;
    known.clients.extend(clients_of(&findings));
    for (connection_id, end) in connections {
        known.connections.insert(connection_id.clone());
        findings.push(Finding::Connection { connection_id, end });
    }
    for (key, end) in channels {
        known
            .channels
            .insert((key.port_id.clone(), key.channel_id.clone()));
        findings.push(Finding::Channel { key, end });
    }
    Ok(findings)
}

fn clients_of(findings: &[Finding]) -> Vec<ClientId> {
    let client = |finding: &Finding| match finding {
        Finding::Client { client_id, .. } => Some(client_id.clone()),
        _ => None,
    };
    findings.iter().filter_map(client).collect()
}

async fn read_clients(
    chain: &dyn Chain,
    ids: BTreeSet<ClientId>,
    height: Option<u64>,
) -> Result<Vec<Finding>, ChainError> {
    stream::iter(ids)
        .map(|id| read_client(chain, id, height))
        .buffered(READS_MAX)
        .try_filter_map(|finding| async { Ok(finding) })
        .try_collect()
        .await
}

/// A client type Tern does not know is left out.
async fn read_client(
    chain: &dyn Chain,
    client_id: ClientId,
    height: Option<u64>,
) -> Result<Option<Finding>, ChainError> {
    let path = Path::ClientState(ClientStatePath(client_id.clone()));
    let state = query(chain, path, height).await?;
    let Some(summary) = state.as_deref().and_then(ClientSummary::decode) else {
        return Ok(None);
    };
    let path = Path::ClientConsensusState(ClientConsensusStatePath {
        client_id: client_id.clone(),
        epoch: summary.chain_id.version(),
        height: summary.latest_height,
    });
    let consensus = query(chain, path, height).await?;
    let consensus_time = consensus.as_deref().and_then(consensus_time);
    Ok(Some(Finding::Client {
        client_id,
        summary,
        consensus_time,
    }))
}

fn consensus_time(value: &[u8]) -> Option<BlockTime> {
    let state = <ConsensusState as Protobuf<Any>>::decode_vec(value).ok()?;
    let nanoseconds = state.timestamp.unix_timestamp_nanos();
    u64::try_from(nanoseconds).ok().map(BlockTime)
}

async fn read_connections(
    chain: &dyn Chain,
    ids: BTreeSet<ConnectionId>,
    height: Option<u64>,
) -> Result<Vec<(ConnectionId, ConnectionEnd)>, ChainError> {
    stream::iter(ids)
        .map(|id| async move {
            let path = Path::Connections(ConnectionsPath(id.clone()));
            let value = query(chain, path.clone(), height).await?;
            let end = value.map(|value| decode::<ConnectionEnd, _>(chain, &path, &value));
            Ok(end.transpose()?.map(|end| (id, end)))
        })
        .buffered(READS_MAX)
        .try_filter_map(|found| async { Ok(found) })
        .try_collect()
        .await
}

async fn read_channels(
    chain: &dyn Chain,
    ids: BTreeSet<(PortId, ChannelId)>,
    height: Option<u64>,
) -> Result<Vec<(ChannelKey, ChannelEnd)>, ChainError> {
    stream::iter(ids)
        .map(|(port_id, channel_id)| async move {
            let path = Path::ChannelEnds(ChannelEndsPath(port_id.clone(), channel_id.clone()));
            let value = query(chain, path.clone(), height).await?;
            let end = value.map(|value| decode::<ChannelEnd, _>(chain, &path, &value));
            let key = ChannelKey {
                chain: chain.id().clone(),
                port_id,
                channel_id,
            };
            Ok(end.transpose()?.map(|end| (key, end)))
        })
        .buffered(READS_MAX)
        .try_filter_map(|found| async { Ok(found) })
        .try_collect()
        .await
}

fn decode<T, Raw>(chain: &dyn Chain, path: &Path, value: &[u8]) -> Result<T, ChainError>
where
    T: Protobuf<Raw>,
    T: TryFrom<Raw>,
    <T as TryFrom<Raw>>::Error: std::fmt::Display,
    Raw: prost::Message + Default + From<T>,
{
    T::decode_vec(value).map_err(|error| ChainError::Malformed {
        chain: chain.id().clone(),
        doing: format!("reading {path}"),
        source: error.to_string().into(),
    })
}

/// State at `height`, or the newest where the node has pruned it: while blocks
/// of long ago are read, newer state is as good, because records only move on.
async fn query(
    chain: &dyn Chain,
    path: Path,
    height: Option<u64>,
) -> Result<Option<Vec<u8>>, ChainError> {
    match chain.query(path.clone(), height).await {
        Err(ChainError::Pruned { .. }) if height.is_some() => chain.query(path, None).await,
        answer => answer,
    }
}
