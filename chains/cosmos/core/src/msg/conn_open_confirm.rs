//! `MsgConnectionOpenConfirm` (ICS-03).

use ibc_proto::ibc::core::connection::v1::MsgConnectionOpenConfirm;
use tern_chains::{ConnectionId, Encoded, Proof};

use crate::convert::raw_height;

pub(super) fn encode(connection_id: &ConnectionId, proof_ack: &Proof, signer: &str) -> Encoded {
    let message = MsgConnectionOpenConfirm {
        connection_id: connection_id.to_string(),
        proof_ack: proof_ack.bytes.clone(),
        proof_height: Some(raw_height(proof_ack.height)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.connection.v1.MsgConnectionOpenConfirm", &message)
}
