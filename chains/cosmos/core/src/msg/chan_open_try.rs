//! `MsgChannelOpenTry` (ICS-04).

// `previous_channel_id` is deprecated and must be empty.
#![allow(deprecated)]

use ibc_proto::ibc::core::channel::v1::{Channel, Counterparty, MsgChannelOpenTry, State};
use tern_chains::{ChannelId, ConnectionId, Encoded, Ordering, PortId, Proof};

use crate::convert::{raw_height, raw_ordering};

/// What the message is made of.
pub(super) struct ChanOpenTry<'a> {
    pub connection_id: &'a ConnectionId,
    pub port_id: &'a PortId,
    pub counterparty_port_id: &'a PortId,
    pub counterparty_channel_id: &'a ChannelId,
    pub counterparty_version: &'a str,
    pub ordering: Ordering,
    pub proof_init: &'a Proof,
}

pub(super) fn encode(of: &ChanOpenTry<'_>, signer: &str) -> Encoded {
    let message = MsgChannelOpenTry {
        port_id: of.port_id.to_string(),
        previous_channel_id: String::new(),
        channel: Some(Channel {
            state: State::Tryopen.into(),
            ordering: raw_ordering(of.ordering),
            counterparty: Some(Counterparty {
                port_id: of.counterparty_port_id.to_string(),
                channel_id: of.counterparty_channel_id.to_string(),
            }),
            connection_hops: vec![of.connection_id.to_string()],
            // Deprecated: the application on this side answers with its own.
            version: String::new(),
            upgrade_sequence: 0,
        }),
        counterparty_version: of.counterparty_version.to_owned(),
        proof_init: of.proof_init.bytes.clone(),
        proof_height: Some(raw_height(of.proof_init.height)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.channel.v1.MsgChannelOpenTry", &message)
}
