//! Opening a connection whose first end is there (ICS-03): `ConnOpenTry`, `Ack` and `Confirm`.

use tern_chains::ConnectionState;

use super::step_on::StepOn;
use crate::ledger::{ConnectionKey, ConnectionRecord, HandshakeStep};
use crate::plan::batch::Action;

pub(super) type End<'a> = (&'a ConnectionKey, &'a ConnectionRecord);

/// The next step of the connection that was begun at `a`.
pub(super) fn next(a: End<'_>, b: Option<End<'_>>) -> Option<StepOn> {
    let Some(b) = b else {
        return (a.1.state == ConnectionState::Init).then(|| StepOn {
            on_a: false,
            need: a.1.seen,
            step: open_try(a),
        });
    };
    match (a.1.state, b.1.state) {
        (ConnectionState::Init, _) => Some(StepOn {
            on_a: true,
            need: b.1.seen,
            step: open_ack(a, b),
        }),
        (ConnectionState::Open, ConnectionState::TryOpen) => Some(StepOn {
            on_a: false,
            need: a.1.seen,
            step: open_confirm(a, b),
        }),
        _ => None,
    }
}

fn open_try((key, end): End<'_>) -> (HandshakeStep, Action) {
    let action = Action::ConnOpenTry {
        client_id: end.counterparty_client_id.clone(),
        counterparty_client_id: end.client_id.clone(),
        counterparty_connection_id: key.connection_id.clone(),
    };
    (HandshakeStep::ConnOpenTry, action)
}

fn open_ack((a, a_end): End<'_>, (b, _): End<'_>) -> (HandshakeStep, Action) {
    let action = Action::ConnOpenAck {
        connection_id: a.connection_id.clone(),
        client_id: a_end.client_id.clone(),
        counterparty_client_id: a_end.counterparty_client_id.clone(),
        counterparty_connection_id: b.connection_id.clone(),
    };
    (HandshakeStep::ConnOpenAck, action)
}

fn open_confirm((a, _): End<'_>, (b, _): End<'_>) -> (HandshakeStep, Action) {
    let action = Action::ConnOpenConfirm {
        connection_id: b.connection_id.clone(),
        counterparty_connection_id: a.connection_id.clone(),
    };
    (HandshakeStep::ConnOpenConfirm, action)
}
