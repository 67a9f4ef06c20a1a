//! `MsgTimeoutOnClose` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgTimeoutOnClose;
use tern_chains::{Encoded, Packet, Proof};

use super::NotEncodable;
use crate::convert::{raw_height, raw_packet};

pub(super) fn encode(
    packet: &Packet,
    next_sequence_recv: u64,
    proof_unreceived: &Proof,
    proof_close: &Proof,
    signer: &str,
) -> Result<Encoded, NotEncodable> {
    let message = MsgTimeoutOnClose {
        packet: Some(raw_packet(packet).ok_or(NotEncodable::V2Packet)?),
        proof_unreceived: proof_unreceived.bytes.clone(),
        proof_close: proof_close.bytes.clone(),
        proof_height: Some(raw_height(proof_unreceived.height)),
        next_sequence_recv,
        signer: signer.to_owned(),
        // Only ibc-go v8.1 to v9 reads it, of channels that were upgraded.
        counterparty_upgrade_sequence: 0,
    };
    Ok(super::message(
        "/ibc.core.channel.v1.MsgTimeoutOnClose",
        &message,
    ))
}
