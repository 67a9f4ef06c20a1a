//! Handshakes against two chains that do what ICS-03 and ICS-04 say.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::{akash, items, kava, plan_assigned, plan_by, port, tell};
use tern_chains::{
    BlockTime, ChainId, ChannelCounterparty, ChannelEnd, ChannelId, ChannelState, ClientId,
    ClientSummary, ConnectionCounterparty, ConnectionEnd, ConnectionId, ConnectionState,
    ConnectionVersion, Ordering,
};
use tern_core::admission::{Glob, List};
use tern_core::ledger::{
    Change, ChannelKey, ChannelTerms, ClientKey, ConnectionTerms, Fact, Finding, Goal,
    HandshakeProgress, HandshakeRequest, HandshakeStep, Item, View,
};
use tern_core::plan::handshake::{completed, resume, unusable_client, Completed};
use tern_core::plan::{Action, Assignment, Batch, Work};
use tern_core::policy::Policy;

/// What one chain holds.
#[derive(Default)]
struct Model {
    clients: Vec<ClientId>,
    connections: BTreeMap<u64, ConnectionEnd>,
    channels: BTreeMap<u64, ChannelEnd>,
    findings: Vec<Finding>,
}

struct World {
    chains: BTreeMap<ChainId, Model>,
    height: u64,
}

const OPEN: ChannelState = ChannelState::Open;

impl World {
    fn new() -> Self {
        let chains = [(akash(), Model::default()), (kava(), Model::default())];
        Self {
            chains: chains.into(),
            height: 10,
        }
    }

    /// A ledger that has just read both chains.
    fn view(&self) -> View {
        self.view_by(Self::show)
    }

    /// The same, with nothing in it that is ours.
    fn view_of_strangers(&self) -> View {
        self.view_by(Self::show_strangers)
    }

    fn view_by(&self, show: fn(&Self, &mut View, &ChainId, &[Finding])) -> View {
        let mut view = View::default();
        for id in self.chains.keys() {
            tell(&mut view, [support::block_end(id, self.height)]);
        }
        for (id, model) in &self.chains {
            show(self, &mut view, id, &model.newest());
        }
        view
    }

    /// Shows state, with the clients as created by transactions of ours.
    fn show(&self, view: &mut View, id: &ChainId, findings: &[Finding]) {
        self.show_strangers(view, id, findings);
        for finding in findings {
            if let Finding::Client { client_id, .. } = finding {
                let key = ClientKey {
                    chain: id.clone(),
                    client_id: client_id.clone(),
                };
                let mut record = view.client(&key).unwrap().clone();
                record.is_ours = true;
                view.commit(&Change::Client(key, record));
            }
        }
    }

    fn show_strangers(&self, view: &mut View, id: &ChainId, findings: &[Finding]) {
        for finding in findings {
            let fact = Fact::Found {
                chain: id.clone(),
                height: self.height,
                finding: finding.clone(),
            };
            tell(view, [fact]);
        }
    }

    /// Runs a batch's messages in a block of its chain, all or none.
    fn deliver(&mut self, batch: &Batch, view: &mut View) {
        self.height += 1;
        let other = if batch.dst == akash() {
            kava()
        } else {
            akash()
        };
        let model = self.chains.get_mut(&batch.dst).unwrap();
        let before = model.findings.len();
        for work in &batch.work {
            model.execute(&work.action, &other, &batch.dst);
        }
        let findings = model.findings[before..].to_vec();
        for id in [akash(), kava()] {
            tell(view, [support::block_end(&id, self.height)]);
        }
        self.show(view, &batch.dst, &findings);
    }
}

impl Model {
    /// The chain's state as it is: the newest finding of each thing, clients
    /// before connections before channels.
    fn newest(&self) -> Vec<Finding> {
        let of = |kind: fn(&Finding) -> bool| {
            let findings = self
                .findings
                .iter()
                .rev()
                .filter(move |finding| kind(finding));
            findings.cloned()
        };
        of(|finding| matches!(finding, Finding::Client { .. }))
            .chain(of(|finding| matches!(finding, Finding::Connection { .. })))
            .chain(of(|finding| matches!(finding, Finding::Channel { .. })))
            .collect()
    }

    fn execute(&mut self, action: &Action, other: &ChainId, here: &ChainId) {
        match action {
            Action::CreateClient { of } => {
                let client_id: ClientId = format!("07-tendermint-{}", self.clients.len())
                    .parse()
                    .unwrap();
                self.clients.push(client_id.clone());
                self.findings.push(client(client_id, of));
            }
            Action::ConnOpenInit {
                client_id,
                counterparty_client_id,
                version,
                ..
            } => {
                let id = self.connections.len() as u64;
                let all = [Ordering::Ordered, Ordering::Unordered];
                let all = || ConnectionVersion::of_orders(&all);
                self.connection(
                    id,
                    ConnectionState::Init,
                    [client_id, counterparty_client_id],
                    None,
                    vec![version.clone().unwrap_or_else(all)],
                );
            }
            Action::ConnOpenTry {
                client_id,
                counterparty_client_id,
                counterparty_connection_id,
            } => {
                let id = self.connections.len() as u64;
                let counterparty = Some(counterparty_connection_id.clone());
                let state = ConnectionState::TryOpen;
                let clients = [client_id, counterparty_client_id];
                self.connection(id, state, clients, counterparty, vec![]);
            }
            Action::ConnOpenAck {
                connection_id,
                counterparty_connection_id,
                ..
            } => {
                let old = self.open_connection(connection_id, ConnectionState::Init);
                let counterparty = Some(counterparty_connection_id.clone());
                let (id, state) = (number(connection_id.as_str()), ConnectionState::Open);
                let clients = [&old.client_id, &old.counterparty.client_id];
                self.connection(id, state, clients, counterparty, old.versions);
            }
            Action::ConnOpenConfirm { connection_id, .. } => {
                let old = self.open_connection(connection_id, ConnectionState::TryOpen);
                let counterparty = old.counterparty.connection_id.clone();
                let (id, state) = (number(connection_id.as_str()), ConnectionState::Open);
                let clients = [&old.client_id, &old.counterparty.client_id];
                self.connection(id, state, clients, counterparty, old.versions);
            }
            channel => self.execute_channel(channel, here, other),
        }
    }

    fn execute_channel(&mut self, action: &Action, here: &ChainId, _other: &ChainId) {
        match action {
            Action::ChanOpenInit {
                connection_id,
                ordering,
                ..
            } => {
                let id = self.channels.len() as u64;
                self.channel(here, id, ChannelState::Init, *ordering, connection_id, None);
            }
            Action::ChanOpenTry {
                connection_id,
                counterparty_channel_id,
                ..
            } => {
                let connection = &self.connections[&number(connection_id.as_str())];
                assert_eq!(
                    connection.state,
                    ConnectionState::Open,
                    "ICS-04 chanOpenTry"
                );
                let id = self.channels.len() as u64;
                let remote = Some(counterparty_channel_id.clone());
                let ordering = Ordering::Unordered;
                self.channel(
                    here,
                    id,
                    ChannelState::TryOpen,
                    ordering,
                    connection_id,
                    remote,
                );
            }
            Action::ChanOpenAck {
                channel_id,
                counterparty_channel_id,
                ..
            } => {
                let id = number(channel_id.as_str());
                let old = self.channels[&id].clone();
                assert_eq!(old.state, ChannelState::Init);
                let remote = Some(counterparty_channel_id.clone());
                self.channel(
                    here,
                    id,
                    OPEN,
                    old.ordering,
                    &old.connection_hops[0],
                    remote,
                );
            }
            Action::ChanOpenConfirm { channel_id, .. } => {
                let id = number(channel_id.as_str());
                let old = self.channels[&id].clone();
                assert_eq!(old.state, ChannelState::TryOpen);
                let remote = old.counterparty.channel_id.clone();
                self.channel(
                    here,
                    id,
                    OPEN,
                    old.ordering,
                    &old.connection_hops[0],
                    remote,
                );
            }
            other => panic!("not a handshake step: {other:?}"),
        }
    }

    fn open_connection(&self, id: &ConnectionId, expected: ConnectionState) -> ConnectionEnd {
        let end = self.connections[&number(id.as_str())].clone();
        assert_eq!(end.state, expected, "ICS-03");
        end
    }

    fn connection(
        &mut self,
        id: u64,
        state: ConnectionState,
        [client_id, counterparty_client_id]: [&ClientId; 2],
        counterparty: Option<ConnectionId>,
        versions: Vec<ConnectionVersion>,
    ) {
        let end = ConnectionEnd {
            state,
            client_id: client_id.clone(),
            counterparty: ConnectionCounterparty {
                client_id: counterparty_client_id.clone(),
                connection_id: counterparty,
                prefix: b"ibc".to_vec(),
            },
            versions,
            delay_period_ns: 0,
        };
        self.connections.insert(id, end.clone());
        let connection_id = ConnectionId::new(id);
        self.findings
            .push(Finding::Connection { connection_id, end });
    }

    fn channel(
        &mut self,
        here: &ChainId,
        id: u64,
        state: ChannelState,
        ordering: Ordering,
        connection_id: &ConnectionId,
        counterparty: Option<ChannelId>,
    ) {
        let end = ChannelEnd {
            state,
            ordering,
            counterparty: ChannelCounterparty {
                port_id: port(),
                channel_id: counterparty,
            },
            connection_hops: vec![connection_id.clone()],
            version: "ics20-1".into(),
        };
        self.channels.insert(id, end.clone());
        let key = ChannelKey {
            chain: here.clone(),
            port_id: port(),
            channel_id: ChannelId::new(id),
        };
        self.findings.push(Finding::Channel { key, end });
    }
}

fn client(client_id: ClientId, of: &ChainId) -> Finding {
    Finding::Client {
        client_id,
        summary: ClientSummary {
            chain_id: of.clone(),
            latest_height: 2,
            trusting_period: Duration::from_secs(1_000_000),
            frozen: false,
            flaws: vec![],
        },
        consensus_time: BlockTime(1),
    }
}

fn number(id: &str) -> u64 {
    id.rsplit('-').next().unwrap().parse().unwrap()
}

fn request() -> HandshakeRequest {
    HandshakeRequest {
        a: akash(),
        b: kava(),
        goal: Goal::Channel(ChannelTerms {
            a_port: port(),
            b_port: port(),
            ordering: Ordering::Unordered,
            version: String::new(),
        }),
        progress: HandshakeProgress::default(),
        only: None,
    }
}

/// One round: resume, plan, deliver. Returns the txs that were sent.
fn round(world: &mut World, view: &mut View, request: &mut HandshakeRequest) -> usize {
    *request = resume(view, request);
    let plan = plan_assigned(view, &Assignment::nothing(), std::slice::from_ref(request));
    for batch in &plan.batches {
        world.deliver(batch, view);
    }
    plan.batches.len()
}

#[test]
fn a_channel_opens_from_nothing_in_seven_rounds() {
    let (mut world, mut request) = (World::new(), request());
    let mut view = world.view();
    let mut txs = Vec::new();
    while completed(&view, &request).is_none() {
        txs.push(round(&mut world, &mut view, &mut request));
        assert!(txs.len() < 20, "does not end: {txs:?}");
        request = resume(&view, &request);
    }
    // Both clients at once, then one tx a round.
    assert_eq!(txs, [2, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn stopped_after_any_round_it_goes_on_with_what_is_there() {
    for stop in 0..7 {
        let (mut world, mut first) = (World::new(), request());
        let mut view = world.view();
        for _ in 0..stop {
            round(&mut world, &mut view, &mut first);
        }
        // A new process with no memory.
        let (mut view, mut second) = (world.view(), request());
        for _ in 0..20 {
            if completed(&view, &second).is_some() {
                break;
            }
            round(&mut world, &mut view, &mut second);
            second = resume(&view, &second);
        }
        assert!(
            completed(&view, &second).is_some(),
            "stopped after round {stop}"
        );
        for model in world.chains.values() {
            let made = (
                model.clients.len(),
                model.connections.len(),
                model.channels.len(),
            );
            let expected = if stop == 7 { (2, 2, 2) } else { (1, 1, 1) };
            assert_eq!(made, expected, "stopped after round {stop}");
        }
    }
}

/// What is made for a goal, round by round, and how many clients, connections and channels
/// there are on each chain then.
fn made(world: &mut World, goal: Goal) -> (Completed, Vec<usize>, [[usize; 3]; 2]) {
    let mut request = HandshakeRequest { goal, ..request() };
    let mut view = world.view();
    let mut txs = Vec::new();
    loop {
        request = resume(&view, &request);
        if let Some(made) = completed(&view, &request) {
            let counts = [akash(), kava()].map(|chain| {
                let model = &world.chains[&chain];
                let channels = model.channels.len();
                [model.clients.len(), model.connections.len(), channels]
            });
            return (made, txs, counts);
        }
        txs.push(round(world, &mut view, &mut request));
        assert!(txs.len() < 20, "does not end: {txs:?}");
    }
}

#[test]
fn a_client_alone_is_made_on_one_chain_and_one_without_a_connection_is_taken() {
    let mut world = World::new();
    let client = Completed::Client(ClientKey {
        chain: akash(),
        client_id: "07-tendermint-0".parse().unwrap(),
    });
    let (made_first, txs, counts) = made(&mut world, Goal::Client);
    assert_eq!((made_first, txs), (client.clone(), vec![1]));
    assert_eq!(counts, [[1, 0, 0], [0, 0, 0]]);
    let (made_again, txs, _) = made(&mut world, Goal::Client);
    assert_eq!((made_again, txs), (client, vec![]));
}

#[test]
fn a_connection_alone_is_made_with_its_clients_and_a_channel_goes_over_it_later() {
    let mut world = World::new();
    let (connection, txs, counts) = made(&mut world, Goal::Connection(ConnectionTerms::default()));
    assert!(matches!(connection, Completed::Connection(..)));
    assert_eq!(txs, [2, 1, 1, 1, 1]);
    assert_eq!(counts, [[1, 1, 0], [1, 1, 0]]);
    let (channel, _, counts) = made(&mut world, request().goal);
    let Completed::Channel {
        connection_on_a,
        connection_on_b,
        ..
    } = channel
    else {
        panic!("{channel:?}");
    };
    assert_eq!(
        connection,
        Completed::Connection(connection_on_a, connection_on_b)
    );
    assert_eq!(counts, [[1, 1, 1], [1, 1, 1]]);
    // One that carries a channel is not taken for a new one.
    let (_, _, counts) = made(&mut world, Goal::Connection(ConnectionTerms::default()));
    assert_eq!(counts, [[2, 2, 1], [2, 2, 1]]);
}

#[test]
fn a_second_channel_is_a_new_one() {
    let mut world = World::new();
    let mut opened = Vec::new();
    for _ in 0..2 {
        let (mut view, mut request) = (world.view(), request());
        while completed(&view, &request).is_none() {
            round(&mut world, &mut view, &mut request);
            request = resume(&view, &request);
        }
        let Some(Completed::Channel { a, .. }) = completed(&view, &request) else {
            panic!("no channel");
        };
        opened.push(a.channel_id);
    }
    assert_eq!(opened, [ChannelId::new(0), ChannelId::new(1)]);
}

#[test]
fn a_given_connection_is_used() {
    let mut world = World::new();
    let (mut view, mut first) = (world.view(), request());
    while completed(&view, &first).is_none() {
        round(&mut world, &mut view, &mut first);
        first = resume(&view, &first);
    }
    let mut second = request();
    second.progress.connection_on_a = Some(ConnectionId::new(0));
    let mut rounds = 0;
    let mut view = world.view();
    second = resume(&view, &second);
    while completed(&view, &second).is_none() {
        round(&mut world, &mut view, &mut second);
        second = resume(&view, &second);
        rounds += 1;
        assert!(rounds < 20);
    }
    assert_eq!(rounds, 4);
    assert!(world
        .chains
        .values()
        .all(|model| model.connections.len() == 1));
}

#[test]
fn what_strangers_left_unfinished_is_not_gone_on_with() {
    // Clients without a connection, and a connection without a channel.
    for rounds in [1, 5] {
        let (mut world, mut strangers) = (World::new(), request());
        let mut view = world.view();
        for _ in 0..rounds {
            round(&mut world, &mut view, &mut strangers);
        }
        let (mut view, mut ours) = (world.view_of_strangers(), request());
        for _ in 0..20 {
            round(&mut world, &mut view, &mut ours);
            ours = resume(&view, &ours);
        }
        assert!(completed(&view, &ours).is_some(), "{rounds}");
        let own: ClientId = "07-tendermint-1".parse().unwrap();
        assert_eq!(ours.progress.client_on_a.as_ref(), Some(&own), "{rounds}");
        assert_eq!(ours.progress.client_on_b.as_ref(), Some(&own), "{rounds}");
    }
}

#[test]
fn no_connection_is_made_over_a_client_that_has_expired() {
    let (mut world, mut request) = (World::new(), request());
    let mut view = world.view();
    assert_eq!(round(&mut world, &mut view, &mut request), 2);
    request = resume(&view, &request);
    assert_eq!(unusable_client(&view, &request), None);
    // Longer than their trusting periods, as where a chain has halted.
    world.height += 2_000_000;
    for id in [akash(), kava()] {
        tell(&mut view, [support::block_end(&id, world.height)]);
    }
    for _ in 0..3 {
        assert_eq!(round(&mut world, &mut view, &mut request), 0);
    }
    let unusable = unusable_client(&view, &request).unwrap();
    assert_eq!(Some(unusable.client_id), request.progress.client_on_a);
}

#[test]
fn a_client_that_expires_under_a_connection_is_named() {
    let (mut world, mut request) = (World::new(), request());
    let mut view = world.view();
    for _ in 0..3 {
        round(&mut world, &mut view, &mut request);
    }
    request = resume(&view, &request);
    assert!(request.progress.connection_on_a.is_some());
    assert_eq!(unusable_client(&view, &request), None);
    world.height += 2_000_000;
    for id in [akash(), kava()] {
        tell(&mut view, [support::block_end(&id, world.height)]);
    }
    request = resume(&view, &request);
    assert!(unusable_client(&view, &request).is_some());
}

/// Limits under which channels are opened to the end that somebody has begun on such a port.
fn finishing(port: &str) -> Policy {
    let mut policy = Policy::default();
    policy.admission.everywhere.finish_channels = vec![Glob::new(port)];
    policy
}

/// Somebody begins a channel on a chain.
fn begin(world: &mut World, view: &mut View, chain: ChainId) {
    let batch = Batch {
        dst: chain.clone(),
        route: None,
        work: vec![Work {
            item: Item::Handshake {
                a: chain.clone(),
                b: chain,
                step: HandshakeStep::ChanOpenInit,
            },
            action: Action::ChanOpenInit {
                connection_id: ConnectionId::new(0),
                port_id: port(),
                counterparty_port_id: port(),
                ordering: Ordering::Unordered,
                version: String::new(),
            },
            deadline_ns: u64::MAX,
        }],
        atomic: true,
    };
    world.deliver(&batch, view);
}

/// Limits under which connections are opened to the end that somebody has begun over such a
/// client.
fn connecting(client: &str) -> Policy {
    let mut policy = Policy::default();
    policy.admission.everywhere.finish_connections = vec![Glob::new(client)];
    policy
}

/// Somebody begins a connection on a chain, over the first clients.
fn begin_connection(world: &mut World, view: &mut View, chain: ChainId) {
    let client: ClientId = "07-tendermint-0".parse().unwrap();
    let batch = Batch {
        dst: chain.clone(),
        route: None,
        work: vec![Work {
            item: Item::Handshake {
                a: chain.clone(),
                b: chain,
                step: HandshakeStep::ConnOpenInit,
            },
            action: Action::ConnOpenInit {
                client_id: client.clone(),
                counterparty_client_id: client,
                delay_period_ns: 0,
                version: None,
            },
            deadline_ns: u64::MAX,
        }],
        atomic: true,
    };
    world.deliver(&batch, view);
}

fn connection_states(view: &View) -> Vec<ConnectionState> {
    view.connections().map(|(_, end)| end.state).collect()
}

/// Runs plans until there is nothing to do; the steps in the order they were done.
fn finish(world: &mut World, view: &mut View, policy: &Policy) -> Vec<Vec<HandshakeStep>> {
    let mut done = Vec::new();
    loop {
        let plan = plan_by(view, policy, &[]);
        let steps = items(&plan).into_iter().map(|item| match item {
            Item::Channel { step, .. } | Item::Connection { step, .. } => step,
            other => panic!("{other:?}"),
        });
        let steps: Vec<_> = steps.collect();
        if steps.is_empty() {
            return done;
        }
        done.push(steps);
        assert!(done.len() < 20, "does not end: {done:?}");
        for batch in &plan.batches {
            world.deliver(batch, view);
        }
    }
}

fn states(view: &View) -> Vec<ChannelState> {
    view.channels().map(|(_, end)| end.state).collect()
}

/// Two chains with an open connection.
fn connected() -> (World, View) {
    let mut world = World::new();
    made(&mut world, Goal::Connection(ConnectionTerms::default()));
    let view = world.view();
    (world, view)
}

#[test]
fn a_channel_that_somebody_has_begun_is_opened_only_on_a_port_that_the_operator_names() {
    use HandshakeStep::{ChanOpenAck, ChanOpenConfirm, ChanOpenTry};
    let (mut world, mut view) = connected();
    begin(&mut world, &mut view, akash());
    let none: Vec<Vec<HandshakeStep>> = vec![];
    assert_eq!(finish(&mut world, &mut view, &Policy::default()), none);
    assert_eq!(finish(&mut world, &mut view, &finishing("ica*")), none);
    let mut denied = finishing("*");
    denied.admission.everywhere.connections = List {
        deny: vec![Glob::new("connection-0")],
        ..List::default()
    };
    assert_eq!(finish(&mut world, &mut view, &denied), none);
    let steps = finish(&mut world, &mut view, &finishing("trans*"));
    assert_eq!(
        steps,
        [[ChanOpenTry], [ChanOpenAck], [ChanOpenConfirm]].map(Vec::from)
    );
    assert_eq!(states(&view), [OPEN; 2]);
}

#[test]
fn a_connection_that_somebody_has_begun_is_opened_only_over_a_client_that_the_operator_names() {
    use HandshakeStep::{ConnOpenAck, ConnOpenConfirm, ConnOpenTry};
    let (mut world, mut view) = connected();
    begin_connection(&mut world, &mut view, akash());
    let none: Vec<Vec<HandshakeStep>> = vec![];
    assert_eq!(finish(&mut world, &mut view, &Policy::default()), none);
    let other = connecting("07-tendermint-7");
    assert_eq!(finish(&mut world, &mut view, &other), none);
    let mut denied = connecting("*");
    denied.admission.everywhere.clients = List {
        deny: vec![Glob::new("07-tendermint-0")],
        ..List::default()
    };
    assert_eq!(finish(&mut world, &mut view, &denied), none);
    let steps = finish(&mut world, &mut view, &connecting("07-tendermint-0"));
    assert_eq!(
        steps,
        [[ConnOpenTry], [ConnOpenAck], [ConnOpenConfirm]].map(Vec::from)
    );
    assert_eq!(connection_states(&view), [ConnectionState::Open; 4]);
}

#[test]
fn connections_that_were_begun_on_both_chains_at_once_are_both_opened() {
    let (mut world, mut view) = connected();
    begin_connection(&mut world, &mut view, akash());
    begin_connection(&mut world, &mut view, kava());
    finish(&mut world, &mut view, &connecting("*"));
    assert_eq!(connection_states(&view), [ConnectionState::Open; 6]);
}

#[test]
fn a_connection_that_a_command_opens_is_not_opened_besides() {
    let (mut world, mut view) = connected();
    begin_connection(&mut world, &mut view, akash());
    let terms = ConnectionTerms::default();
    let request = HandshakeRequest {
        goal: Goal::Connection(terms),
        ..request()
    };
    let plan = plan_by(&view, &connecting("*"), &[request]);
    let is_handshake = |item: &Item| matches!(item, Item::Handshake { .. });
    assert!(items(&plan).iter().all(is_handshake), "{plan:?}");
}

#[test]
fn of_many_connections_that_were_begun_some_are_opened_at_a_time() {
    let (mut world, mut view) = connected();
    for _ in 0..20 {
        begin_connection(&mut world, &mut view, akash());
    }
    let policy = connecting("*");
    let plan = plan_by(&view, &policy, &[]);
    assert_eq!(plan.batches.len(), policy.channel_steps_max);
}

#[test]
fn a_connection_for_other_orders_is_not_gone_on_with() {
    use Ordering::{Ordered, Unordered};
    let terms = |orders: &[Ordering]| ConnectionTerms {
        orders: orders.to_vec(),
        ..ConnectionTerms::default()
    };
    let (mut world, mut ids) = (World::new(), vec![]);
    let all: [&[Ordering]; 4] = [&[Unordered], &[], &[Unordered], &[Ordered, Unordered]];
    for orders in all {
        let (connection, ..) = made(&mut world, Goal::Connection(terms(orders)));
        let Completed::Connection(on_a, _) = connection else {
            panic!("no connection");
        };
        ids.push(on_a.connection_id);
    }
    assert_eq!(ids, [0, 1, 0, 1].map(ConnectionId::new));
}

#[test]
fn channels_that_were_begun_on_both_chains_at_once_are_both_opened() {
    let (mut world, mut view) = connected();
    begin(&mut world, &mut view, akash());
    begin(&mut world, &mut view, kava());
    finish(&mut world, &mut view, &finishing("*"));
    // ICS-04 has no crossing hellos any more: each try makes an end of its own.
    assert_eq!(states(&view), [OPEN; 4]);
}

#[test]
fn what_a_command_opens_is_not_opened_besides() {
    let (mut world, mut view) = connected();
    let mut request = request();
    while request.progress.channel_on_a.is_none() {
        round(&mut world, &mut view, &mut request);
        request = resume(&view, &request);
    }
    let plan = plan_by(&view, &finishing("*"), &[request]);
    assert_eq!(plan.batches.len(), 1);
    assert!(matches!(items(&plan)[..], [Item::Handshake { .. }]));
}

#[test]
fn of_many_channels_that_were_begun_some_are_opened_at_a_time() {
    let (mut world, mut view) = connected();
    for _ in 0..20 {
        begin(&mut world, &mut view, akash());
    }
    let policy = finishing("*");
    let plan = plan_by(&view, &policy, &[]);
    assert_eq!(plan.batches.len(), policy.channel_steps_max);
}
