//! What events leave out: the ends and clients they name, read from state.

mod read;
mod wanted;

use std::collections::BTreeSet;

use tern_chains::{
    Block, BlockTime, Chain, ChainError, ClientId, IdentifiedChannelEnd, IdentifiedConnectionEnd,
    Listed,
};
use tern_core::ledger::{apply, ChannelKey, ChannelRecord, Fact, Finding, Head, View};
use tern_core::policy::Policy;

pub use wanted::Known;
use wanted::Wanted;

/// Reads the state a block's events changed or name for the first time, as of
/// that block. Clients come before connections, connections before channels.
pub async fn of_block(
    chain: &dyn Chain,
    block: &Block,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let wanted = Wanted::of(&block.events, known);
    read(chain, wanted, Some(block.height), block.time, known).await
}

/// What a chain has, as its node lists it.
pub struct Lists {
    clients: Vec<ClientId>,
    connections: Listed<IdentifiedConnectionEnd>,
    channels: Listed<IdentifiedChannelEnd>,
}

impl Lists {
    pub async fn read(chain: &dyn Chain) -> Result<Self, ChainError> {
        let (clients, connections, channels) =
            tokio::try_join!(chain.clients(), chain.connections(), chain.channels())?;
        Ok(Self {
            clients,
            connections,
            channels,
        })
    }

    /// How many clients are in them, which are read one by one.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The height whose state is in all lists: what changed after it is in the events of
    /// later blocks.
    pub fn height(&self) -> u64 {
        self.connections.height.min(self.channels.height)
    }
}

/// Reads all clients, connections and channels of a chain, as of this block. Clients are
/// read as of it: a node that lags behind it would give an older state, and nothing would
/// correct it before the client's next update. `read` is called after each.
pub async fn of_chain(
    chain: &dyn Chain,
    head: Head,
    lists: Lists,
    known: &mut Known,
    read: impl FnMut(),
) -> Result<Vec<Finding>, ChainError> {
    let Lists {
        clients,
        connections,
        channels,
    } = lists;
    let (connections, channels) = (connections.all, channels.all);
    let clients: BTreeSet<ClientId> = clients.into_iter().collect();
    let height = (head.height > 0).then_some(head.height);
    let mut findings = read::clients(chain, clients.clone(), height, head.time, read).await?;
    known.read_clients(&clients, &findings, |id| chain.codec().reads(id));
    findings.extend(connections.into_iter().map(|found| Finding::Connection {
        connection_id: found.connection_id,
        end: found.connection_end,
    }));
    findings.extend(channels.into_iter().map(|found| Finding::Channel {
        key: ChannelKey {
            chain: chain.id().clone(),
            port_id: found.port_id,
            channel_id: found.channel_id,
        },
        end: found.channel_end,
    }));
    known.add(&findings);
    Ok(findings)
}

/// Reads the clients of which events alone are known: that they were updated, or frozen.
/// Those that are frozen are read again the next time: one node's word is not enough.
pub async fn of_clients(
    chain: &dyn Chain,
    height: u64,
    time: BlockTime,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let ids = known.to_look_at();
    let findings = read::clients(chain, ids.clone(), Some(height), time, || ()).await?;
    known.looked_at(&ids, &findings);
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

async fn read(
    chain: &dyn Chain,
    mut wanted: Wanted,
    height: Option<u64>,
    time: BlockTime,
    known: &mut Known,
) -> Result<Vec<Finding>, ChainError> {
    let channels = read::channels(chain, wanted.channels.clone(), height).await?;
    wanted.add_beneath_channels(channels.iter().map(|(_, end)| end), known);
    let connections = read::connections(chain, wanted.connections.clone(), height).await?;
    wanted.add_beneath_connections(connections.iter().map(|(_, end)| end), known);
    let mut findings = read::clients(chain, wanted.clients.clone(), height, time, || ()).await?;
    known.read_clients(&wanted.clients, &findings, |id| chain.codec().reads(id));
    let connections = connections.into_iter();
    findings
        .extend(connections.map(|(connection_id, end)| Finding::Connection { connection_id, end }));
    let channels = channels.into_iter();
    findings.extend(channels.map(|(key, end)| Finding::Channel { key, end }));
    known.add(&findings);
    Ok(findings)
}
