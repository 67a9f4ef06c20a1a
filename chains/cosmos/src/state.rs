//! Lists of the IBC state by gRPC: what exists, as far as it can be read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use futures::{stream, StreamExt, TryStreamExt};
use ibc_proto::ibc::core::channel::v1 as channel;
use ibc_proto::ibc::core::client::v1 as client;
use ibc_proto::ibc::core::connection::v1 as connection;
use tern_chains::{
    ChannelId, ClientId, End, IdentifiedChannelEnd, IdentifiedConnectionEnd, Listed, PortId,
    Sequence,
};

use crate::convert;
use crate::errors::{Origin, Result};
use crate::grpc::{self, Grpc};
use crate::node::Node;
use crate::pool::{Kind, Need, Pool};

/// Sequences asked about in one request, and requests at once.
const SEQUENCES_PER_REQUEST: usize = 1000;
const REQUESTS_AT_ONCE: usize = 8;

pub(crate) async fn clients(grpc: &Grpc) -> Result<Vec<ClientId>> {
    use client::query_client::QueryClient;
    let doing = "query client states";
    let states = grpc
        .pages(doing, |page| {
            let mut client = grpc::client!(grpc, QueryClient);
            async move {
                let request = client::QueryClientStatesRequest {
                    pagination: Some(page),
                };
                let answer = grpc.call(doing, client.client_states(request)).await?;
                Ok((answer.client_states, answer.pagination))
            }
        })
        .await?;
    let ids = states.into_iter().map(|state| state.client_id.parse());
    Ok(readable(&grpc.origin, doing, ids))
}

pub(crate) async fn connections(grpc: &Grpc) -> Result<Listed<IdentifiedConnectionEnd>> {
    use connection::query_client::QueryClient;
    let doing = "query connections";
    let oldest = &Oldest::default();
    let ends = grpc
        .pages(doing, |page| {
            let mut client = grpc::client!(grpc, QueryClient);
            async move {
                let request = connection::QueryConnectionsRequest {
                    pagination: Some(page),
                };
                let answer = grpc.call(doing, client.connections(request)).await?;
                oldest.page(answer.height);
                Ok((answer.connections, answer.pagination))
            }
        })
        .await?;
    let ends = ends.into_iter().map(convert::identified_connection);
    Ok(Listed {
        height: oldest.height(),
        all: readable(&grpc.origin, doing, ends),
    })
}

pub(crate) async fn channels(grpc: &Grpc) -> Result<Listed<IdentifiedChannelEnd>> {
    use channel::query_client::QueryClient;
    let doing = "query channels";
    let oldest = &Oldest::default();
    let ends = grpc
        .pages(doing, |page| {
            let mut client = grpc::client!(grpc, QueryClient);
            async move {
                let request = channel::QueryChannelsRequest {
                    pagination: Some(page),
                };
                let answer = grpc.call(doing, client.channels(request)).await?;
                oldest.page(answer.height);
                Ok((answer.channels, answer.pagination))
            }
        })
        .await?;
    let ends = ends.into_iter().map(convert::identified_channel);
    Ok(Listed {
        height: oldest.height(),
        all: readable(&grpc.origin, doing, ends),
    })
}

/// Sequences that still have a commitment on this end, ascending.
pub(crate) async fn commitments(grpc: &Grpc, src: &End) -> Result<Listed<Sequence>> {
    use channel::query_client::QueryClient;
    let doing = format!("query packet commitments of {src}");
    let (port, channel) = channel_of(&grpc.origin, src)?;
    let oldest = &Oldest::default();
    let commitments = grpc
        .pages(&doing, |page| {
            let mut client = grpc::client!(grpc, QueryClient);
            let request = channel::QueryPacketCommitmentsRequest {
                port_id: port.to_string(),
                channel_id: channel.to_string(),
                pagination: Some(page),
            };
            let doing = &doing;
            async move {
                let answer = grpc.call(doing, client.packet_commitments(request)).await?;
                oldest.page(answer.height);
                Ok((answer.commitments, answer.pagination))
            }
        })
        .await?;
    let mut sequences: Vec<Sequence> = commitments
        .into_iter()
        .map(|state| state.sequence.into())
        .collect();
    // The store's order is that of decimal strings: 1, 10, 2.
    sequences.sort_unstable();
    Ok(Listed {
        height: oldest.height(),
        all: sequences,
    })
}

/// The height of the oldest page of a list. A page that does not say its height is of
/// none.
struct Oldest(AtomicU64);

impl Default for Oldest {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Oldest {
    fn page(&self, height: Option<client::Height>) {
        let height = height.map_or(0, |height| height.revision_height);
        self.0.fetch_min(height, Ordering::Relaxed);
    }

    fn height(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Of `sent`, what this end has not received.
pub(crate) async fn unreceived_packets(
    pool: &Pool,
    dst: &End,
    sent: &[Sequence],
) -> Result<Vec<Sequence>> {
    use channel::query_client::QueryClient;
    let doing = format!("query unreceived packets of {dst}");
    let (port, channel) = channel_of(pool.origin(), dst)?;
    let ask = |chunk: &[Sequence]| {
        let request = channel::QueryUnreceivedPacketsRequest {
            port_id: port.to_string(),
            channel_id: channel.to_string(),
            packet_commitment_sequences: chunk.iter().map(Sequence::as_u64).collect(),
        };
        let doing = &doing;
        async move {
            let ask = |node: Arc<Node>| {
                let request = request.clone();
                async move {
                    let grpc = node.grpc().await?;
                    let mut client = grpc::client!(grpc, QueryClient);
                    let asked = client.unreceived_packets(request);
                    Ok(grpc.call(doing, asked).await?.sequences)
                }
            };
            pool.read(Kind::List, Need::Newest, ask).await
        }
    };
    let asked: Vec<_> = sent.chunks(SEQUENCES_PER_REQUEST).map(ask).collect();
    let chunks: Vec<Vec<u64>> = stream::iter(asked)
        .buffered(REQUESTS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(chunks.into_iter().flatten().map(Into::into).collect())
}

/// Port and channel of an end; packets between clients are IBC v2's.
fn channel_of<'a>(origin: &Origin, end: &'a End) -> Result<(&'a PortId, &'a ChannelId)> {
    end.as_channel()
        .ok_or_else(|| origin.local(format!("{end} is not a channel end")))
}

/// Keeps what can be read. A list with one strange entry is still a list: the
/// entry belongs to somebody else, with types we do not know.
fn readable<T, E: std::fmt::Debug>(
    origin: &Origin,
    doing: &str,
    items: impl Iterator<Item = std::result::Result<T, E>>,
) -> Vec<T> {
    let mut unreadable = 0usize;
    let items = items.filter_map(|item| {
        unreadable += usize::from(item.is_err());
        item.ok()
    });
    let items = items.collect();
    if unreadable > 0 {
        tracing::debug!(chain = %origin.chain, doing, unreadable, "entries left out");
    }
    items
}
