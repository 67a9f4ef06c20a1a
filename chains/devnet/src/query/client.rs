//! `ibc.core.client.v1.Query`.

use ibc::core::client::context::client_state::ClientStateValidation;
use ibc::core::client::context::ClientValidationContext;
use ibc::core::host::types::identifiers::ClientId;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::*;
use prost::Message;
use tonic::Status;

use super::page::page;
use super::{call, unknown, Answer, At};
use crate::gas::Gas;
use crate::host::client_kinds::ClientState;
use crate::host::{keys, Host, Now};
use crate::state::IBC;

pub(super) fn answer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "ClientState" => call(request, |request| client_state(at, request)),
        "ClientStates" => call(request, |request| client_states(at, request)),
        "ConsensusState" => call(request, |request| consensus_state(at, request)),
        "ConsensusStates" => call(request, |request| consensus_states(at, request)),
        "ConsensusStateHeights" => call(request, |request| consensus_state_heights(at, request)),
        "ClientStatus" => call(request, |request| client_status(at, request)),
        "ClientParams" => call(request, |_: QueryClientParamsRequest| {
            let allowed_clients = vec!["*".to_owned()];
            Ok(QueryClientParamsResponse {
                params: Some(Params { allowed_clients }),
            })
        }),
        _ => unknown(method),
    }
}

fn client_state(at: At<'_>, request: QueryClientStateRequest) -> Answer<QueryClientStateResponse> {
    Ok(QueryClientStateResponse {
        client_state: Some(at.find(&format!("clients/{}/clientState", request.client_id))?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn client_states(
    at: At<'_>,
    request: QueryClientStatesRequest,
) -> Answer<QueryClientStatesResponse> {
    let entries = at.ibc().with_prefix(b"clients/");
    let states = entries.filter_map(|(key, value)| {
        let text = std::str::from_utf8(key).ok()?;
        let id = text
            .strip_prefix("clients/")?
            .strip_suffix("/clientState")?;
        let state = IdentifiedClientState {
            client_id: id.to_owned(),
            client_state: Some(Any::decode(value).ok()?),
        };
        Some((key.to_vec(), state))
    });
    let (client_states, pagination) = page(states, request.pagination);
    Ok(QueryClientStatesResponse {
        client_states,
        pagination,
    })
}

fn consensus_state(
    at: At<'_>,
    request: QueryConsensusStateRequest,
) -> Answer<QueryConsensusStateResponse> {
    let (mut revision, mut height) = (request.revision_number, request.revision_height);
    if request.latest_height {
        let latest = *heights(at, &request.client_id)?
            .last()
            .ok_or_else(|| Status::not_found(format!("client {}", request.client_id)))?;
        (revision, height) = (latest.revision_number, latest.revision_height);
    }
    let key = format!(
        "clients/{}/consensusStates/{revision}-{height}",
        request.client_id
    );
    Ok(QueryConsensusStateResponse {
        consensus_state: Some(at.find(&key)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn consensus_states(
    at: At<'_>,
    request: QueryConsensusStatesRequest,
) -> Answer<QueryConsensusStatesResponse> {
    let id = request.client_id;
    let states = heights(at, &id)?.into_iter().map(|height| {
        let (revision, number) = (height.revision_number, height.revision_height);
        let key = format!("clients/{id}/consensusStates/{revision}-{number}");
        let state = ConsensusStateWithHeight {
            height: Some(height),
            consensus_state: at.find(&key).ok(),
        };
        (order(&height), state)
    });
    let (consensus_states, pagination) = page(states, request.pagination);
    Ok(QueryConsensusStatesResponse {
        consensus_states,
        pagination,
    })
}

fn consensus_state_heights(
    at: At<'_>,
    request: QueryConsensusStateHeightsRequest,
) -> Answer<QueryConsensusStateHeightsResponse> {
    let heights = heights(at, &request.client_id)?.into_iter();
    let heights = heights.map(|height| (order(&height), height));
    let (consensus_state_heights, pagination) = page(heights, request.pagination);
    Ok(QueryConsensusStateHeightsResponse {
        consensus_state_heights,
        pagination,
    })
}

fn client_status(
    at: At<'_>,
    request: QueryClientStatusRequest,
) -> Answer<QueryClientStatusResponse> {
    let id = parse(&request.client_id)?;
    let now = Now {
        revision: at.chain.info.revision,
        store_prefix: IBC,
        height: at.height,
        time: at.chain.latest().1,
        is_in_block: false,
    };
    let host = Host::open(at.state, &Gas::default(), &now, "");
    let missing = |error| Status::not_found(format!("{id}: {error}"));
    let state: ClientState = host.client_state(&id).map_err(missing)?;
    let status = state.status(&host, &id);
    let status = status.map_err(|error| Status::internal(error.to_string()))?;
    Ok(QueryClientStatusResponse {
        status: status.to_string(),
    })
}

fn heights(at: At<'_>, client_id: &str) -> Answer<Vec<Height>> {
    let client_id = parse(client_id)?;
    let heights = keys::heights(at.ibc(), &client_id);
    Ok(heights.map(Height::from).collect())
}

fn parse(client_id: &str) -> Answer<ClientId> {
    let parsed = client_id.parse();
    parsed.map_err(|_| Status::invalid_argument(format!("client id `{client_id}`")))
}

/// A key in the order of heights.
fn order(height: &Height) -> Vec<u8> {
    let parts = [height.revision_number, height.revision_height];
    parts.map(u64::to_be_bytes).concat()
}
