//! `MsgChannelOpenInit` (ICS-04).

use ibc_proto::ibc::core::channel::v1::{Channel, Counterparty, MsgChannelOpenInit, State};
use tern_chains::{ConnectionId, Encoded, Ordering, PortId};

use crate::convert::raw_ordering;

pub(super) fn encode(
    connection_id: &ConnectionId,
    port_id: &PortId,
    counterparty_port_id: &PortId,
    ordering: Ordering,
    version: &str,
    signer: &str,
) -> Encoded {
    let message = MsgChannelOpenInit {
        port_id: port_id.to_string(),
        channel: Some(Channel {
            state: State::Init.into(),
            ordering: raw_ordering(ordering),
            counterparty: Some(Counterparty {
                port_id: counterparty_port_id.to_string(),
                channel_id: String::new(),
            }),
            connection_hops: vec![connection_id.to_string()],
            version: version.to_owned(),
            upgrade_sequence: 0,
        }),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.channel.v1.MsgChannelOpenInit", &message)
}
