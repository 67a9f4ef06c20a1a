//! A CometBFT RPC on a loopback socket. It answers what the test's function
//! says, refuses WebSockets, and so has its chain followed by polling.

use std::sync::Arc;

use serde_json::{json, Value};
use tendermint_rpc::endpoint::{commit, validators};
use tern_chains::ChainId;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::light_chain::{self, LightChain};
use crate::{CosmosChain, CosmosSettings, NodeAddress};

/// Method and parameters in, a result or an error's text out.
type Answer = dyn Fn(&str, &Value) -> Result<Value, String> + Send + Sync;

/// Stops when dropped.
pub(crate) struct Node {
    port: u16,
    task: JoinHandle<()>,
}

impl Node {
    pub async fn serve(
        answer: impl Fn(&str, &Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer: Arc<Answer> = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                // Ends with the connection, in an error or not.
                tokio::spawn(async move { connection(stream, &*answer).await });
            }
        });
        Self { port, task }
    }

    /// The chain this node serves.
    pub fn chain(&self) -> CosmosChain {
        Self::chain_of(std::slice::from_ref(self))
    }

    /// The chain these nodes serve.
    pub fn chain_of(nodes: &[Self]) -> CosmosChain {
        let id = ChainId::from_string(light_chain::ID);
        let price = "0stake".parse().unwrap();
        let mut addresses = nodes.iter().map(Self::address);
        let NodeAddress { rpc, grpc } = addresses.next().unwrap();
        let mut settings = CosmosSettings::new(id, rpc, grpc, "cosmos", price);
        settings.further_nodes = addresses.collect();
        CosmosChain::new(settings).unwrap()
    }

    fn address(&self) -> NodeAddress {
        let url: url::Url = format!("http://127.0.0.1:{}", self.port).parse().unwrap();
        NodeAddress {
            rpc: url.clone(),
            grpc: url,
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What an honest node says of a light chain it has up to `latest`.
pub(crate) fn honest(
    chain: &LightChain,
    latest: u64,
    method: &str,
    params: &Value,
) -> Result<Value, String> {
    let height = height(params);
    let known = |limit| match height {
        1.. if height <= limit => Ok(height),
        _ => Err(format!(
            "height {height} must be less than or equal to the current blockchain height {latest}"
        )),
    };
    match method {
        "status" => Ok(status(1, latest)),
        "commit" => {
            let signed_header = chain.at(known(latest)?).signed.clone();
            let canonical = height < latest;
            Ok(to_value(commit::Response {
                signed_header,
                canonical,
            }))
        }
        "validators" => {
            let block = chain.at(known(latest + 1)?);
            let infos = block.validators.validators.clone();
            let (at, total) = (block.signed.header.height, infos.len() as i32);
            Ok(to_value(validators::Response::new(at, infos, total)))
        }
        other => Err(format!("no method {other}")),
    }
}

pub(crate) fn height(params: &Value) -> u64 {
    let height = params["height"].as_str();
    height.and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(crate) fn status(earliest: u64, latest: u64) -> Value {
    let time = light_chain::time(latest).to_rfc3339();
    json!({
        "node_info": {
            "protocol_version": {"p2p": "8", "block": "11", "app": "0"},
            "id": "679fa7d76f9e666bd7eaf6ad7b1c5cb382f1fa08",
            "listen_addr": "tcp://127.0.0.1:1", "network": light_chain::ID,
            "version": "0.38.17", "channels": "40", "moniker": "test",
            "other": {"tx_index": "off", "rpc_address": "tcp://127.0.0.1:2"},
        },
        "sync_info": {
            "earliest_block_hash": "", "earliest_app_hash": "",
            "earliest_block_height": earliest.to_string(), "earliest_block_time": time,
            "latest_block_hash": "", "latest_app_hash": "",
            "latest_block_height": latest.to_string(), "latest_block_time": time,
            "catching_up": false,
        },
        "validator_info": {
            "address": "F6D6B2D1C4C2D1C6A1B1B6F0C0A0D0E0F0A0B0C0",
            "pub_key": {
                "type": "tendermint/PubKeyEd25519",
                "value": "sGyUfUZvW2t5dXv5Ci8Rp7rX1W2nDLmnBk2wFdC2oyE=",
            },
            "voting_power": "10",
        },
    })
}

fn to_value(answer: impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

async fn connection(stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        // The request's head; a GET is a WebSocket upgrade and has no body.
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        if length == 0 {
            return Ok(());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let request: Value = serde_json::from_slice(&body)?;
        let method = request["method"].as_str().unwrap_or_default();
        let mut response = json!({"jsonrpc": "2.0", "id": request["id"]});
        match answer(method, &request["params"]) {
            Ok(result) => response["result"] = result,
            Err(data) => {
                response["error"] =
                    json!({"code": -32603, "message": "Internal error", "data": data});
            }
        }
        let body = response.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await?;
    }
}
