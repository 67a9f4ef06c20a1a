//! `abci_info` and `abci_query`: stores with proofs, and gRPC methods by name.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use prost::Message;
use serde_json::{json, Value};

use super::params::Params;
use super::{Answer, RpcError};
use crate::devnet::Devnet;
use crate::faults::Lie;
use crate::node::Node;
use crate::query;

/// The error text of baseapp and store for a version that does not exist.
const NO_VERSION: &str = "version does not exist";
const NO_PROOF: &str = "proof is unexpectedly empty; ensure height has not been pruned";
const SDK_UNKNOWN_REQUEST: u32 = 6;
const SDK_INVALID_REQUEST: u32 = 18;

pub(super) fn info(node: &Node) -> Answer {
    node.read(|chain| {
        let (height, _) = chain.latest();
        let hash = chain.newest_state().root();
        Ok(json!({"response": {
            "data": "tern-devnet",
            "version": env!("CARGO_PKG_VERSION"),
            "app_version": "0",
            "last_block_height": height.to_string(),
            "last_block_app_hash": STANDARD.encode(hash),
        }}))
    })
}

pub(super) fn query(node: &Node, params: &Params) -> Answer {
    let path = params.text("path");
    let data = params.hex("data")?;
    let (height, prove) = (params.number("height")?, params.flag("prove"));
    let lie = node.lie();
    let response = node.read(|chain| match store_of(&path) {
        Some(store) => of_store(chain, store, &data, height, prove, lie),
        None if path.starts_with('/') => of_service(chain, &path, &data, height),
        None => refused(SDK_UNKNOWN_REQUEST, &format!("unknown query path: {path}")),
    });
    Ok(json!({ "response": response }))
}

/// `store/NAME/key`, with or without a slash in front.
fn store_of(path: &str) -> Option<&str> {
    let rest = path.trim_start_matches('/').strip_prefix("store/")?;
    rest.strip_suffix("/key")
}

fn of_store(
    chain: &Devnet,
    store: &str,
    key: &[u8],
    height: Option<u64>,
    prove: bool,
    lie: Option<Lie>,
) -> Value {
    let height = height.unwrap_or(chain.latest().0);
    let Some(state) = chain.state(height) else {
        return if prove {
            refused(SDK_INVALID_REQUEST, NO_PROOF)
        } else {
            found(height, key, &[], NO_VERSION, Value::Null)
        };
    };
    if !prove {
        let value = state.find(store).and_then(|tree| tree.get(key));
        let mut value = value.map(<[u8]>::to_vec);
        if let Some(lie) = lie {
            value = lie.value(value);
        }
        return found(height, key, &value.unwrap_or_default(), "", Value::Null);
    }
    let Some(mut proof) = state.prove(store, key) else {
        return refused(SDK_UNKNOWN_REQUEST, &format!("no such store: {store}"));
    };
    if let Some(lie) = lie {
        proof = lie.proof(proof);
    }
    let op = |kind: &str, key: &[u8], proof: &ics23::CommitmentProof| {
        json!({
            "type": kind,
            "key": STANDARD.encode(key),
            "data": STANDARD.encode(proof.encode_to_vec()),
        })
    };
    let ops = json!({"ops": [
        op("ics23:iavl", key, &proof.in_store),
        op("ics23:simple", store.as_bytes(), &proof.in_root),
    ]});
    found(
        height,
        key,
        proof.value.as_deref().unwrap_or_default(),
        "",
        ops,
    )
}

fn of_service(chain: &Devnet, path: &str, data: &[u8], height: Option<u64>) -> Value {
    let newest = chain.latest().0;
    match query::answer(chain, path, data, height) {
        Ok(answer) => found(height.unwrap_or(newest), &[], &answer, "", Value::Null),
        Err(status) if status.code() == tonic::Code::Unimplemented => {
            refused(SDK_UNKNOWN_REQUEST, &format!("unknown query path: {path}"))
        }
        Err(status) => refused(SDK_INVALID_REQUEST, status.message()),
    }
}

fn found(height: u64, key: &[u8], value: &[u8], log: &str, proof: Value) -> Value {
    json!({
        "code": 0, "log": log, "info": "", "index": "0",
        "key": STANDARD.encode(key),
        "value": STANDARD.encode(value),
        "proofOps": proof,
        "height": height.to_string(),
        "codespace": "",
    })
}

fn refused(code: u32, log: &str) -> Value {
    json!({
        "code": code, "log": log, "info": "", "index": "0", "key": null, "value": null,
        "proofOps": null, "height": "0", "codespace": "sdk",
    })
}

impl From<tonic::Status> for RpcError {
    fn from(status: tonic::Status) -> Self {
        Self::internal(status.message())
    }
}
