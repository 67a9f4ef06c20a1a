//! `connOpenTry` and `connOpenAck` (ICS-03) as ibc-go has them since v9: only
//! the counterparty's connection end is proven, and no longer its client of this
//! chain. The state changes are ibc-rs' own.

// The raw messages still carry the fields that are no longer read.
#![allow(deprecated)]

use ibc::core::client::context::client_state::{ClientStateCommon, ClientStateValidation};
use ibc::core::client::context::consensus_state::ConsensusState as _;
use ibc::core::client::context::ClientValidationContext;
use ibc::core::client::types::Height;
use ibc::core::commitment_types::commitment::{CommitmentPrefix, CommitmentProofBytes};
use ibc::core::connection::handler::{conn_open_ack, conn_open_try};
use ibc::core::connection::types::error::ConnectionError;
use ibc::core::connection::types::msgs::{MsgConnectionOpenAck, MsgConnectionOpenTry};
use ibc::core::connection::types::{ConnectionEnd, Counterparty, State};
use ibc::core::host::types::error::DecodingError;
use ibc::core::host::types::identifiers::{ClientId, ConnectionId};
use ibc::core::host::types::path::{ClientConsensusStatePath, ConnectionPath, Path};
use ibc::core::host::ValidationContext;
use ibc::primitives::proto::Protobuf;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use ibc_proto::ibc::core::connection::v1::{
    ConnectionEnd as RawConnectionEnd, MsgConnectionOpenAck as RawAck,
    MsgConnectionOpenTry as RawTry,
};

use super::Host;

/// Reads a message that may lack the fields that are no longer needed.
pub(crate) fn decode_try(mut raw: RawTry) -> Result<MsgConnectionOpenTry, DecodingError> {
    fill(&mut raw.client_state, &mut raw.consensus_height);
    for proof in [&mut raw.proof_client, &mut raw.proof_consensus] {
        fill_proof(proof);
    }
    raw.host_consensus_state_proof.clear();
    raw.try_into()
}

pub(crate) fn decode_ack(mut raw: RawAck) -> Result<MsgConnectionOpenAck, DecodingError> {
    fill(&mut raw.client_state, &mut raw.consensus_height);
    for proof in [&mut raw.proof_client, &mut raw.proof_consensus] {
        fill_proof(proof);
    }
    raw.host_consensus_state_proof.clear();
    raw.try_into()
}

fn fill(client_state: &mut Option<Any>, consensus_height: &mut Option<RawHeight>) {
    client_state.get_or_insert_default();
    *consensus_height = Some(RawHeight {
        revision_number: 0,
        revision_height: 1,
    });
}

/// ibc-rs refuses to decode an empty proof.
fn fill_proof(proof: &mut Vec<u8>) {
    if proof.is_empty() {
        proof.push(0);
    }
}

pub(crate) fn open_try(host: &mut Host, msg: MsgConnectionOpenTry) -> Result<(), ConnectionError> {
    host.validate_message_signer(&msg.signer)?;
    let counterparty = &msg.counterparty;
    let id_on_a = counterparty.connection_id().cloned();
    let id_on_a = id_on_a.ok_or(ConnectionError::InvalidCounterparty)?;
    let expected = ConnectionEnd::new(
        State::Init,
        counterparty.client_id().clone(),
        Counterparty::new(msg.client_id_on_b.clone(), None, host.commitment_prefix()),
        msg.versions_on_a.clone(),
        msg.delay_period,
    )?;
    let proof = EndProof {
        client_id: &msg.client_id_on_b,
        prefix: counterparty.prefix(),
        connection_id: &id_on_a,
        proof: &msg.proof_conn_end_on_a,
        height: msg.proofs_height_on_a,
    };
    proof.verify(host, expected)?;
    conn_open_try::execute(host, msg)
}

pub(crate) fn open_ack(host: &mut Host, msg: MsgConnectionOpenAck) -> Result<(), ConnectionError> {
    host.validate_message_signer(&msg.signer)?;
    let end = host.connection_end(&msg.conn_id_on_a)?;
    msg.version.verify_is_supported(end.versions())?;
    end.verify_state_matches(&State::Init)?;
    let expected = ConnectionEnd::new(
        State::TryOpen,
        end.counterparty().client_id().clone(),
        Counterparty::new(
            end.client_id().clone(),
            Some(msg.conn_id_on_a.clone()),
            host.commitment_prefix(),
        ),
        vec![msg.version.clone()],
        end.delay_period(),
    )?;
    let proof = EndProof {
        client_id: end.client_id(),
        prefix: end.counterparty().prefix(),
        connection_id: &msg.conn_id_on_b,
        proof: &msg.proof_conn_end_on_b,
        height: msg.proofs_height_on_b,
    };
    proof.verify(host, expected)?;
    conn_open_ack::execute(host, msg)
}

/// A proof of the counterparty's connection end.
struct EndProof<'a> {
    /// The client on this chain that has the root.
    client_id: &'a ClientId,
    prefix: &'a CommitmentPrefix,
    connection_id: &'a ConnectionId,
    proof: &'a CommitmentProofBytes,
    height: Height,
}

impl EndProof<'_> {
    fn verify(&self, host: &Host, expected: ConnectionEnd) -> Result<(), ConnectionError> {
        let client = host.client_state(self.client_id)?;
        client.status(host, self.client_id)?.verify_is_active()?;
        client.validate_proof_height(self.height)?;
        let consensus = host.consensus_state(&ClientConsensusStatePath::new(
            self.client_id.clone(),
            self.height.revision_number(),
            self.height.revision_height(),
        ))?;
        client.verify_membership(
            self.prefix,
            self.proof,
            consensus.root(),
            Path::Connection(ConnectionPath::new(self.connection_id)),
            Protobuf::<RawConnectionEnd>::encode_vec(expected),
        )?;
        Ok(())
    }
}
