//! Chain and node information: staking, node and CometBFT services.

use ibc_proto::cosmos::base::node::v1beta1::{ConfigRequest, ConfigResponse};
use ibc_proto::cosmos::base::tendermint::v1beta1::{
    GetNodeInfoRequest, GetNodeInfoResponse, GetSyncingRequest, GetSyncingResponse, VersionInfo,
};
use ibc_proto::cosmos::staking::v1beta1::{Params, QueryParamsRequest, QueryParamsResponse};
use tendermint_proto::v0_38::p2p::{DefaultNodeInfo, ProtocolVersion};

use super::{call, unknown, Answer, At};

/// The node's version; clients choose their protocol version by it.
pub(crate) const COMETBFT: &str = "0.38.17";
const SDK: &str = "v0.53.0";
const IBC_GO: &str = "v10.4.0";

pub(super) fn staking(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Params" => call(request, |_: QueryParamsRequest| {
            let unbonding = at.chain.info.unbonding;
            Ok(QueryParamsResponse {
                params: Some(Params {
                    unbonding_time: Some(tendermint_proto::google::protobuf::Duration {
                        seconds: i64::try_from(unbonding.as_secs()).unwrap_or(i64::MAX),
                        nanos: i32::try_from(unbonding.subsec_nanos()).unwrap_or(0),
                    }),
                    max_validators: u32::try_from(crate::validators::VALIDATORS_MAX).unwrap_or(0),
                    max_entries: 7,
                    historical_entries: 10_000,
                    bond_denom: at.chain.info.bond_denom.clone(),
                    min_commission_rate: "0".to_owned(),
                }),
            })
        }),
        _ => unknown(method),
    }
}

pub(super) fn node(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Config" => call(request, |_: ConfigRequest| {
            let info = &at.chain.info;
            let minimum_gas_price = match &info.min_gas_price {
                Some(price) => price.to_string(),
                None => format!("0{}", info.bond_denom),
            };
            Ok(ConfigResponse {
                minimum_gas_price,
                ..ConfigResponse::default()
            })
        }),
        _ => unknown(method),
    }
}

pub(super) fn tendermint(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "GetNodeInfo" => call(request, |_: GetNodeInfoRequest| Ok(node_info(at))),
        "GetSyncing" => call(request, |_: GetSyncingRequest| {
            Ok(GetSyncingResponse { syncing: false })
        }),
        _ => unknown(method),
    }
}

fn node_info(at: At<'_>) -> GetNodeInfoResponse {
    let module = |path: &str, version: &str| ibc_proto::cosmos::base::tendermint::v1beta1::Module {
        path: path.to_owned(),
        version: version.to_owned(),
        sum: String::new(),
    };
    GetNodeInfoResponse {
        default_node_info: Some(DefaultNodeInfo {
            protocol_version: Some(ProtocolVersion {
                p2p: 8,
                block: 11,
                app: 0,
            }),
            network: at.chain.info.chain_id.clone(),
            version: COMETBFT.to_owned(),
            moniker: "tern-devnet".to_owned(),
            ..DefaultNodeInfo::default()
        }),
        application_version: Some(VersionInfo {
            name: "tern-devnet".to_owned(),
            app_name: "tern-devnet".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cosmos_sdk_version: SDK.to_owned(),
            // Clients read the SDK and ibc-go versions here.
            build_deps: vec![
                module("github.com/cosmos/cosmos-sdk", SDK),
                module("github.com/cosmos/ibc-go/v10", IBC_GO),
                module("github.com/cometbft/cometbft", &format!("v{COMETBFT}")),
            ],
            ..VersionInfo::default()
        }),
    }
}
