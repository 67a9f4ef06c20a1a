//! `cosmos.tx.v1beta1.Service`: simulation, and transactions by hash.

use ibc_proto::cosmos::base::abci::v1beta1::{GasInfo, Result as TxResult, TxResponse};
use ibc_proto::cosmos::tx::v1beta1::{
    AuthInfo, GetTxRequest, GetTxResponse, SimulateRequest, SimulateResponse, Tx, TxBody, TxRaw,
};
use ibc_proto::google::protobuf::Any;
use prost::Message;
use tonic::Status;

use super::{call, unknown, Answer, At};

pub(super) fn answer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Simulate" => call(request, |request| simulate(at, request)),
        "GetTx" => call(request, |request| get_tx(at, request)),
        _ => unknown(method),
    }
}

// `tx` is deprecated in favour of `tx_bytes`; old clients still send it.
#[allow(deprecated)]
fn simulate(at: At<'_>, request: SimulateRequest) -> Answer<SimulateResponse> {
    let bytes = match request.tx {
        Some(tx) if request.tx_bytes.is_empty() => {
            let raw = TxRaw {
                body_bytes: tx.body.unwrap_or_default().encode_to_vec(),
                auth_info_bytes: tx.auth_info.unwrap_or_default().encode_to_vec(),
                signatures: tx.signatures,
            };
            raw.encode_to_vec()
        }
        _ => request.tx_bytes,
    };
    let used = at.chain.simulate(&bytes).map_err(|(refusal, used)| {
        // baseapp's text: clients parse the index from it.
        Status::unknown(format!("{} with gas used: '{used}'", refusal.log))
    })?;
    Ok(SimulateResponse {
        gas_info: Some(GasInfo {
            gas_wanted: 0,
            gas_used: used,
        }),
        result: Some(TxResult::default()),
    })
}

fn get_tx(at: At<'_>, request: GetTxRequest) -> Answer<GetTxResponse> {
    let missing = || Status::not_found(format!("tx not found: {}", request.hash));
    let hash = hex::decode(&request.hash).map_err(|_| missing())?;
    let hash = hash.as_slice().try_into().map_err(|_| missing())?;
    let (block, index) = at.chain.find_tx(hash).ok_or_else(missing)?;
    let (bytes, result) = (&block.block.data[index], &block.results[index]);
    let raw = TxRaw::decode(bytes.as_slice()).map_err(|_| missing())?;
    let tx = Tx {
        body: TxBody::decode(raw.body_bytes.as_slice()).ok(),
        auth_info: AuthInfo::decode(raw.auth_info_bytes.as_slice()).ok(),
        signatures: raw.signatures,
    };
    let events = result.events.iter().cloned();
    let response = TxResponse {
        height: i64::try_from(block.height()).unwrap_or(i64::MAX),
        txhash: request.hash.to_uppercase(),
        codespace: result.codespace.clone(),
        code: result.code.value(),
        data: hex::encode_upper(&result.data),
        raw_log: result.log.clone(),
        gas_wanted: result.gas_wanted,
        gas_used: result.gas_used,
        tx: Some(Any {
            type_url: "/cosmos.tx.v1beta1.Tx".to_owned(),
            value: tx.encode_to_vec(),
        }),
        timestamp: block.time().to_rfc3339(),
        events: events.map(Into::into).collect(),
        ..TxResponse::default()
    };
    Ok(GetTxResponse {
        tx: Some(tx),
        tx_response: Some(response),
    })
}
