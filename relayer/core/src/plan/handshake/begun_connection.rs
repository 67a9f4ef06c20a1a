//! Connections that somebody else has begun, opened to the end where the operator wants it.
//!
//! Whoever begins one chooses the clients under it, and anybody can make a client with a false
//! past. So only those count that are over clients that the operator has named.

use std::collections::BTreeMap;

use tern_chains::ConnectionState;

use super::conn_open::{self, End};
use super::step_on::StepOn;
use super::unasked::{self, Sides};
use crate::ledger::{ConnectionKey, ConnectionRecord, Goal, Item, View};
use crate::plan::batch::Proposals;
use crate::plan::{Assignment, PlanInput};

/// Proposes the next steps of connections that were begun over clients that the operator has
/// named, at most so many. Returns how many are left.
pub(in crate::plan) fn propose(
    input: &PlanInput<'_>,
    mut left: usize,
    proposals: &mut Proposals,
) -> usize {
    // An engine with only some paths leaves what is on none of them to another.
    let is_for_all = *input.assignment == Assignment::Everything;
    if !input.policy.admission.finishes_connections() || !is_for_all {
        return left;
    }
    let tried = tried(input.view);
    for a in input.view.connections() {
        if left == 0 {
            return left;
        }
        let Some(step) = next(input, a, &tried) else {
            continue;
        };
        let item = Item::Connection {
            end: a.0.clone(),
            step: step.step.0,
        };
        let sides = Sides {
            a: (&a.0.chain, &a.1.client_id),
            b: (&a.1.counterparty_chain, &a.1.counterparty_client_id),
        };
        match unasked::batch(input, &item, sides, step) {
            Ok(batch) => {
                left -= 1;
                proposals.add_atomic(batch);
            }
            Err(why) => proposals.wait(item, why),
        }
    }
    left
}

/// Ends that wait for the confirmation of the one they name, by that.
type Tried<'a> = BTreeMap<ConnectionKey, Vec<End<'a>>>;

fn tried(view: &View) -> Tried<'_> {
    let mut tried = Tried::new();
    for (key, end) in view.connections() {
        let first = end.counterparty_connection_id.clone();
        let first = first.filter(|_| end.state == ConnectionState::TryOpen);
        if let Some(connection_id) = first {
            let chain = end.counterparty_chain.clone();
            let first = ConnectionKey {
                chain,
                connection_id,
            };
            tried.entry(first).or_default().push((key, end));
        }
    }
    tried
}

/// The next step of a connection, if it was begun at `a` and is to be opened to the end.
fn next<'a>(input: &PlanInput<'a>, a: End<'a>, tried: &Tried<'a>) -> Option<StepOn> {
    let (key, end) = a;
    let b = tried.get(key).into_iter().flatten();
    let mut b = b.copied().filter(|b| is_other_end(a, *b));
    let b = b.next();
    let is_begun = match end.state {
        ConnectionState::Init => true,
        ConnectionState::Open => b.is_some(),
        _ => false,
    };
    if !is_begun || is_asked_for(input, a) {
        return None;
    }
    let admission = &input.policy.admission;
    admission.begun_connection(input.view, key, end).ok()?;
    conn_open::next(a, b)
}

/// Whether `b`, which names `a`, is the end that `a` waits for or names.
fn is_other_end((_, a): End<'_>, (key, b): End<'_>) -> bool {
    key.chain == a.counterparty_chain
        && b.client_id == a.counterparty_client_id
        && b.counterparty_client_id == a.client_id
        && a.counterparty_connection_id
            .as_ref()
            .is_none_or(|known| *known == key.connection_id)
}

/// Whether a command opens this connection, or may be about to: it goes on with it itself.
fn is_asked_for(input: &PlanInput<'_>, (key, end): (&ConnectionKey, &ConnectionRecord)) -> bool {
    input.handshakes.iter().any(|request| {
        let makes_connection = matches!(request.goal, Goal::Connection(_) | Goal::Channel(_));
        let on_a = request.progress.connection_on_a.as_ref();
        makes_connection
            && request.a == key.chain
            && request.b == end.counterparty_chain
            && on_a.is_none_or(|id| *id == key.connection_id)
    })
}
