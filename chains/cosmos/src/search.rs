//! The nodes' transaction index: the last resort to find a packet's block.

use std::sync::Arc;

use tendermint_rpc::query::Query;
use tern_chains::EventQuery;

use crate::errors::{answer, Result};
use crate::node::Node;
use crate::pool::{Kind, Need, Pool};
use crate::rpc::Rpc;

/// The height of the block with this event; `None` if no node's index has
/// it, or no node keeps one.
pub(crate) async fn find_event(pool: &Pool, wanted: &EventQuery) -> Result<Option<u64>> {
    let Some(query) = &query(wanted) else {
        return Ok(None);
    };
    let ask = |node: Arc<Node>| async move { find(&node.rpc, query).await };
    let mut without = Vec::new();
    loop {
        let found = pool
            .read_from(Kind::List, Need::Newest, &without, ask)
            .await;
        match found {
            Ok((_, Some(height))) => return Ok(Some(height)),
            // Another may keep an index, or a longer one.
            Ok((node, None)) => without.push(node),
            Err(error) if without.is_empty() => return Err(error),
            Err(_) => return Ok(None),
        }
        if !pool.has_other_than(&without) {
            return Ok(None);
        }
    }
}

async fn find(rpc: &Rpc, query: &Query) -> Result<Option<u64>> {
    // Packets sent or acknowledged outside of a transaction are in the index of
    // blocks.
    if let Some(height) = indexed(rpc, rpc.tx_search(query.clone()).await)? {
        return Ok(Some(height));
    }
    indexed(rpc, rpc.block_search(query.clone()).await)
}

/// A node that answers with an error has no index: `indexer = "null"`.
fn indexed(rpc: &Rpc, found: Result<Option<u64>>) -> Result<Option<u64>> {
    match found {
        Err(error) => match answer(&error) {
            Some(said) => {
                tracing::debug!(chain = %rpc.origin.chain, said, "no index");
                Ok(None)
            }
            None => Err(error),
        },
        found => found,
    }
}

fn query(wanted: &EventQuery) -> Option<Query> {
    let (prefix, end, sequence) = match wanted {
        EventQuery::Send { src, sequence } => ("send_packet.packet_src", src, sequence),
        EventQuery::Ack { dst, sequence } => ("write_acknowledgement.packet_dst", dst, sequence),
    };
    let (port, channel) = end.as_channel()?;
    let kind = prefix.split('.').next().unwrap_or_default();
    let query = Query::eq(format!("{prefix}_channel"), channel.to_string())
        .and_eq(format!("{prefix}_port"), port.to_string())
        .and_eq(format!("{kind}.packet_sequence"), sequence.to_string());
    Some(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{ChannelId, End, PortId};

    #[test]
    fn packets_are_searched_by_the_end_that_wrote_the_event() {
        let end = || End::channel(&PortId::transfer(), &ChannelId::new(3));
        let sequence = 9.into();
        let send = EventQuery::Send {
            src: end(),
            sequence,
        };
        assert_eq!(
            query(&send).unwrap().to_string(),
            "send_packet.packet_src_channel = 'channel-3' AND \
             send_packet.packet_src_port = 'transfer' AND send_packet.packet_sequence = '9'"
        );
        let ack = EventQuery::Ack {
            dst: end(),
            sequence,
        };
        assert_eq!(
            query(&ack).unwrap().to_string(),
            "write_acknowledgement.packet_dst_channel = 'channel-3' AND \
             write_acknowledgement.packet_dst_port = 'transfer' AND \
             write_acknowledgement.packet_sequence = '9'"
        );
    }
}
