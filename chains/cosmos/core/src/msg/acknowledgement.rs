//! `MsgAcknowledgement` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgAcknowledgement;
use tern_chains::{Encoded, Packet, Proof};

use super::NotEncodable;
use crate::convert::{raw_height, raw_packet};

pub(super) fn encode(
    packet: &Packet,
    acknowledgement: &[u8],
    proof_acked: &Proof,
    signer: &str,
) -> Result<Encoded, NotEncodable> {
    let message = MsgAcknowledgement {
        packet: Some(raw_packet(packet).ok_or(NotEncodable::V2Packet)?),
        acknowledgement: acknowledgement.to_vec(),
        proof_acked: proof_acked.bytes.clone(),
        proof_height: Some(raw_height(proof_acked.height)),
        signer: signer.to_owned(),
    };
    Ok(super::message(
        "/ibc.core.channel.v1.MsgAcknowledgement",
        &message,
    ))
}
