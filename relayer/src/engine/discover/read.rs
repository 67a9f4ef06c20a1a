//! Reading clients, connection ends and channel ends from a chain's state.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use ibc_proto::google::protobuf::Any;
use ibc_proto::Protobuf;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::core::ics24_host::path::{
    ChannelEndsPath, ClientConsensusStatePath, ClientStatePath, ConnectionsPath,
};
use tern_chains::{
    BlockTime, Chain, ChainError, ChannelEnd, ChannelId, ClientId, ClientSummary, ConnectionEnd,
    ConnectionId, Path, PortId,
};
use tern_core::ledger::{ChannelKey, Finding};

/// Most state reads at a time.
const READS_MAX: usize = 16;

pub async fn clients(
    chain: &dyn Chain,
    ids: BTreeSet<ClientId>,
    height: Option<u64>,
) -> Result<Vec<Finding>, ChainError> {
    stream::iter(ids)
        .map(|id| client(chain, id, height))
        .buffered(READS_MAX)
        .try_filter_map(|finding| async { Ok(finding) })
        .try_collect()
        .await
}

/// A client type Tern does not know is left out.
async fn client(
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

pub async fn connections(
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

pub async fn channels(
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
