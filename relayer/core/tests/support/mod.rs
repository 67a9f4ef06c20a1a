//! Two chains with one open channel, as values.

#![allow(dead_code)] // Each test file uses its part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use tern_chains::{
    BlockTime, Body, ChainId, ChannelId, ChannelState, ClientId, ClientSummary, ConnectionId,
    ConnectionState, End, Event, Height, HeightRules, Ordering, Packet, PortId, Sequence, Timeout,
};
use tern_core::budget::Pauses;
use tern_core::ledger::{
    apply, Change, ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey,
    ConnectionRecord, Entry, Fact, HandshakeRequest, Head, Item, View,
};
use tern_core::plan::{plan, Assignment, Paused, Plan, PlanInput};
use tern_core::policy::Policy;

pub const SECOND: u64 = 1_000_000_000;

pub fn akash() -> ChainId {
    AKASH.clone()
}

pub fn kava() -> ChainId {
    KAVA.clone()
}

static AKASH: LazyLock<ChainId> = LazyLock::new(|| ChainId::from_string("akash-1"));
static KAVA: LazyLock<ChainId> = LazyLock::new(|| ChainId::from_string("kava-1"));

/// Block `height` is made at `height` seconds.
pub fn head(height: u64) -> Head {
    Head {
        height,
        time: BlockTime(height * SECOND),
    }
}

pub fn port() -> PortId {
    PortId::transfer()
}

pub fn end(chain: &ChainId) -> ChannelKey {
    ChannelKey {
        chain: chain.clone(),
        port_id: port(),
        channel_id: ChannelId::new(0),
    }
}

pub fn client_id() -> ClientId {
    "07-tendermint-0".parse().unwrap()
}

fn client(of: &ChainId, latest_height: u64) -> ClientRecord {
    ClientRecord {
        summary: ClientSummary {
            chain_id: of.clone(),
            latest_height,
            trusting_period: Duration::from_secs(1_000_000),
            frozen: false,
            flaws: vec![],
        },
        updated: BlockTime(0),
        seen: 1,
        is_ours: false,
    }
}

/// Both ends of an open channel, heads at 10, clients at 2.
pub fn open_channel(ordering: Ordering) -> View {
    let mut view = View::default();
    changes_of_open_channel(ordering)
        .iter()
        .for_each(|change| view.commit(change));
    view
}

pub fn changes_of_open_channel(ordering: Ordering) -> Vec<Change> {
    let mut all = Vec::new();
    for (here, there) in [(akash(), kava()), (kava(), akash())] {
        all.extend([
            Change::Head(here.clone(), head(10)),
            Change::Client(
                ClientKey {
                    chain: here.clone(),
                    client_id: client_id(),
                },
                client(&there, 2),
            ),
            Change::Connection(
                ConnectionKey {
                    chain: here.clone(),
                    connection_id: ConnectionId::new(0),
                },
                ConnectionRecord {
                    state: ConnectionState::Open,
                    client_id: client_id(),
                    counterparty_chain: there.clone(),
                    counterparty_client_id: client_id(),
                    counterparty_connection_id: Some(ConnectionId::new(0)),
                    delay_period_ns: 0,
                    versions: vec![],
                    seen: 1,
                },
            ),
            Change::Channel(end(&here), channel(&there, ordering)),
        ]);
    }
    all
}

fn channel(there: &ChainId, ordering: Ordering) -> ChannelRecord {
    ChannelRecord {
        state: ChannelState::Open,
        ordering,
        version: "ics20-1".into(),
        connection_id: ConnectionId::new(0),
        client_id: client_id(),
        counterparty_chain: there.clone(),
        counterparty_port_id: port(),
        counterparty_channel_id: Some(ChannelId::new(0)),
        seen: 1,
    }
}

/// A packet from akash, timing out at `timeout_s` seconds on kava; 0: never.
pub fn packet(sequence: u64, timeout_s: u64) -> Packet {
    Packet {
        src: channel_end(),
        dst: channel_end(),
        sequence: Sequence::from(sequence),
        timeout: Timeout {
            height: Height::default(),
            timestamp_ns: timeout_s * SECOND,
        },
        body: Body::V1 {
            data: vec![1, 2, 3],
        },
    }
}

pub fn with_timeout_height(sequence: u64, height: u64) -> Packet {
    let mut packet = packet(sequence, 0);
    packet.timeout.height = Height::new(1, height);
    packet
}

/// Both ends have the same names.
pub fn channel_end() -> End {
    End::channel(&port(), &ChannelId::new(0))
}

/// Heights as with Tendermint light clients: state of h is proven at h + 1.
pub const TENDERMINT: HeightRules = HeightRules {
    proof_lag: 1,
    finality_lag: 0,
};

pub fn event(chain: &ChainId, height: u64, event: Event) -> Fact {
    Fact::Event {
        chain: chain.clone(),
        head: head(height),
        event,
    }
}

pub fn sent(sequence: u64, height: u64) -> Fact {
    event(&akash(), height, Event::SendPacket(packet(sequence, 0)))
}

pub fn received(sequence: u64, height: u64) -> Fact {
    let id = packet(sequence, 0).id();
    event(&kava(), height, Event::RecvPacket(id))
}

pub fn ack_written(sequence: u64, height: u64) -> Fact {
    let packet = packet(sequence, 0);
    let ack = b"ok".to_vec();
    event(&kava(), height, Event::WriteAcknowledgement { packet, ack })
}

pub fn acknowledged(sequence: u64, height: u64) -> Fact {
    let id = packet(sequence, 0).id();
    event(&akash(), height, Event::AcknowledgePacket(id))
}

pub fn block_end(chain: &ChainId, height: u64) -> Fact {
    Fact::BlockEnd {
        chain: chain.clone(),
        head: head(height),
    }
}

pub fn tell<E: Into<Entry>>(view: &mut View, entries: impl IntoIterator<Item = E>) {
    for entry in entries {
        for change in apply(view, &Policy::default(), &entry.into()) {
            view.commit(&change);
        }
    }
}

pub fn plan_everything(view: &View) -> Plan {
    plan_with(view, &BTreeSet::new())
}

pub fn plan_with(view: &View, in_progress: &BTreeSet<Item>) -> Plan {
    let rules = [(akash(), TENDERMINT), (kava(), TENDERMINT)];
    plan_under(view, in_progress, &rules.into())
}

pub fn plan_under(
    view: &View,
    in_progress: &BTreeSet<Item>,
    height_rules: &BTreeMap<ChainId, HeightRules>,
) -> Plan {
    plan_requested(
        view,
        in_progress,
        height_rules,
        &Assignment::Everything,
        &[],
    )
}

/// Plans what is assigned and requested, with nothing in progress.
pub fn plan_assigned(
    view: &View,
    assignment: &Assignment,
    handshakes: &[HandshakeRequest],
) -> Plan {
    let rules = [(akash(), TENDERMINT), (kava(), TENDERMINT)];
    plan_requested(
        view,
        &BTreeSet::new(),
        &rules.into(),
        assignment,
        handshakes,
    )
}

/// Plans everything and what is requested, under these limits.
pub fn plan_by(view: &View, policy: &Policy, handshakes: &[HandshakeRequest]) -> Plan {
    plan(&PlanInput {
        view,
        policy,
        height_rules: &[(akash(), TENDERMINT), (kava(), TENDERMINT)].into(),
        ready: &BTreeSet::from([akash(), kava()]),
        unreconciled: &BTreeSet::new(),
        full: &BTreeSet::new(),
        pauses: &Pauses::new(),
        in_progress: &BTreeSet::new(),
        assignment: &Assignment::Everything,
        cleared: &BTreeSet::new(),
        handshakes,
        refreshed: &BTreeSet::new(),
        paused: &Paused::default(),
        is_draining: false,
    })
}

/// Plans everything but what is paused, or nothing new.
pub fn plan_paused(view: &View, paused: &Paused, is_draining: bool) -> Plan {
    plan(&PlanInput {
        view,
        policy: &Policy::default(),
        height_rules: &[(akash(), TENDERMINT), (kava(), TENDERMINT)].into(),
        ready: &BTreeSet::from([akash(), kava()]),
        unreconciled: &BTreeSet::new(),
        full: &BTreeSet::new(),
        pauses: &Pauses::new(),
        in_progress: &BTreeSet::new(),
        assignment: &Assignment::Everything,
        cleared: &BTreeSet::new(),
        handshakes: &[],
        refreshed: &BTreeSet::new(),
        paused,
        is_draining,
    })
}

fn plan_requested(
    view: &View,
    in_progress: &BTreeSet<Item>,
    height_rules: &BTreeMap<ChainId, HeightRules>,
    assignment: &Assignment,
    handshakes: &[HandshakeRequest],
) -> Plan {
    plan(&PlanInput {
        view,
        policy: &Policy::default(),
        height_rules,
        ready: &BTreeSet::from([akash(), kava()]),
        unreconciled: &BTreeSet::new(),
        full: &BTreeSet::new(),
        pauses: &Pauses::new(),
        in_progress,
        assignment,
        cleared: &BTreeSet::new(),
        handshakes,
        refreshed: &BTreeSet::new(),
        paused: &Paused::default(),
        is_draining: false,
    })
}

/// The items of a plan, in the order they would be sent.
pub fn items(plan: &Plan) -> Vec<Item> {
    let work = plan.batches.iter().flat_map(|batch| &batch.work);
    work.map(|work| work.item.clone()).collect()
}

pub fn key(sequence: u64) -> tern_core::ledger::PacketKey {
    tern_core::ledger::PacketKey {
        src: end(&akash()).into(),
        sequence: Sequence::from(sequence),
    }
}
