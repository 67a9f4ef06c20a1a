//! A client, a connection or a channel to be made.

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;
use tern_core::ledger::{
    ChannelKey, ClientKey, ConnectionKey, ConnectionRecord, Entry, Fact, Finding, Goal,
    HandshakeRequest, HandshakeStep, Item, View,
};
use tern_core::plan::handshake::{self, Completed, EndState};
use tern_core::plan::Plan;
use tern_core::policy::Policy;
use tokio::sync::{mpsc, oneshot};

use super::Situation;

/// What was asked for and is there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Made {
    Client(ClientKey),
    Connection(OpenedConnection),
    Channel(OpenedChannel),
    Closed(ClosedChannel),
    Step(StepDone),
}

/// Both ends of a connection that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedConnection {
    pub on_a: (ConnectionKey, ConnectionRecord),
    pub on_b: (ConnectionKey, ConnectionRecord),
}

/// Both ends of a channel that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedChannel {
    pub a: ChannelKey,
    pub b: ChannelKey,
    pub connection: OpenedConnection,
    pub version: String,
}

/// Both ends of a channel that is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedChannel {
    pub a: ChannelKey,
    pub b: ChannelKey,
}

/// One step that was asked for, and how the ends are after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    pub step: HandshakeStep,
    pub ends: Vec<EndState>,
}

/// A client, connection or channel that has changed in a block, for whoever waits
/// for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeNote {
    pub chain: ChainId,
    pub height: u64,
    /// Such as `connection-0 OPEN`.
    pub what: String,
}

/// A request and who waits for it.
pub struct Make {
    pub request: HandshakeRequest,
    /// Gets a note of every change, as long as there is room in it.
    notes: mpsc::Sender<HandshakeNote>,
    reply: oneshot::Sender<Result<Made, String>>,
    /// Both chains were ready once: what comes now is new.
    has_begun: bool,
    /// Of a request for one step: it was the next one.
    is_its_turn: bool,
}

impl Make {
    pub fn new(
        request: HandshakeRequest,
        notes: mpsc::Sender<HandshakeNote>,
        reply: oneshot::Sender<Result<Made, String>>,
    ) -> Self {
        Self {
            request,
            notes,
            reply,
            has_begun: false,
            is_its_turn: false,
        }
    }

    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn answer(self, outcome: Result<Made, String>) {
        let _ = self.reply.send(outcome);
    }

    pub fn resume(&mut self, view: &View) {
        self.request = handshake::resume(view, &self.request);
        self.has_begun = true;
    }

    pub fn observe(&self, entry: &Entry) {
        if !self.has_begun {
            return;
        }
        let note = note(entry).filter(|note| {
            let HandshakeRequest { a, b, .. } = &self.request;
            [a, b].contains(&&note.chain)
        });
        if let Some(note) = note {
            // Whoever is too slow to print them misses some.
            let _ = self.notes.try_send(note);
        }
    }

    pub fn outcome(&mut self, plan: &Plan, now: &Situation<'_>) -> Option<Result<Made, String>> {
        if let Some(only) = self.request.only {
            return self.outcome_of(only, plan, now);
        }
        if let Some(made) = made(now.view, &self.request) {
            return Some(Ok(made));
        }
        let wrong = match self.has_begun {
            true => wrong(now.view, &self.request),
            false => None,
        };
        let reason = wrong.or_else(|| failed_step(now.view, plan, &self.request, now.policy));
        reason.map(Err)
    }

    /// The same of one step: it is done when another one is the next after it.
    fn outcome_of(
        &mut self,
        only: HandshakeStep,
        plan: &Plan,
        now: &Situation<'_>,
    ) -> Option<Result<Made, String>> {
        if !self.has_begun {
            return None;
        }
        let request = &self.request;
        let next = handshake::next_step(now.view, request);
        let is_next = next.as_ref().is_some_and(|(step, _)| *step == only);
        let ends = || handshake::ends_of(now.view, request);
        if !is_next && self.is_its_turn {
            return Some(Ok(Made::Step(StepDone {
                step: only,
                ends: ends(),
            })));
        }
        self.is_its_turn |= is_next;
        let wrong = wrong(now.view, request);
        let reason = wrong.or_else(|| match is_next {
            true => failed_step(now.view, plan, request, now.policy),
            false => Some(not_its_turn(only, next, &ends())),
        });
        reason.map(Err)
    }
}

/// Why a step cannot be done now.
fn not_its_turn(
    only: HandshakeStep,
    next: Option<(HandshakeStep, ChainId)>,
    ends: &[EndState],
) -> String {
    let said = |EndState { chain, end, state }: &EndState| format!("{end} on {chain} is {state}");
    let mut ends: Vec<String> = ends.iter().map(said).collect();
    if ends.is_empty() {
        ends.push("there is no end yet".to_owned());
    }
    let next = match next {
        Some((step, chain)) => format!("the next step is {step:?}, on {chain}"),
        None => "there is no next step".to_owned(),
    };
    format!("{only:?} cannot be done now: {}; {next}", ends.join(", "))
}

fn note(entry: &Entry) -> Option<HandshakeNote> {
    let Entry::Fact(Fact::Found {
        chain,
        height,
        finding,
    }) = entry
    else {
        return None;
    };
    let what = match finding {
        Finding::Client {
            client_id, summary, ..
        } => format!("client {client_id} of {}", summary.chain_id),
        Finding::Connection { connection_id, end } => format!("{connection_id} {}", end.state),
        Finding::Channel { key, end } => {
            format!("{}/{} {}", key.port_id, key.channel_id, end.state)
        }
        Finding::Trusted(_)
        | Finding::HeaderChecked { .. }
        | Finding::RevisionEnds { .. }
        | Finding::Received { .. }
        | Finding::NotReceived { .. }
        | Finding::NotAcknowledged { .. }
        | Finding::Settled { .. }
        | Finding::NotSettled { .. } => return None,
    };
    Some(HandshakeNote {
        chain: chain.clone(),
        height: *height,
        what,
    })
}

fn made(view: &View, request: &HandshakeRequest) -> Option<Made> {
    let connection = |a: ConnectionKey, b: ConnectionKey| {
        let end = |key: ConnectionKey| {
            let record = view.connection(&key)?.clone();
            Some((key, record))
        };
        Some(OpenedConnection {
            on_a: end(a)?,
            on_b: end(b)?,
        })
    };
    Some(match handshake::completed(view, request)? {
        Completed::Client(client) => Made::Client(client),
        Completed::Connection(a, b) => Made::Connection(connection(a, b)?),
        Completed::Channel {
            a,
            b,
            connection_on_a,
            connection_on_b,
        } => Made::Channel(OpenedChannel {
            version: view.channel(&a)?.version.clone(),
            connection: connection(connection_on_a, connection_on_b)?,
            a,
            b,
        }),
        Completed::Closed { a, b } => Made::Closed(ClosedChannel { a, b }),
    })
}

/// Whether an item is one of those that the request is done with.
pub fn is_step(view: &View, request: &HandshakeRequest, item: &Item) -> bool {
    match (item, &request.goal) {
        (Item::Handshake { a, b, .. }, _) => [a, b] == [&request.a, &request.b],
        (Item::Channel { end, .. }, Goal::Close(a)) => {
            end == a || view.counterparty(a).as_ref() == Some(end)
        }
        _ => false,
    }
}

/// The step that has failed too often, if there is one.
fn failed_step(
    view: &View,
    plan: &Plan,
    request: &HandshakeRequest,
    policy: &Policy,
) -> Option<String> {
    let is_step = |item: &Item| is_step(view, request, item);
    let waits = plan.waits.iter().filter(|wait| is_step(&wait.item));
    let mut failures = waits.filter_map(|wait| Some((&wait.item, view.failure(&wait.item)?)));
    let (item, failure) = failures.find(|(_, failure)| failure.is_given_up(policy))?;
    Some(format!(
        "{item} failed {} times: {}",
        failure.tries, failure.reason
    ))
}

/// Why what the request has cannot serve it.
fn wrong(view: &View, request: &HandshakeRequest) -> Option<String> {
    let client = handshake::unusable_client(view, request);
    let client = client.map(|key| {
        format!(
            "client {} on {} has expired, or is frozen: run the command again without a \
             connection or client, and it creates another one",
            key.client_id, key.chain
        )
    });
    client
        .or_else(|| wrong_connection(view, request))
        .or_else(|| wrong_channel(view, request))
}

/// Why the connection that the request was given cannot serve it.
fn wrong_connection(view: &View, request: &HandshakeRequest) -> Option<String> {
    let key = ConnectionKey {
        chain: request.a.clone(),
        connection_id: request.progress.connection_on_a.clone()?,
    };
    match view.connection(&key) {
        None => Some(format!(
            "there is no connection {key}: `tern query connections {}` lists them",
            key.chain
        )),
        Some(end) if end.counterparty_chain != request.b => Some(format!(
            "connection {key} leads to {}, not to {}",
            end.counterparty_chain, request.b
        )),
        Some(_) => None,
    }
}

/// Why there is no channel to be closed.
fn wrong_channel(view: &View, request: &HandshakeRequest) -> Option<String> {
    let Goal::Close(key) = &request.goal else {
        return None;
    };
    match view.channel(key) {
        None => Some(format!(
            "there is no channel {key}: `tern query channels {}` lists them",
            key.chain
        )),
        Some(end) if end.counterparty_chain != request.b => Some(format!(
            "channel {key} leads to {}, not to {}",
            end.counterparty_chain, request.b
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Ordering, PortId};
    use tern_core::ledger::{Change, ChannelTerms, Failure, HandshakeProgress};
    use tern_core::plan::{Wait, Why};

    use super::*;

    fn request() -> HandshakeRequest {
        HandshakeRequest {
            a: ChainId::from_string("a-1"),
            b: ChainId::from_string("b-1"),
            goal: Goal::Channel(ChannelTerms {
                a_port: PortId::transfer(),
                b_port: PortId::transfer(),
                ordering: Ordering::Unordered,
                version: String::new(),
            }),
            progress: HandshakeProgress::default(),
            only: None,
        }
    }

    fn step(a: &str) -> Item {
        Item::Handshake {
            a: ChainId::from_string(a),
            b: ChainId::from_string("b-1"),
            step: HandshakeStep::ConnOpenTry,
        }
    }

    fn failed(a: &str, refusals: u32) -> Option<String> {
        let mut view = View::default();
        let failure = Failure {
            refusals,
            tries: refusals,
            not_before: 9,
            reason: "no proof".to_owned(),
            together_max: None,
            has_expired: false,
        };
        view.commit(&Change::Failure(step(a), Some(failure)));
        let wait = Wait {
            item: step(a),
            why: Why::InFlight,
        };
        let plan = Plan {
            batches: vec![],
            waits: vec![wait],
        };
        failed_step(&view, &plan, &request(), &Policy::default())
    }

    #[test]
    fn a_step_that_has_failed_too_often_ends_the_request_with_its_reason() {
        let reason = failed("a-1", 3).unwrap();
        assert!(reason.ends_with("failed 3 times: no proof"), "{reason}");
        assert_eq!(failed("a-1", 2), None);
    }

    #[test]
    fn steps_of_other_requests_do_not_end_it() {
        assert_eq!(failed("c-1", 3), None);
    }

    #[test]
    fn a_step_that_cannot_be_done_now_says_what_there_is_and_what_comes_next() {
        let end = EndState {
            chain: ChainId::from_string("a-1"),
            end: "connection-0".to_owned(),
            state: "INIT".to_owned(),
        };
        let next = Some((HandshakeStep::ConnOpenTry, ChainId::from_string("b-1")));
        assert_eq!(
            not_its_turn(HandshakeStep::ConnOpenAck, next, &[end]),
            "ConnOpenAck cannot be done now: connection-0 on a-1 is INIT; the next step is \
             ConnOpenTry, on b-1"
        );
        assert_eq!(
            not_its_turn(HandshakeStep::ConnOpenAck, None, &[]),
            "ConnOpenAck cannot be done now: there is no end yet; there is no next step"
        );
    }

    #[test]
    fn a_connection_that_does_not_exist_is_named() {
        let mut request = request();
        assert_eq!(wrong_connection(&View::default(), &request), None);
        request.progress.connection_on_a = Some("connection-7".parse().unwrap());
        let reason = wrong_connection(&View::default(), &request).unwrap();
        assert!(reason.contains("connection-7"), "{reason}");
    }
}
