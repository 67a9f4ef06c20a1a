//! Opening a channel whose first end is there (ICS-04): `ChanOpenTry`, `Ack` and `Confirm`.

use tern_chains::{ChannelState, ConnectionId};

use super::step_on::StepOn;
use crate::ledger::{ChannelKey, ChannelRecord, HandshakeStep};
use crate::plan::batch::Action;

pub(super) type End<'a> = (&'a ChannelKey, &'a ChannelRecord);

/// The next step of the channel that was begun at `a`.
pub(super) fn next(
    a: End<'_>,
    b: Option<End<'_>>,
    connection_on_b: &ConnectionId,
) -> Option<StepOn> {
    let (a_key, a_end) = a;
    let Some((b_key, b_end)) = b else {
        return Some(StepOn {
            on_a: false,
            need: a_end.seen,
            step: open_try(a, connection_on_b),
        });
    };
    match (a_end.state, b_end.state) {
        (ChannelState::Init, ChannelState::TryOpen) => Some(StepOn {
            on_a: true,
            need: b_end.seen,
            step: (
                HandshakeStep::ChanOpenAck,
                Action::ChanOpenAck {
                    port_id: a_key.port_id.clone(),
                    channel_id: a_key.channel_id.clone(),
                    counterparty_port_id: b_key.port_id.clone(),
                    counterparty_channel_id: b_key.channel_id.clone(),
                },
            ),
        }),
        (ChannelState::Open, ChannelState::TryOpen) => Some(StepOn {
            on_a: false,
            need: a_end.seen,
            step: (
                HandshakeStep::ChanOpenConfirm,
                Action::ChanOpenConfirm {
                    port_id: b_key.port_id.clone(),
                    channel_id: b_key.channel_id.clone(),
                    counterparty_port_id: a_key.port_id.clone(),
                    counterparty_channel_id: a_key.channel_id.clone(),
                },
            ),
        }),
        _ => None,
    }
}

pub(super) fn open_try(a: End<'_>, connection_on_b: &ConnectionId) -> (HandshakeStep, Action) {
    let (a_key, a_end) = a;
    let action = Action::ChanOpenTry {
        connection_id: connection_on_b.clone(),
        port_id: a_end.counterparty_port_id.clone(),
        counterparty_port_id: a_key.port_id.clone(),
        counterparty_channel_id: a_key.channel_id.clone(),
    };
    (HandshakeStep::ChanOpenTry, action)
}
