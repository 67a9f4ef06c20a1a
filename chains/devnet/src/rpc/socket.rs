//! The WebSocket: JSON-RPC calls, and events of new blocks.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::State;
use axum::response::Response;
use serde_json::{json, Map, Value};

use super::blocks::block_value;
use super::params::Params;
use super::search::Query;
use super::txs::{attributes, base64};
use super::{envelope, respond, to_value, RpcError};
use crate::block::Committed;
use crate::node::Node;

/// CometBFT's `max_subscriptions_per_client`.
const SUBSCRIPTIONS_MAX: usize = 5;

struct Subscription {
    id: Value,
    text: String,
    query: Query,
}

pub(super) async fn upgrade(State(node): State<Node>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| serve_client(node, socket))
}

/// Ends when the client disconnects or a message cannot be sent.
async fn serve_client(node: Node, mut socket: WebSocket) {
    let mut subscriptions = Vec::new();
    let mut sent_height = node.reaches(0).await;
    loop {
        let messages = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => vec![request(&node, &text, &mut subscriptions).await],
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            height = node.reaches(sent_height + 1) => {
                let blocks: Vec<_> = node.read(|chain| {
                    chain.blocks_from(sent_height + 1).cloned().collect()
                });
                sent_height = height;
                blocks.iter().flat_map(|block| events(block, &subscriptions)).collect()
            }
        };
        node.answers().await;
        for message in messages {
            if socket
                .send(Message::Text(message.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

async fn request(node: &Node, text: &str, subscriptions: &mut Vec<Subscription>) -> Value {
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return envelope(&Value::Null, Err(RpcError::internal("not JSON")));
    };
    let id = &request["id"];
    let text = Params::from_json(&request["params"]).text("query");
    match request["method"].as_str() {
        Some("subscribe") => envelope(id, subscribe(id, text, subscriptions)),
        Some("unsubscribe") => {
            subscriptions.retain(|known| known.text != text);
            envelope(id, Ok(json!({})))
        }
        Some("unsubscribe_all") => {
            subscriptions.clear();
            envelope(id, Ok(json!({})))
        }
        _ => respond(node, &request).await,
    }
}

fn subscribe(
    id: &Value,
    text: String,
    subscriptions: &mut Vec<Subscription>,
) -> Result<Value, RpcError> {
    if subscriptions.len() >= SUBSCRIPTIONS_MAX {
        let log = format!("max_subscriptions_per_client {SUBSCRIPTIONS_MAX} reached");
        return Err(RpcError::internal(log));
    }
    if subscriptions.iter().any(|known| known.text == text) {
        return Err(RpcError::internal("already subscribed"));
    }
    let query = Query::parse(&text)?;
    let id = id.clone();
    subscriptions.push(Subscription { id, text, query });
    Ok(json!({}))
}

/// The events of a block for subscribers: the block, its header, its
/// transactions.
fn events(block: &Committed, subscriptions: &[Subscription]) -> Vec<Value> {
    let mut all = Vec::new();
    let of_block = |kind: &str| vec![("tm.event".to_owned(), kind.to_owned())];
    for known in subscriptions {
        let attributes_of_block = of_block("NewBlock");
        if known.query.matches(&attributes_of_block) {
            all.push(event(known, new_block(block), &attributes_of_block));
        }
        let attributes_of_header = of_block("NewBlockHeader");
        if known.query.matches(&attributes_of_header) {
            let header = to_value(&block.block.header).unwrap_or_default();
            let data = json!({
                "type": "tendermint/event/NewBlockHeader",
                "value": {"header": header},
            });
            all.push(event(known, data, &attributes_of_header));
        }
        for index in 0..block.results.len() {
            let attributes = attributes(block, index);
            if known.query.matches(&attributes) {
                all.push(event(known, new_tx(block, index), &attributes));
            }
        }
    }
    all
}

fn new_block(block: &Committed) -> Value {
    let shown = block_value(block).unwrap_or_default();
    json!({
        "type": "tendermint/event/NewBlock",
        "value": {
            "block": shown["block"],
            "block_id": shown["block_id"],
            "result_finalize_block": {
                "events": [],
                "tx_results": to_value(&block.results).unwrap_or_default(),
                "validator_updates": [],
                "app_hash": base64(&block.app_hash),
            },
        },
    })
}

fn new_tx(block: &Committed, index: usize) -> Value {
    json!({
        "type": "tendermint/event/Tx",
        "value": {"TxResult": {
            "height": block.height().to_string(),
            "index": index,
            "tx": base64(&block.block.data[index]),
            "result": to_value(&block.results[index]).unwrap_or_default(),
        }},
    })
}

fn event(known: &Subscription, data: Value, attributes: &[(String, String)]) -> Value {
    let mut events = Map::new();
    for (key, value) in attributes {
        let values = events.entry(key.clone()).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(Value::String(value.clone()));
        }
    }
    let result = json!({"query": known.text, "data": data, "events": events});
    envelope(&known.id, Ok(result))
}
