//! Accounts, balances, denoms: `cosmos.auth`, `cosmos.bank`, ICS-20.

use ibc_proto::cosmos::auth::v1beta1::{QueryAccountRequest, QueryAccountResponse};
use ibc_proto::cosmos::bank::v1beta1::{
    QueryAllBalancesRequest, QueryAllBalancesResponse, QueryBalanceRequest, QueryBalanceResponse,
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
        "Account" => call(request, |ask: QueryAccountRequest| {
            let found = account::find(&at.kv(ACC), &ask.address)
                .ok_or_else(|| Status::not_found(format!("account {} not found", ask.address)))?;
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
        "Balance" => call(request, |ask: QueryBalanceRequest| {
            let amount = balances::balance(&at.kv(BANK), &ask.address, &ask.denom);
            Ok(QueryBalanceResponse {
                balance: Some(coin(ask.denom, amount)),
            })
        }),
        "AllBalances" => call(request, |ask: QueryAllBalancesRequest| {
            let all = balances::balances(&at.kv(BANK), &ask.address).into_iter();
            let all = all.map(|(denom, amount)| (denom.clone().into_bytes(), coin(denom, amount)));
            let (balances, pagination) = page(all, ask.pagination);
            Ok(QueryAllBalancesResponse {
                balances,
                pagination,
            })
        }),
        "SupplyOf" => call(request, |ask: QuerySupplyOfRequest| {
            let amount = balances::supply(&at.kv(BANK), &ask.denom);
            Ok(QuerySupplyOfResponse {
                amount: Some(coin(ask.denom, amount)),
            })
        }),
        _ => unknown(method),
    }
}

pub(super) fn transfer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "DenomTrace" => call(request, |ask: QueryDenomTraceRequest| {
            let hash = ask.hash.trim_start_matches("ibc/");
            let trace = trace_of(&at.kv(TRANSFER), hash);
            let trace =
                trace.ok_or_else(|| Status::not_found(format!("denomination {}", ask.hash)))?;
            Ok(QueryDenomTraceResponse {
                denom_trace: Some(trace),
            })
        }),
        "EscrowAddress" => call(request, |ask: QueryEscrowAddressRequest| {
            let bytes = address::escrow(&ask.port_id, &ask.channel_id);
            let escrow_address = address::encode(&at.chain.facts.prefix, &bytes);
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

fn coin(denom: String, amount: u128) -> Coin {
    Coin {
        denom,
        amount: amount.to_string(),
    }
}
