//! `MsgChannelOpenConfirm` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgChannelOpenConfirm;
use tern_chains::{ChannelId, Encoded, PortId, Proof};

use crate::convert::raw_height;

pub(super) fn encode(
    port_id: &PortId,
    channel_id: &ChannelId,
    proof_ack: &Proof,
    signer: &str,
) -> Encoded {
    let message = MsgChannelOpenConfirm {
        port_id: port_id.to_string(),
        channel_id: channel_id.to_string(),
        proof_ack: proof_ack.bytes.clone(),
        proof_height: Some(raw_height(proof_ack.height)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.channel.v1.MsgChannelOpenConfirm", &message)
}
