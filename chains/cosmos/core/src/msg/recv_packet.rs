//! `MsgRecvPacket` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgRecvPacket;
use tern_chains::{Encoded, Packet, Proof};

use super::NotEncodable;
use crate::convert::{raw_height, raw_packet};

pub(super) fn encode(
    packet: &Packet,
    proof_commitment: &Proof,
    signer: &str,
) -> Result<Encoded, NotEncodable> {
    let message = MsgRecvPacket {
        packet: Some(raw_packet(packet).ok_or(NotEncodable::V2Packet)?),
        proof_commitment: proof_commitment.bytes.clone(),
        proof_height: Some(raw_height(proof_commitment.height)),
        signer: signer.to_owned(),
    };
    Ok(super::message(
        "/ibc.core.channel.v1.MsgRecvPacket",
        &message,
    ))
}
