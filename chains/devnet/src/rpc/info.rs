//! Status of the node, and parameters of the chain.

use serde_json::{json, Value};
use tendermint::Time;
use tendermint_rpc::endpoint::validators;

use super::blocks::known;
use super::params::Params;
use super::{to_value, Answer, RpcError};
use crate::block::max_gas;
use crate::devnet::Devnet;
use crate::node::Node;
use crate::query::COMETBFT;

/// CometBFT's limits for a page of validators.
const PER_PAGE_DEFAULT: u64 = 30;
const PER_PAGE_MAX: u64 = 100;

pub(super) fn status(node: &Node) -> Answer {
    node.read(|chain| {
        let at = |height| {
            let block = chain.block(height);
            let (hash, app_hash, time) = match block {
                Some(block) => (
                    block.id.hash.to_string(),
                    block.block.header.app_hash.to_string(),
                    block.time(),
                ),
                None => (String::new(), String::new(), chain.latest().1),
            };
            (hash, app_hash, height.to_string(), rfc3339(time))
        };
        let (latest_hash, latest_app_hash, latest, latest_time) = at(chain.latest().0);
        let (first_hash, first_app_hash, first, first_time) = at(chain.earliest());
        let set = &chain.validators.at(chain.latest().0).set;
        let validator = set.validators().first();
        let validator = validator.ok_or_else(|| RpcError::internal("no validators"))?;
        Ok(json!({
            "node_info": node_info(chain, &validator.address.to_string()),
            "sync_info": {
                "latest_block_hash": latest_hash,
                "latest_app_hash": latest_app_hash,
                "latest_block_height": latest,
                "latest_block_time": latest_time,
                "earliest_block_hash": first_hash,
                "earliest_app_hash": first_app_hash,
                "earliest_block_height": first,
                "earliest_block_time": first_time,
                "catching_up": false,
            },
            "validator_info": {
                "address": validator.address.to_string(),
                "pub_key": to_value(validator.pub_key)?,
                "voting_power": validator.power.value().to_string(),
            },
        }))
    })
}

fn node_info(chain: &Devnet, id: &str) -> Value {
    json!({
        "protocol_version": {"p2p": "8", "block": "11", "app": "0"},
        "id": id.to_lowercase(),
        "listen_addr": "tcp://127.0.0.1:26656",
        "network": chain.chain_id(),
        "version": COMETBFT,
        "channels": "40202122233038606100",
        "moniker": "tern-devnet",
        "other": {"tx_index": "on", "rpc_address": "tcp://127.0.0.1:26657"},
    })
}

fn rfc3339(time: Time) -> String {
    time.to_rfc3339()
}

pub(super) fn genesis(node: &Node) -> Answer {
    node.read(|chain| {
        let first = &chain.validators.at(1).set;
        let validators = first.validators().iter().map(|validator| {
            Ok(json!({
                "address": validator.address.to_string(),
                "pub_key": to_value(validator.pub_key)?,
                "power": validator.power.value().to_string(),
                "name": "",
            }))
        });
        let validators: Result<Vec<Value>, RpcError> = validators.collect();
        Ok(json!({"genesis": {
            "genesis_time": rfc3339(chain.genesis_time()),
            "chain_id": chain.chain_id(),
            "initial_height": "1",
            "consensus_params": parameters(chain),
            "validators": validators?,
            "app_hash": "",
            "app_state": {},
        }}))
    })
}

pub(super) fn consensus_params(node: &Node, params: &Params) -> Answer {
    let height = params.number("height")?;
    node.read(|chain| {
        let height = height.unwrap_or(chain.latest().0);
        known(chain, height)?;
        Ok(json!({
            "block_height": height.to_string(),
            "consensus_params": parameters(chain),
        }))
    })
}

fn parameters(chain: &Devnet) -> Value {
    let limits = &chain.info.limits;
    let nanos = chain.info.unbonding.as_nanos();
    json!({
        "block": {
            "max_bytes": limits.block_bytes.to_string(),
            "max_gas": max_gas(limits).to_string(),
        },
        "evidence": {
            "max_age_num_blocks": "100000",
            "max_age_duration": nanos.to_string(),
            "max_bytes": "1048576",
        },
        "validator": {"pub_key_types": ["ed25519"]},
        "version": {"app": "0"},
        "abci": {"vote_extensions_enable_height": "0"},
    })
}

/// The set that signs a height; that of the next block is known already.
pub(super) fn validators(node: &Node, params: &Params) -> Answer {
    let height = params.number("height")?;
    let page = params.number("page")?.unwrap_or(1);
    let per_page = params.number("per_page")?.unwrap_or(PER_PAGE_DEFAULT);
    let per_page = per_page.min(PER_PAGE_MAX);
    node.read(|chain| {
        let newest = chain.latest().0;
        let height = height.unwrap_or(newest);
        if height != newest + 1 {
            known(chain, height)?;
        }
        let all = chain.validators.at(height).set.validators();
        let skipped = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
        if skipped >= all.len() {
            let log = format!("page should be within range, given {page}");
            return Err(RpcError::internal(log));
        }
        let shown = all.iter().skip(skipped).take(per_page as usize).cloned();
        let total = i32::try_from(all.len()).unwrap_or(i32::MAX);
        let at = height.try_into().map_err(RpcError::internal)?;
        to_value(validators::Response::new(at, shown.collect(), total))
    })
}

pub(super) fn unconfirmed(node: &Node) -> Answer {
    let waiting = node.read(|chain| chain.waiting()).to_string();
    Ok(json!({"n_txs": waiting, "total": waiting, "total_bytes": "0", "txs": null}))
}
