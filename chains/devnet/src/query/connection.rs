//! `ibc.core.connection.v1.Query`.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::IdentifiedClientState;
use ibc_proto::ibc::core::connection::v1::*;
use prost::Message;

use super::page::page;
use super::{call, unknown, Answer, At};

/// Nanoseconds: ibc-go's default `max_expected_time_per_block`.
const MAX_EXPECTED_TIME_PER_BLOCK: u64 = 30_000_000_000;

pub(super) fn answer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Connection" => call(request, |request| connection(at, request)),
        "Connections" => call(request, |request| connections(at, request)),
        "ClientConnections" => call(request, |request| client_connections(at, request)),
        "ConnectionClientState" => call(request, |request| client_state(at, request)),
        "ConnectionConsensusState" => call(request, |request| consensus_state(at, request)),
        "ConnectionParams" => call(request, |_: QueryConnectionParamsRequest| {
            let params = Params {
                max_expected_time_per_block: MAX_EXPECTED_TIME_PER_BLOCK,
            };
            Ok(QueryConnectionParamsResponse {
                params: Some(params),
            })
        }),
        _ => unknown(method),
    }
}

fn end(at: At<'_>, id: &str) -> Answer<ConnectionEnd> {
    at.find(&format!("connections/{id}"))
}

fn connection(at: At<'_>, request: QueryConnectionRequest) -> Answer<QueryConnectionResponse> {
    Ok(QueryConnectionResponse {
        connection: Some(end(at, &request.connection_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn connections(at: At<'_>, request: QueryConnectionsRequest) -> Answer<QueryConnectionsResponse> {
    let entries = at.ibc().with_prefix(b"connections/");
    let ends = entries.filter_map(|(key, value)| {
        let id = std::str::from_utf8(key)
            .ok()?
            .strip_prefix("connections/")?;
        let end = ConnectionEnd::decode(value).ok()?;
        let identified = IdentifiedConnection {
            id: id.to_owned(),
            client_id: end.client_id,
            versions: end.versions,
            state: end.state,
            counterparty: end.counterparty,
            delay_period: end.delay_period,
        };
        Some((key.to_vec(), identified))
    });
    let (connections, pagination) = page(ends, request.pagination);
    Ok(QueryConnectionsResponse {
        connections,
        pagination,
        height: at.proof_height(),
    })
}

fn client_connections(
    at: At<'_>,
    request: QueryClientConnectionsRequest,
) -> Answer<QueryClientConnectionsResponse> {
    let known: ClientPaths = at.find(&format!("clients/{}/connections", request.client_id))?;
    Ok(QueryClientConnectionsResponse {
        connection_paths: known.paths,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn client_state(
    at: At<'_>,
    request: QueryConnectionClientStateRequest,
) -> Answer<QueryConnectionClientStateResponse> {
    let client_id = end(at, &request.connection_id)?.client_id;
    Ok(QueryConnectionClientStateResponse {
        identified_client_state: Some(identified_client(at, client_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

/// A client's state with its id.
pub(super) fn identified_client(at: At<'_>, client_id: String) -> Answer<IdentifiedClientState> {
    let state: Any = at.find(&format!("clients/{client_id}/clientState"))?;
    Ok(IdentifiedClientState {
        client_id,
        client_state: Some(state),
    })
}

fn consensus_state(
    at: At<'_>,
    request: QueryConnectionConsensusStateRequest,
) -> Answer<QueryConnectionConsensusStateResponse> {
    let client_id = end(at, &request.connection_id)?.client_id;
    let (revision, height) = (request.revision_number, request.revision_height);
    let key = format!("clients/{client_id}/consensusStates/{revision}-{height}");
    Ok(QueryConnectionConsensusStateResponse {
        consensus_state: Some(at.find(&key)?),
        client_id,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}
