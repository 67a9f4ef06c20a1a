//! Channels that somebody else has begun, opened to the end where the operator wants it.
//!
//! Applications begin channels on chain: an interchain account (ICS-27) is registered with a
//! `ChanOpenInit` for which nobody has asked a relayer. So are those that anybody begins, so
//! that only ports count that the operator has named.

use std::collections::BTreeMap;

use tern_chains::{ChannelState, ConnectionState};

use super::chan_open::{self, End};
use super::step_on::StepOn;
use super::unasked::{self, Sides};
use crate::ledger::{ChannelKey, ChannelRecord, ConnectionKey, ConnectionRecord, Goal, Item, View};
use crate::plan::batch::Proposals;
use crate::plan::PlanInput;

/// Proposes the next steps of channels that were begun on ports that the operator has named, at
/// most so many.
pub(in crate::plan) fn propose(input: &PlanInput<'_>, mut left: usize, proposals: &mut Proposals) {
    if !input.policy.admission.finishes_channels() {
        return;
    }
    let tried = tried(input.view);
    for a in input.view.channels() {
        if left == 0 {
            return;
        }
        let Some((on_b, step)) = next(input, a, &tried) else {
            continue;
        };
        let item = Item::Channel {
            end: a.0.clone(),
            step: step.step.0,
        };
        let sides = Sides {
            a: (&a.0.chain, &a.1.client_id),
            b: (&on_b.0.chain, &on_b.1.client_id),
        };
        match unasked::batch(input, &item, sides, step) {
            Ok(batch) => {
                left -= 1;
                proposals.add_atomic(batch);
            }
            Err(why) => proposals.wait(item, why),
        }
    }
}

/// Ends that wait for the confirmation of the one they name, by that. Anybody can make such an
/// end over a connection of their own.
type Tried<'a> = BTreeMap<ChannelKey, Vec<End<'a>>>;

fn tried(view: &View) -> Tried<'_> {
    let mut tried = Tried::new();
    for (key, end) in view.channels() {
        if end.state == ChannelState::TryOpen {
            if let Some(first) = view.counterparty(key) {
                tried.entry(first).or_default().push((key, end));
            }
        }
    }
    tried
}

/// The next step of a channel, if it was begun at `a` and is to be opened to the end, with the
/// connection on the other chain.
fn next<'a>(
    input: &PlanInput<'a>,
    a: End<'a>,
    tried: &Tried<'a>,
) -> Option<(ConnectionEnd<'a>, StepOn)> {
    let (key, end) = a;
    let tried = tried.get(key).map_or(&[][..], Vec::as_slice);
    let is_begun = match end.state {
        ChannelState::Init => true,
        ChannelState::Open => !tried.is_empty(),
        _ => false,
    };
    if !is_begun || !input.assignment.has_path(&key.clone().into()) || is_asked_for(input, key) {
        return None;
    }
    let on_b = connection_on_b(input.view, key, end)?;
    let admission = &input.policy.admission;
    admission.begun_channel(input.view, key, &on_b.0).ok()?;
    let b = tried.iter().copied().find(|(b, b_end)| {
        b.chain == on_b.0.chain
            && b.port_id == end.counterparty_port_id
            && b_end.connection_id == on_b.0.connection_id
            && end
                .counterparty_channel_id
                .as_ref()
                .is_none_or(|known| *known == b.channel_id)
    });
    if b.is_none() && end.state == ChannelState::Open {
        return None;
    }
    let step = chan_open::next(a, b, &on_b.0.connection_id)?;
    Some((on_b, step))
}

/// Whether a command opens this channel: it goes on with it itself.
fn is_asked_for(input: &PlanInput<'_>, a: &ChannelKey) -> bool {
    input.handshakes.iter().any(|request| {
        let ports = matches!(&request.goal, Goal::Channel(terms) if terms.a_port == a.port_id);
        ports
            && request.a == a.chain
            && request.progress.channel_on_a.as_ref() == Some(&a.channel_id)
    })
}

type ConnectionEnd<'a> = (ConnectionKey, &'a ConnectionRecord);

/// The other end of the channel's connection, if both are open and name each other.
fn connection_on_b<'a>(
    view: &'a View,
    a: &ChannelKey,
    end: &ChannelRecord,
) -> Option<ConnectionEnd<'a>> {
    let on_a = ConnectionKey {
        chain: a.chain.clone(),
        connection_id: end.connection_id.clone(),
    };
    let a_end = view.connection(&on_a)?;
    let on_b = ConnectionKey {
        chain: a_end.counterparty_chain.clone(),
        connection_id: a_end.counterparty_connection_id.clone()?,
    };
    let b_end = view.connection(&on_b)?;
    let is_mutual = b_end.counterparty_chain == a.chain
        && b_end.counterparty_connection_id.as_ref() == Some(&on_a.connection_id)
        && b_end.client_id == a_end.counterparty_client_id
        && b_end.counterparty_client_id == a_end.client_id;
    let are_open = [a_end.state, b_end.state] == [ConnectionState::Open; 2];
    (is_mutual && are_open).then_some((on_b, b_end))
}
