//! Accounts, balances, denoms: `cosmos.auth`, `cosmos.bank`, ICS-20.

use ibc_proto::cosmos::auth::v1beta1::{QueryAccountRequest, QueryAccountResponse};
use ibc_proto::cosmos::bank::v1beta1::{
    DenomUnit, Metadata, QueryAllBalancesRequest, QueryAllBalancesResponse, QueryBalanceRequest,
    QueryBalanceResponse, QueryDenomMetadataRequest, QueryDenomMetadataResponse,
    QuerySupplyOfRequest, QuerySupplyOfResponse,
};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::{
    Params, QueryDenomTraceRequest, QueryDenomTraceResponse, QueryEscrowAddressRequest,
    QueryEscrowAddressResponse, QueryParamsRequest, QueryParamsResponse,
};
use prost::Message;
use tonic::Status;

use super::page::page;
use super::{call, unknown, Answer, At};
use crate::state::{ACC, BANK, TRANSFER};
use crate::transfer::trace_of;
use crate::{account, address, bank as balances};

pub(super) fn auth(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Account" => call(request, |request: QueryAccountRequest| {
            let found = account::find(&at.kv(ACC), &request.address).ok_or_else(|| {
                Status::not_found(format!("account {} not found", request.address))
            })?;
            let any = Any {
                type_url: "/cosmos.auth.v1beta1.BaseAccount".to_owned(),
                value: found.encode_to_vec(),
            };
            Ok(QueryAccountResponse { account: Some(any) })
        }),
        _ => unknown(method),
    }
}

pub(super) fn bank(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Balance" => call(request, |request: QueryBalanceRequest| {
            let amount = balances::balance(&at.kv(BANK), &request.address, &request.denom);
            Ok(QueryBalanceResponse {
                balance: Some(coin(request.denom, amount)),
            })
        }),
        "AllBalances" => call(request, |request: QueryAllBalancesRequest| {
            let all = balances::balances(&at.kv(BANK), &request.address).into_iter();
            let all = all.map(|(denom, amount)| (denom.clone().into_bytes(), coin(denom, amount)));
            let (balances, pagination) = page(all, request.pagination);
            Ok(QueryAllBalancesResponse {
                balances,
                pagination,
            })
        }),
        "DenomMetadata" => call(request, |request: QueryDenomMetadataRequest| {
            let metadata = metadata(&request.denom).ok_or_else(|| {
                Status::not_found(format!("client metadata for denom {}", request.denom))
            })?;
            Ok(QueryDenomMetadataResponse {
                metadata: Some(metadata),
            })
        }),
        "SupplyOf" => call(request, |request: QuerySupplyOfRequest| {
            let amount = balances::supply(&at.kv(BANK), &request.denom);
            Ok(QuerySupplyOfResponse {
                amount: Some(coin(request.denom, amount)),
            })
        }),
        _ => unknown(method),
    }
}

pub(super) fn transfer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "DenomTrace" => call(request, |request: QueryDenomTraceRequest| {
            let hash = request.hash.trim_start_matches("ibc/");
            let trace = trace_of(&at.kv(TRANSFER), hash);
            let trace =
                trace.ok_or_else(|| Status::not_found(format!("denomination {}", request.hash)))?;
            Ok(QueryDenomTraceResponse {
                denom_trace: Some(trace),
            })
        }),
        "EscrowAddress" => call(request, |request: QueryEscrowAddressRequest| {
            let bytes = address::escrow(&request.port_id, &request.channel_id);
            let escrow_address = address::encode(&at.chain.info.prefix, &bytes);
            Ok(QueryEscrowAddressResponse {
                escrow_address: escrow_address.unwrap_or_default(),
            })
        }),
        "Params" => call(request, |_: QueryParamsRequest| {
            Ok(QueryParamsResponse {
                params: Some(Params {
                    send_enabled: true,
                    receive_enabled: true,
                }),
            })
        }),
        _ => unknown(method),
    }
}

/// Of a denom such as `uakt`: a million of it is one AKT.
fn metadata(denom: &str) -> Option<Metadata> {
    let display = denom.strip_prefix('u')?;
    // USDX is called so in whole.
    let is_name = !display.is_empty()
        && !denom.starts_with("usd")
        && display.bytes().all(|byte| byte.is_ascii_lowercase());
    let unit = |denom: &str, exponent| DenomUnit {
        denom: denom.to_owned(),
        exponent,
        aliases: vec![],
    };
    is_name.then(|| Metadata {
        base: denom.to_owned(),
        display: display.to_owned(),
        symbol: display.to_uppercase(),
        name: display.to_uppercase(),
        denom_units: vec![unit(denom, 0), unit(display, 6)],
        ..Metadata::default()
    })
}

fn coin(denom: String, amount: u128) -> Coin {
    Coin {
        denom,
        amount: amount.to_string(),
    }
}
