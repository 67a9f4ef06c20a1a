//! ConnOpenTry and ConnOpenAck (ICS-03).
//!
//! They carry the counterparty's client of this chain and its consensus state:
//! ibc-go up to v8 verifies them, later versions ignore them.

// The fields ibc-go v9 deprecated are needed by the versions before it.
#![allow(deprecated)]

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use ibc_proto::ibc::core::commitment::v1::MerklePrefix;
use ibc_proto::ibc::core::connection::v1::{
    ConnectionEnd as RawConnectionEnd, Counterparty as RawCounterparty, MsgConnectionOpenAck,
    MsgConnectionOpenTry,
};
use tern_chains::{ClientId, ClientSummary, ConnectionId, Message, Proven};

use super::handshake::decode;
use super::packet::any;
use super::{Context, Verdict};

/// The store prefix of every Cosmos SDK chain.
const PREFIX: &[u8] = b"ibc";

pub(super) fn conn_open_try(
    client_id: &ClientId,
    counterparty: RawCounterparty,
    end: &Proven,
    rest: &[Proven],
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    let client = ClientProofs::of(rest, context)?;
    let end_on_counterparty = decode::<RawConnectionEnd>(end)?;
    let message = MsgConnectionOpenTry {
        client_id: client_id.to_string(),
        previous_connection_id: String::new(),
        client_state: Some(client.state),
        counterparty: Some(counterparty),
        delay_period: end_on_counterparty.delay_period,
        counterparty_versions: end_on_counterparty.versions,
        proof_height: Some(context.proof_height()),
        proof_init: context.proof(end),
        proof_client: client.proof,
        proof_consensus: client.consensus_proof,
        consensus_height: Some(client.consensus_height),
        signer: context.signer.to_owned(),
        host_consensus_state_proof: vec![],
    };
    Ok(any(
        "/ibc.core.connection.v1.MsgConnectionOpenTry",
        &message,
    ))
}

pub(super) fn conn_open_ack(
    connection_id: &ConnectionId,
    counterparty_connection_id: &ConnectionId,
    end: &Proven,
    rest: &[Proven],
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    let client = ClientProofs::of(rest, context)?;
    let message = MsgConnectionOpenAck {
        connection_id: connection_id.to_string(),
        counterparty_connection_id: counterparty_connection_id.to_string(),
        version: decode::<RawConnectionEnd>(end)?.versions.into_iter().next(),
        client_state: Some(client.state),
        proof_height: Some(context.proof_height()),
        proof_try: context.proof(end),
        proof_client: client.proof,
        proof_consensus: client.consensus_proof,
        consensus_height: Some(client.consensus_height),
        signer: context.signer.to_owned(),
        host_consensus_state_proof: vec![],
    };
    Ok(any(
        "/ibc.core.connection.v1.MsgConnectionOpenAck",
        &message,
    ))
}

pub(super) fn counterparty(
    client_id: &ClientId,
    connection_id: Option<&ConnectionId>,
) -> RawCounterparty {
    RawCounterparty {
        client_id: client_id.to_string(),
        connection_id: connection_id.map(ToString::to_string).unwrap_or_default(),
        prefix: Some(MerklePrefix {
            key_prefix: PREFIX.to_vec(),
        }),
    }
}

/// The counterparty's client of this chain, with both proofs.
struct ClientProofs {
    state: Any,
    proof: Vec<u8>,
    consensus_proof: Vec<u8>,
    consensus_height: RawHeight,
}

impl ClientProofs {
    fn of(proofs: &[Proven], context: &Context<'_>) -> Result<Self, Verdict> {
        let [state, consensus] = proofs else {
            return Err(Verdict::Unprovable(
                "the counterparty's client is gone".into(),
            ));
        };
        let value = state.value.as_deref().unwrap_or_default();
        let summary = ClientSummary::decode(value).ok_or_else(|| {
            Verdict::Unprovable("the counterparty's client is not a 07-tendermint client".into())
        })?;
        Ok(Self {
            state: decode::<Any>(state)?,
            proof: context.proof(state),
            consensus_proof: context.proof(consensus),
            consensus_height: RawHeight {
                revision_number: summary.chain_id.version(),
                revision_height: summary.latest_height,
            },
        })
    }
}
