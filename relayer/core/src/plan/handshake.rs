//! Making a client, a connection or a channel, and what it needs, from nothing (ICS-02,
//! ICS-03, ICS-04), driven by what is on chain.
//!
//! A request first [`resume`]s what a stopped run left unfinished; then the states
//! of both ends name the next step, pipelined as far as the protocol lets:
//!
//! ```text
//! a: CreateClient   ConnOpenInit              ConnOpenAck+ChanOpenInit                      ChanOpenAck
//! b: CreateClient                ConnOpenTry                          ConnOpenConfirm+ChanOpenTry         ChanOpenConfirm
//! ```

mod begun;
mod begun_connection;
mod chan_open;
mod conn_open;
mod ends;
mod step;
mod step_on;
mod unasked;

use tern_chains::{ChainId, ConnectionState};

use super::batch::{Action, Batch, Proposals, Work};
use super::proof::route;
use super::{PlanInput, Why};
use crate::ledger::{
    ChannelKey, ChannelTerms, ClientKey, ConnectionKey, Goal, HandshakeRequest, HandshakeStep,
    Item, View,
};

pub(super) use begun::propose as propose_begun_channels;
pub(super) use begun_connection::propose as propose_begun_connections;
use ends::Ends;
pub use ends::{resume, unusable_client};
pub use step::{ends_of, next_step, EndState};
use step_on::StepOn;

/// What was made for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completed {
    Client(ClientKey),
    /// The ends on `a` and on `b`.
    Connection(ConnectionKey, ConnectionKey),
    Channel {
        a: ChannelKey,
        b: ChannelKey,
        connection_on_a: ConnectionKey,
        connection_on_b: ConnectionKey,
    },
    Closed {
        a: ChannelKey,
        b: ChannelKey,
    },
}

/// What the request wants, once it is there, and open, or closed, on both ends.
pub fn completed(view: &View, request: &HandshakeRequest) -> Option<Completed> {
    if let Goal::Close(a) = &request.goal {
        return closed(view, a);
    }
    if request.goal == Goal::Client {
        let client = ClientKey {
            chain: request.a.clone(),
            client_id: request.progress.client_on_a.clone()?,
        };
        return view.client(&client).map(|_| Completed::Client(client));
    }
    let ends = Ends::of(view, request);
    let (connection_on_a, a_end) = ends.connection_on_a?;
    let (connection_on_b, b_end) = ends.connection_on_b?;
    if [a_end.state, b_end.state] != [ConnectionState::Open; 2] {
        return None;
    }
    let (connection_on_a, connection_on_b) = (connection_on_a.clone(), connection_on_b.clone());
    if request.channel().is_none() {
        return Some(Completed::Connection(connection_on_a, connection_on_b));
    }
    let (a, a_end) = ends.channel_on_a?;
    let (b, b_end) = ends.channel_on_b?;
    (a_end.state.is_open() && b_end.state.is_open()).then(|| Completed::Channel {
        a: a.clone(),
        b: b.clone(),
        connection_on_a,
        connection_on_b,
    })
}

fn closed(view: &View, a: &ChannelKey) -> Option<Completed> {
    let b = view.counterparty(a)?;
    (is_closed(view, a) && is_closed(view, &b)).then(|| Completed::Closed { a: a.clone(), b })
}

fn is_closed(view: &View, end: &ChannelKey) -> bool {
    view.channel(end).is_some_and(|end| end.state.is_closed())
}

/// Proposes the steps the request needs next: one transaction on one chain, or a
/// client on each.
pub(super) fn propose(
    input: &PlanInput<'_>,
    request: &HandshakeRequest,
    proposals: &mut Proposals,
) {
    if let Some(why) = input.not_ready([&request.a, &request.b]) {
        return proposals.wait(item(request, HandshakeStep::CreateClientOnA), why);
    }
    for step in planned(input.view, request) {
        let first = item(request, step.steps[0].0);
        match batch(input, request, step) {
            Ok(batch) => proposals.add_atomic(batch),
            Err(why) => proposals.wait(first, why),
        }
    }
}

/// What is to be done now: of a request for one step that step, if it is the next.
fn planned(view: &View, request: &HandshakeRequest) -> Vec<Next> {
    let mut next = next(view, request);
    if let Some(only) = request.only {
        next.retain(|next| next.steps.first().is_some_and(|(step, _)| *step == only));
        for next in &mut next {
            next.steps.truncate(1);
        }
    }
    next
}

/// Steps for one transaction.
struct Next {
    on_a: bool,
    /// The counterparty's height from which on the proofs exist; `None` when
    /// nothing is proven.
    need: Option<u64>,
    steps: Vec<(HandshakeStep, Action)>,
}

impl From<StepOn> for Next {
    fn from(step: StepOn) -> Self {
        Self {
            on_a: step.on_a,
            need: Some(step.need),
            steps: vec![step.step],
        }
    }
}

fn next(view: &View, request: &HandshakeRequest) -> Vec<Next> {
    if request.goal == Goal::Client {
        let is_there = request.progress.client_on_a.is_some();
        return if is_there {
            vec![]
        } else {
            vec![create_on_a(request)]
        };
    }
    if let Goal::Close(a) = &request.goal {
        return chan_close_init(view, a).into_iter().collect();
    }
    let ends = Ends::of(view, request);
    let Some(a) = ends.connection_on_a else {
        return match request.progress.connection_on_a {
            None if unusable_client(view, request).is_some() => vec![],
            None => clients_or_init(request),
            // It was named and does not exist.
            Some(_) => vec![],
        };
    };
    let b = ends.connection_on_b;
    if b.is_some_and(|b| [a.1.state, b.1.state] == [ConnectionState::Open; 2]) {
        return channel(&ends, request).into_iter().collect();
    }
    let mut next = conn_open::next(a, b).map(Next::from);
    if let Some(next) = &mut next {
        add_channel_step(next, &ends, request);
    }
    next.into_iter().collect()
}

fn create(on_a: bool, step: HandshakeStep, of: &ChainId) -> Next {
    Next {
        on_a,
        need: None,
        steps: vec![(step, Action::CreateClient { of: of.clone() })],
    }
}

fn create_on_a(request: &HandshakeRequest) -> Next {
    create(true, HandshakeStep::CreateClientOnA, &request.b)
}

fn clients_or_init(request: &HandshakeRequest) -> Vec<Next> {
    let progress = &request.progress;
    if let (Some(client_on_a), Some(client_on_b)) = (&progress.client_on_a, &progress.client_on_b) {
        let init = Action::ConnOpenInit {
            client_id: client_on_a.clone(),
            counterparty_client_id: client_on_b.clone(),
            delay_period_ns: request.delay_period_ns(),
            version: request.connection_version(),
        };
        return vec![Next {
            on_a: true,
            need: None,
            steps: vec![(HandshakeStep::ConnOpenInit, init)],
        }];
    }
    let mut steps = Vec::new();
    if progress.client_on_a.is_none() {
        steps.push(create_on_a(request));
    }
    if progress.client_on_b.is_none() {
        steps.push(create(false, HandshakeStep::CreateClientOnB, &request.a));
    }
    steps
}

/// In the same tx as `ConnOpenAck` goes `ChanOpenInit`, which needs only the connection on its
/// own chain, and with `ConnOpenConfirm` `ChanOpenTry`, for which it opens the connection.
fn add_channel_step(next: &mut Next, ends: &Ends<'_>, request: &HandshakeRequest) {
    let (Some((on_a, _)), Some((on_b, _))) = (ends.connection_on_a, ends.connection_on_b) else {
        return;
    };
    let [(step, _)] = &next.steps[..] else {
        return;
    };
    match (step, ends.channel_on_a, ends.channel_on_b) {
        (HandshakeStep::ConnOpenAck, None, _) => {
            let init = request.channel().map(|terms| chan_open_init(on_a, terms));
            next.steps.extend(init);
        }
        (HandshakeStep::ConnOpenConfirm, Some(a), None) => {
            next.need = next.need.max(Some(a.1.seen));
            next.steps.push(chan_open::open_try(a, &on_b.connection_id));
        }
        _ => {}
    }
}

fn channel(ends: &Ends<'_>, request: &HandshakeRequest) -> Option<Next> {
    let terms = request.channel()?;
    let (on_a, _) = ends.connection_on_a?;
    let Some(a) = ends.channel_on_a else {
        return Some(Next {
            on_a: true,
            need: None,
            steps: vec![chan_open_init(on_a, terms)],
        });
    };
    let (on_b, _) = ends.connection_on_b?;
    chan_open::next(a, ends.channel_on_b, &on_b.connection_id).map(Next::from)
}

/// The step that closes this end: the first of closing, unless the other end is closed already.
fn close_step(view: &View, a: &ChannelKey) -> Option<HandshakeStep> {
    let b = view.counterparty(a)?;
    let is_there = view.channel(a).is_some();
    (is_there && !is_closed(view, a)).then(|| match is_closed(view, &b) {
        true => HandshakeStep::ChanCloseConfirm,
        false => HandshakeStep::ChanCloseInit,
    })
}

/// The confirmation is left to `closing`.
fn chan_close_init(view: &View, a: &ChannelKey) -> Option<Next> {
    let step = close_step(view, a).filter(|step| *step == HandshakeStep::ChanCloseInit)?;
    let action = Action::ChanCloseInit {
        port_id: a.port_id.clone(),
        channel_id: a.channel_id.clone(),
    };
    Some(Next {
        on_a: true,
        need: None,
        steps: vec![(step, action)],
    })
}

fn chan_open_init(on_a: &ConnectionKey, terms: &ChannelTerms) -> (HandshakeStep, Action) {
    let action = Action::ChanOpenInit {
        connection_id: on_a.connection_id.clone(),
        port_id: terms.a_port.clone(),
        counterparty_port_id: terms.b_port.clone(),
        ordering: terms.ordering,
        version: terms.version.clone(),
    };
    (HandshakeStep::ChanOpenInit, action)
}

fn batch(input: &PlanInput<'_>, request: &HandshakeRequest, next: Next) -> Result<Batch, Why> {
    let (dst, src, client) = if next.on_a {
        (&request.a, &request.b, &request.progress.client_on_a)
    } else {
        (&request.b, &request.a, &request.progress.client_on_b)
    };
    let route = match (next.need, client) {
        (Some(need), Some(client)) => Some(route(input, dst, src, client, need)?),
        _ => None,
    };
    let mut work = Vec::new();
    for (step, action) in next.steps {
        let item = item(request, step);
        if let Some(why) = input.hold(&item, dst) {
            return Err(why);
        }
        work.push(Work {
            item,
            action,
            deadline_ns: u64::MAX,
        });
    }
    Ok(Batch {
        dst: dst.clone(),
        route,
        work,
        atomic: true,
    })
}

fn item(request: &HandshakeRequest, step: HandshakeStep) -> Item {
    Item::Handshake {
        a: request.a.clone(),
        b: request.b.clone(),
        step,
    }
}
