//! `MsgChannelCloseConfirm` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgChannelCloseConfirm;
use tern_chains::{ChannelId, Encoded, PortId, Proof};

use crate::convert::raw_height;

pub(super) fn encode(
    port_id: &PortId,
    channel_id: &ChannelId,
    proof_init: &Proof,
    signer: &str,
) -> Encoded {
    let message = MsgChannelCloseConfirm {
        port_id: port_id.to_string(),
        channel_id: channel_id.to_string(),
        proof_init: proof_init.bytes.clone(),
        proof_height: Some(raw_height(proof_init.height)),
        signer: signer.to_owned(),
        // Only ibc-go v8.1 to v9 reads it, of channels that were upgraded.
        counterparty_upgrade_sequence: 0,
    };
    super::message("/ibc.core.channel.v1.MsgChannelCloseConfirm", &message)
}
