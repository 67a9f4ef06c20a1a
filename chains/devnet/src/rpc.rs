//! The CometBFT RPC endpoint: JSON-RPC by POST, the same by GET with the method as
//! the path, and over a WebSocket with subscriptions. Dialect of 0.38.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::future::join_all;
use serde_json::{json, Value};
use tokio::net::TcpListener;

use crate::node::Node;

mod abci;
mod blocks;
mod info;
mod params;
mod search;
mod socket;
mod txs;

use params::Params;

/// CometBFT's `max_body_bytes`.
const BODY_BYTES_MAX: usize = 1_000_000;

/// An error as JSON-RPC states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RpcError {
    code: i32,
    message: &'static str,
    data: String,
}

type Answer = Result<Value, RpcError>;

impl RpcError {
    fn internal(data: impl std::fmt::Display) -> Self {
        Self {
            code: -32603,
            message: "Internal error",
            data: data.to_string(),
        }
    }

    fn params(data: impl std::fmt::Display) -> Self {
        Self {
            code: -32602,
            message: "Invalid params",
            data: data.to_string(),
        }
    }

    fn method(method: &str) -> Self {
        Self {
            code: -32601,
            message: "Method not found",
            data: method.to_owned(),
        }
    }
}

/// Serves until `shutdown` completes.
pub async fn serve(
    node: Node,
    listener: TcpListener,
    shutdown: impl std::future::Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/", post(by_post))
        .route("/websocket", get(socket::upgrade))
        .route("/:method", get(by_get))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(node);
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown)
        .await
}

/// One request, or a batch of them.
async fn by_post(State(node): State<Node>, body: Bytes) -> Json<Value> {
    node.answers().await;
    Json(match serde_json::from_slice(&body) {
        Ok(Value::Array(batch)) => {
            let answers = batch.iter().map(|request| respond(&node, request));
            Value::Array(join_all(answers).await)
        }
        Ok(request) => respond(&node, &request).await,
        Err(error) => envelope(&Value::Null, Err(RpcError::internal(error))),
    })
}

async fn by_get(
    State(node): State<Node>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
) -> Json<Value> {
    node.answers().await;
    let params = Params::from_uri(query.as_deref().unwrap_or_default());
    Json(envelope(&json!(-1), answer(&node, &method, &params).await))
}

/// Answers one JSON-RPC request.
async fn respond(node: &Node, request: &Value) -> Value {
    let method = request["method"].as_str().unwrap_or_default();
    let params = Params::from_json(&request["params"]);
    envelope(&request["id"], answer(node, method, &params).await)
}

fn envelope(id: &Value, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": {
            "code": error.code, "message": error.message, "data": error.data,
        }}),
    }
}

async fn answer(node: &Node, method: &str, params: &Params) -> Answer {
    match method {
        "health" => Ok(json!({})),
        "status" => info::status(node),
        "genesis" => info::genesis(node),
        "net_info" => Ok(json!({
            "listening": true, "listeners": [], "n_peers": "0", "peers": [],
        })),
        "consensus_params" => info::consensus_params(node, params),
        "validators" => info::validators(node, params),
        "num_unconfirmed_txs" => info::unconfirmed(node),
        "abci_info" => abci::info(node),
        "abci_query" => abci::query(node, params),
        "block" => blocks::block(node, params),
        "block_by_hash" => blocks::block_by_hash(node, params),
        "block_results" => blocks::block_results(node, params),
        "commit" => blocks::commit(node, params),
        "header" => blocks::header(node, params),
        "blockchain" => blocks::blockchain(node, params),
        "block_search" => search::blocks(node, params),
        "tx_search" => search::txs(node, params),
        "tx" => txs::tx(node, params),
        "broadcast_tx_sync" | "broadcast_tx_async" => txs::broadcast(node, params),
        "broadcast_tx_commit" => txs::broadcast_and_wait(node, params).await,
        _ => Err(RpcError::method(method)),
    }
}

fn to_value(answer: impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(RpcError::internal)
}
