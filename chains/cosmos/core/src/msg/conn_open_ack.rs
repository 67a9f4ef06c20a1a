//! `MsgConnectionOpenAck` (ICS-03).

// The fields ibc-go v9 deprecated are needed by the versions before it.
#![allow(deprecated)]

use ibc_proto::ibc::core::connection::v1::MsgConnectionOpenAck;
use tern_chains::{ConnectionId, ConnectionVersion, CounterpartyClient, Encoded, Proof};

use crate::convert::{any, raw_height, raw_version};

pub(super) fn encode(
    connection_id: &ConnectionId,
    counterparty_connection_id: &ConnectionId,
    version: Option<&ConnectionVersion>,
    proof_try: &Proof,
    client: &CounterpartyClient,
    signer: &str,
) -> Encoded {
    let message = MsgConnectionOpenAck {
        connection_id: connection_id.to_string(),
        counterparty_connection_id: counterparty_connection_id.to_string(),
        version: version.map(raw_version),
        client_state: Some(any(&client.state)),
        proof_height: Some(raw_height(proof_try.height)),
        proof_try: proof_try.bytes.clone(),
        proof_client: client.proof_state.bytes.clone(),
        proof_consensus: client.proof_consensus.bytes.clone(),
        consensus_height: Some(raw_height(client.consensus_height)),
        signer: signer.to_owned(),
        host_consensus_state_proof: vec![],
    };
    super::message("/ibc.core.connection.v1.MsgConnectionOpenAck", &message)
}
