//! What events leave out: the ends and clients they name, read from state.

mod read;

use std::collections::BTreeSet;

use tern_chains::{
    Block, BlockTime, Chain, ChainError, ChannelId, ClientId, ConnectionId, End, Event, PortId,
};
use tern_core::ledger::{apply, ChannelKey, ChannelRecord, Fact, Finding, Head, View};
use tern_core::policy::Policy;

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
    read(chain, wanted, Some(block.height), block.time, known).await
}

/// Reads all clients, connections and channels of a chain, whose newest block is of
/// this time.
pub async fn of_chain(
    chain: &dyn Chain,
    time: BlockTime,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let (clients, connections, channels) =
        tokio::try_join!(chain.clients(), chain.connections(), chain.channels())?;
    let mut findings = read::clients(chain, clients.into_iter().collect(), None, time).await?;
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
    let mut view = View::default();
    read_channel(chain, end, &mut view).await?;
    Ok(view.channel(end).cloned())
}

/// Reads one channel end with the connection and client beneath it into a ledger,
/// and the newest block of its chain as its head. Adds no channel where there is
/// none.
pub async fn read_channel(
    chain: &dyn Chain,
    end: &ChannelKey,
    view: &mut View,
) -> Result<(), ChainError> {
    let (height, time) = chain.latest().await?;
    let wanted = Wanted {
        channels: BTreeSet::from([(end.port_id.clone(), end.channel_id.clone())]),
        ..Wanted::default()
    };
    let findings = read(chain, wanted, None, time, &mut Known::default()).await?;
    let found = findings.into_iter().map(|finding| Fact::Found {
        chain: chain.id().clone(),
        height,
        finding,
    });
    let head = Fact::BlockEnd {
        chain: chain.id().clone(),
        head: Head { height, time },
    };
    for fact in found.chain([head]) {
        for change in apply(view, &Policy::default(), &fact.into()) {
            view.commit(&change);
        }
    }
    Ok(())
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
            Event::SendPacket(packet) => self.add_end(&packet.src, known),
            Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => {
                self.add_end(&id.src, known);
            }
            Event::RecvPacket(id) => self.add_end(&id.dst, known),
            Event::WriteAcknowledgement { packet, .. } => {
                self.add_end(&packet.dst, known);
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

    fn add_end(&mut self, end: &End, known: &Known) {
        let channel = end.as_channel();
        let channel = channel.map(|(port, channel)| (port.clone(), channel.clone()));
        self.channels
            .extend(channel.filter(|channel| !known.channels.contains(channel)));
    }
}

async fn read(
    chain: &dyn Chain,
    mut wanted: Wanted,
    height: Option<u64>,
    time: BlockTime,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let channels = read::channels(chain, wanted.channels, height).await?;
    for (_, end) in &channels {
        wanted.connections.extend(
            end.connection_hops
                .iter()
                .filter(|id| !known.connections.contains(id))
                .cloned(),
        );
    }
    let connections = read::connections(chain, wanted.connections, height).await?;
    for (_, end) in &connections {
        if !known.clients.contains(&end.client_id) {
            wanted.clients.insert(end.client_id.clone());
        }
    }
    let mut findings = read::clients(chain, wanted.clients, height, time).await?;
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
