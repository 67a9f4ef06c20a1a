//! Reading clients, connection ends and channel ends from a chain's state.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use tern_chains::{
    BlockTime, Chain, ChainError, ChannelEnd, ChannelId, ClientId, ConnectionEnd, ConnectionId,
    DecodeError, PortId, StorePath,
};
use tern_core::ledger::{ChannelKey, Finding};

/// Most state reads at a time.
const READS_MAX: usize = 16;

/// `read` is called after each.
pub async fn clients(
    chain: &dyn Chain,
    ids: BTreeSet<ClientId>,
    height: Option<u64>,
    time: BlockTime,
    mut read: impl FnMut(),
) -> Result<Vec<Finding>, ChainError> {
    stream::iter(ids)
        .map(|id| client(chain, id, height, time))
        .buffered(READS_MAX)
        .inspect(|_| read())
        .try_filter_map(|finding| async { Ok(finding) })
        .try_collect()
        .await
}

/// A client type Tern does not know is left out.
async fn client(
    chain: &dyn Chain,
    client_id: ClientId,
    height: Option<u64>,
    time: BlockTime,
) -> Result<Option<Finding>, ChainError> {
    let path = StorePath::ClientState(client_id.clone());
    let state = query(chain, path, height).await?;
    let Some(client) = state.and_then(|state| chain.codec().client(&state)) else {
        return Ok(None);
    };
    let path = StorePath::ConsensusState {
        client_id: client_id.clone(),
        height: client.summary.latest(),
    };
    let consensus = query(chain, path, height).await?;
    let consensus = consensus.and_then(|value| chain.codec().consensus(&value).ok());
    Ok(Some(Finding::Client {
        client_id,
        summary: client.summary,
        consensus_time: consensus.map_or(time, |consensus| consensus.time),
    }))
}

pub async fn connections(
    chain: &dyn Chain,
    ids: BTreeSet<ConnectionId>,
    height: Option<u64>,
) -> Result<Vec<(ConnectionId, ConnectionEnd)>, ChainError> {
    stream::iter(ids)
        .map(|id| async move {
            let path = StorePath::Connection(id.clone());
            let value = query(chain, path.clone(), height).await?;
            let end = value.map(|value| decoded(chain, &path, chain.codec().connection(&value)));
            Ok(end.transpose()?.map(|end| (id, end)))
        })
        .buffered(READS_MAX)
        .try_filter_map(|found| async { Ok(found) })
        .try_collect()
        .await
}

pub async fn channels(
    chain: &dyn Chain,
    ids: BTreeSet<(PortId, ChannelId)>,
    height: Option<u64>,
) -> Result<Vec<(ChannelKey, ChannelEnd)>, ChainError> {
    stream::iter(ids)
        .map(|(port_id, channel_id)| async move {
            let path = StorePath::Channel {
                port_id: port_id.clone(),
                channel_id: channel_id.clone(),
            };
            let value = query(chain, path.clone(), height).await?;
            let end = value.map(|value| decoded(chain, &path, chain.codec().channel(&value)));
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

fn decoded<T>(
    chain: &dyn Chain,
    path: &StorePath,
    value: Result<T, DecodeError>,
) -> Result<T, ChainError> {
    value.map_err(|error| ChainError::Malformed {
        chain: chain.id().clone(),
        doing: format!("reading {path}"),
        source: error.into(),
    })
}

/// State at `height`, or the newest where the node has pruned it: while blocks
/// of long ago are read, newer state is as good, because records only move on.
async fn query(
    chain: &dyn Chain,
    path: StorePath,
    height: Option<u64>,
) -> Result<Option<Vec<u8>>, ChainError> {
    match chain.query(path.clone(), height).await {
        Err(ChainError::Pruned { .. }) if height.is_some() => chain.query(path, None).await,
        answer => answer,
    }
}
