//! `MsgConnectionOpenTry` (ICS-03).

// The fields ibc-go v9 deprecated are needed by the versions before it.
#![allow(deprecated)]

use ibc_proto::ibc::core::connection::v1::MsgConnectionOpenTry;
use tern_chains::{
    ClientId, ConnectionCounterparty, ConnectionVersion, CounterpartyClient, Encoded, Proof,
};

use crate::convert::{any, raw_counterparty, raw_height, raw_version};

pub(super) fn encode(
    client_id: &ClientId,
    counterparty: &ConnectionCounterparty,
    counterparty_versions: &[ConnectionVersion],
    delay_period_ns: u64,
    proof_init: &Proof,
    client: &CounterpartyClient,
    signer: &str,
) -> Encoded {
    let message = MsgConnectionOpenTry {
        client_id: client_id.to_string(),
        previous_connection_id: String::new(),
        client_state: Some(any(&client.state)),
        counterparty: Some(raw_counterparty(counterparty)),
        delay_period: delay_period_ns,
        counterparty_versions: counterparty_versions.iter().map(raw_version).collect(),
        proof_height: Some(raw_height(proof_init.height)),
        proof_init: proof_init.bytes.clone(),
        proof_client: client.proof_state.bytes.clone(),
        proof_consensus: client.proof_consensus.bytes.clone(),
        consensus_height: Some(raw_height(client.consensus_height)),
        signer: signer.to_owned(),
        host_consensus_state_proof: vec![],
    };
    super::message("/ibc.core.connection.v1.MsgConnectionOpenTry", &message)
}
