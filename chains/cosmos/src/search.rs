//! The nodes' transaction index: the last resort to find a packet's block, and the way
//! from a transaction's hash or an account to its packets.

use std::future::Future;
use std::sync::Arc;

use tendermint_rpc::query::Query;
use tendermint_rpc::Order;
use tern_chains::{EventQuery, TxHash};

use crate::errors::{answer, Result};
use crate::node::Node;
use crate::pool::{Kind, Need, Pool};
use crate::rpc::Rpc;
use crate::txs::{tx_in_block, TxInBlock};

/// Transactions in one page of a search.
const TXS_PER_PAGE: u8 = 30;

/// What the indexes of a chain's nodes have of what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indexed<T> {
    Found(T),
    NotFound,
    /// No node keeps an index.
    NoIndex,
}

/// A transaction, and the height of its block.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedTx {
    pub height: u64,
    pub tx: TxInBlock,
}

/// A page of the transactions that match.
#[derive(Clone, Debug, PartialEq)]
pub struct TxPage {
    /// At most 30.
    pub txs: Vec<IndexedTx>,
    /// Whether a page follows.
    pub has_next: bool,
}

/// The height of the block with this event; `None` if no node's index has
/// it, or no node keeps one.
pub(crate) async fn find_event(pool: &Pool, wanted: &EventQuery) -> Result<Option<u64>> {
    let Some(query) = &query(wanted) else {
        return Ok(None);
    };
    let ask = |node: Arc<Node>| async move { find(&node.rpc, query).await };
    Ok(match from_index(pool, ask).await? {
        Indexed::Found(height) => Some(height),
        Indexed::NotFound | Indexed::NoIndex => None,
    })
}

/// The height of the block with this transaction.
pub(crate) async fn find_tx(pool: &Pool, hash: TxHash) -> Result<Indexed<u64>> {
    let query = &Query::eq("tx.hash", hash.to_string());
    let ask = |node: Arc<Node>| async move {
        let rpc = &node.rpc;
        indexed(rpc, rpc.tx_search(query.clone()).await)
    };
    from_index(pool, ask).await
}

/// Transactions with a message of this sender, the newest first; pages count from 1.
pub(crate) async fn txs_of_sender(
    pool: &Pool,
    sender: &str,
    page: u32,
    prefix: &str,
) -> Result<Indexed<TxPage>> {
    let query = &Query::eq("message.sender", sender);
    let ask = |node: Arc<Node>| async move {
        let rpc = &node.rpc;
        let found = rpc.tx_page(query.clone(), page, TXS_PER_PAGE, Order::Descending);
        let found = found
            .await
            .map(|found| (!found.txs.is_empty()).then_some(found));
        Ok(match indexed(rpc, found)? {
            Indexed::Found(found) => {
                let end = u64::from(page) * u64::from(TXS_PER_PAGE);
                let txs = found.txs.iter().take(TXS_PER_PAGE.into());
                let txs = txs.map(|tx| IndexedTx {
                    height: tx.height.value(),
                    tx: tx_in_block(&rpc.origin.chain, prefix, tx),
                });
                Indexed::Found(TxPage {
                    txs: txs.collect(),
                    has_next: u64::from(found.total_count) > end,
                })
            }
            Indexed::NotFound => Indexed::NotFound,
            Indexed::NoIndex => Indexed::NoIndex,
        })
    };
    from_index(pool, ask).await
}

/// Asks one node after the other until an index has it.
async fn from_index<T, F>(pool: &Pool, ask: impl Fn(Arc<Node>) -> F) -> Result<Indexed<T>>
where
    F: Future<Output = Result<Indexed<T>>>,
{
    let mut without = Vec::new();
    let mut answer = Indexed::NoIndex;
    loop {
        let found = pool
            .read_from(Kind::List, Need::Newest, &without, &ask)
            .await;
        match found {
            Ok((_, found @ Indexed::Found(_))) => return Ok(found),
            // Another may keep an index, or a longer one.
            Ok((node, not_found)) => {
                if matches!(not_found, Indexed::NotFound) {
                    answer = Indexed::NotFound;
                }
                without.push(node);
            }
            Err(error) if without.is_empty() => return Err(error),
            Err(_) => return Ok(answer),
        }
        if !pool.has_other_than(&without) {
            return Ok(answer);
        }
    }
}

async fn find(rpc: &Rpc, query: &Query) -> Result<Indexed<u64>> {
    // Packets sent or acknowledged outside of a transaction are in the index of
    // blocks.
    match indexed(rpc, rpc.tx_search(query.clone()).await)? {
        Indexed::Found(height) => Ok(Indexed::Found(height)),
        _ => indexed(rpc, rpc.block_search(query.clone()).await),
    }
}

/// A node that answers with an error has no index: `indexer = "null"`.
fn indexed<T>(rpc: &Rpc, found: Result<Option<T>>) -> Result<Indexed<T>> {
    match found {
        Ok(Some(found)) => Ok(Indexed::Found(found)),
        Ok(None) => Ok(Indexed::NotFound),
        Err(error) => match answer(&error) {
            Some(said) => {
                tracing::debug!(chain = %rpc.origin.chain, said, "no index");
                Ok(Indexed::NoIndex)
            }
            None => Err(error),
        },
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
    use serde_json::{json, Value};
    use tern_chains::{ChannelId, End, PortId};

    use super::*;
    use crate::testing::light_chain::LightChain;
    use crate::testing::node::{honest, Node};

    /// A node whose index answers as this function says.
    async fn node(index: fn(&Value) -> std::result::Result<Value, String>) -> Node {
        let chain = LightChain::new(&vec![vec![1]; 10]);
        Node::serve(move |method, params| match method {
            "tx_search" => index(params),
            _ => honest(&chain, 9, method, params),
        })
        .await
    }

    fn without_index(_: &Value) -> std::result::Result<Value, String> {
        Err("transaction indexing is disabled".to_owned())
    }

    fn with_nothing(_: &Value) -> std::result::Result<Value, String> {
        Ok(json!({"txs": [], "total_count": "0"}))
    }

    /// A transaction on each page of 31.
    fn with_txs(params: &Value) -> std::result::Result<Value, String> {
        let page = params["page"].as_str().unwrap_or_default();
        let result = json!({
            "code": 0, "data": null, "log": "", "info": "", "gas_wanted": "9", "gas_used": "7",
            "events": [], "codespace": "",
        });
        let tx = json!({
            "hash": "AB".repeat(32), "height": format!("10{page}"), "index": 0,
            "tx_result": result, "tx": "AA==",
        });
        Ok(json!({"txs": [tx], "total_count": "31"}))
    }

    #[tokio::test]
    async fn a_transaction_is_found_by_any_node_with_an_index() {
        let nodes = [
            node(without_index).await,
            node(with_nothing).await,
            node(with_txs).await,
        ];
        let chain = Node::chain_of(&nodes);
        let found = chain.find_tx(TxHash([0xAB; 32])).await.unwrap();
        assert_eq!(found, Indexed::Found(101));
    }

    #[tokio::test]
    async fn no_index_is_told_from_an_index_without_the_transaction() {
        let hash = TxHash([0xAB; 32]);
        let none = node(without_index).await.chain().find_tx(hash).await;
        assert_eq!(none.unwrap(), Indexed::NoIndex);
        let nodes = [node(without_index).await, node(with_nothing).await];
        let empty = Node::chain_of(&nodes).find_tx(hash).await;
        assert_eq!(empty.unwrap(), Indexed::NotFound);
    }

    #[tokio::test]
    async fn the_transactions_of_a_sender_come_in_pages() {
        let node = node(|params| {
            let asked = [&params["query"], &params["order_by"]];
            match asked.map(|param| param.as_str().unwrap_or_default()) {
                ["message.sender = 'cosmos1a'", "desc"] => with_txs(params),
                other => Err(format!("{other:?}")),
            }
        });
        let node = node.await;
        let chain = node.chain();
        for (page, has_next) in [(1, true), (2, false)] {
            let Indexed::Found(found) = chain.txs_of_sender("cosmos1a", page).await.unwrap() else {
                panic!("not found");
            };
            let heights: Vec<_> = found.txs.iter().map(|tx| tx.height).collect();
            assert_eq!(
                (heights, found.has_next),
                (vec![100 + u64::from(page)], has_next)
            );
        }
    }

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
