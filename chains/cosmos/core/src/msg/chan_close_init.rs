//! `MsgChannelCloseInit` (ICS-04).

use ibc_proto::ibc::core::channel::v1::MsgChannelCloseInit;
use tern_chains::{ChannelId, Encoded, PortId};

pub(super) fn encode(port_id: &PortId, channel_id: &ChannelId, signer: &str) -> Encoded {
    let message = MsgChannelCloseInit {
        port_id: port_id.to_string(),
        channel_id: channel_id.to_string(),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.channel.v1.MsgChannelCloseInit", &message)
}
