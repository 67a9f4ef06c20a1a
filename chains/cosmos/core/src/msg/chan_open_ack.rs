//! `MsgChannelOpenAck` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgChannelOpenAck;
use tern_chains::{ChannelId, Encoded, PortId, Proof};

use crate::convert::raw_height;

pub(super) fn encode(
    port_id: &PortId,
    channel_id: &ChannelId,
    counterparty_channel_id: &ChannelId,
    counterparty_version: &str,
    proof_try: &Proof,
    signer: &str,
) -> Encoded {
    let message = MsgChannelOpenAck {
        port_id: port_id.to_string(),
        channel_id: channel_id.to_string(),
        counterparty_channel_id: counterparty_channel_id.to_string(),
        counterparty_version: counterparty_version.to_owned(),
        proof_try: proof_try.bytes.clone(),
        proof_height: Some(raw_height(proof_try.height)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.channel.v1.MsgChannelOpenAck", &message)
}
