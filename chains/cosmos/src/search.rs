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
    let query = &query(wanted);
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

fn query(wanted: &EventQuery) -> Query {
    let (prefix, port, channel, sequence) = match wanted {
        EventQuery::Send {
            port_id,
            channel_id,
            sequence,
        } => ("send_packet.packet_src", port_id, channel_id, sequence),
        EventQuery::Ack {
            port_id,
            channel_id,
            sequence,
        } => (
            "write_acknowledgement.packet_dst",
            port_id,
            channel_id,
            sequence,
        ),
    };
    let kind = prefix.split('.').next().unwrap_or_default();
    Query::eq(format!("{prefix}_channel"), channel.to_string())
        .and_eq(format!("{prefix}_port"), port.to_string())
        .and_eq(format!("{kind}.packet_sequence"), sequence.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_searched_by_the_end_that_wrote_the_event() {
        let (port_id, channel_id, sequence) = (
            "transfer".parse().unwrap(),
            "channel-3".parse().unwrap(),
            9.into(),
        );
        let send = EventQuery::Send {
            port_id,
            channel_id,
            sequence,
        };
        assert_eq!(
            query(&send).to_string(),
            "send_packet.packet_src_channel = 'channel-3' AND \
             send_packet.packet_src_port = 'transfer' AND send_packet.packet_sequence = '9'"
        );
        let EventQuery::Send {
            port_id,
            channel_id,
            sequence,
        } = send
        else {
            unreachable!()
        };
        let ack = EventQuery::Ack {
            port_id,
            channel_id,
            sequence,
        };
        assert_eq!(
            query(&ack).to_string(),
            "write_acknowledgement.packet_dst_channel = 'channel-3' AND \
             write_acknowledgement.packet_dst_port = 'transfer' AND \
             write_acknowledgement.packet_sequence = '9'"
        );
    }
}
