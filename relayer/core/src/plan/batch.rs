//! Work merged into batches: one per destination, client and proof height.

use tern_chains::{
    ChainId, ChannelId, ClientId, ConnectionId, ConnectionVersion, Misbehaviour, Ordering, Packet,
    PortId,
};

use super::ack_batching::{share, Groups};
use super::{Plan, PlanInput, Route, Wait, Why};
use crate::ledger::Item;

/// Work for one destination, proven over one route.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub dst: ChainId,
    /// `None`: nothing is to be proven.
    pub route: Option<Route>,
    pub work: Vec<Work>,
    /// All of it in one tx, in this order: handshake steps that build on each
    /// other.
    pub atomic: bool,
}

/// An item with all that `prove` needs for its message.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub item: Item,
    pub action: Action,
    /// When it is too late, in nanoseconds since the epoch; `u64::MAX` for never.
    pub deadline_ns: u64,
}

/// What is to be said to the destination, before its proof is fetched. With the
/// proof it becomes a datagram (ICS-18).
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    RecvPacket(Packet),
    Acknowledgement {
        packet: Packet,
        ack: Vec<u8>,
    },
    Timeout {
        packet: Packet,
        ordering: Ordering,
    },
    /// The packet's destination is closed.
    TimeoutOnClose {
        packet: Packet,
        ordering: Ordering,
    },
    /// The route's client update and nothing else.
    UpdateClient,
    /// The client's chain has ended its revision at `last_height`.
    UpgradeClient {
        last_height: u64,
    },
    CreateClient {
        of: ChainId,
    },
    Misbehaviour {
        client_id: ClientId,
        misbehaviour: Box<Misbehaviour>,
    },
    ConnOpenInit {
        client_id: ClientId,
        counterparty_client_id: ClientId,
        delay_period_ns: u64,
        version: Option<ConnectionVersion>,
    },
    ConnOpenTry {
        client_id: ClientId,
        counterparty_client_id: ClientId,
        counterparty_connection_id: ConnectionId,
    },
    ConnOpenAck {
        connection_id: ConnectionId,
        client_id: ClientId,
        counterparty_client_id: ClientId,
        counterparty_connection_id: ConnectionId,
    },
    ConnOpenConfirm {
        connection_id: ConnectionId,
        counterparty_connection_id: ConnectionId,
    },
    ChanOpenInit {
        connection_id: ConnectionId,
        port_id: PortId,
        counterparty_port_id: PortId,
        ordering: Ordering,
        version: String,
    },
    ChanOpenTry {
        connection_id: ConnectionId,
        port_id: PortId,
        counterparty_port_id: PortId,
        counterparty_channel_id: ChannelId,
    },
    ChanOpenAck {
        port_id: PortId,
        channel_id: ChannelId,
        counterparty_port_id: PortId,
        counterparty_channel_id: ChannelId,
    },
    ChanOpenConfirm {
        port_id: PortId,
        channel_id: ChannelId,
        counterparty_port_id: PortId,
        counterparty_channel_id: ChannelId,
    },
    ChanCloseInit {
        port_id: PortId,
        channel_id: ChannelId,
    },
    ChanCloseConfirm {
        port_id: PortId,
        channel_id: ChannelId,
        counterparty_port_id: PortId,
        counterparty_channel_id: ChannelId,
    },
}

/// What the planners propose, before it is merged.
#[derive(Default)]
pub(super) struct Proposals {
    /// Work that can be merged.
    work: Groups,
    /// Work that travels in a tx of its own.
    atomic: Vec<Batch>,
    waits: Vec<Wait>,
}

impl Proposals {
    pub fn add(&mut self, dst: ChainId, route: Route, work: Work) {
        self.work.entry((dst, route)).or_default().push(work);
    }

    /// The same of an update that others may have proposed already.
    pub fn add_update(&mut self, dst: ChainId, route: Route, update: Work) {
        let is_it = |work: &Work| work.item == update.item;
        if !self.work.values().flatten().any(is_it) {
            self.add(dst, route, update);
        }
    }

    /// Steps that must be in one tx, in this order.
    pub fn add_atomic(&mut self, batch: Batch) {
        self.atomic.push(batch);
    }

    pub fn wait(&mut self, item: Item, why: Why) {
        self.waits.push(Wait { item, why });
    }

    /// Cuts what was proposed into batches: of a route the nearest deadline
    /// first; of several routes each its first before others have their second,
    /// those with little to do before those with much. A flood on one client
    /// does not keep the others waiting.
    pub fn into_plan(mut self, input: &PlanInput<'_>) -> Plan {
        share(input, &mut self.work, &mut self.waits);
        drop_superfluous_updates(&mut self.work);
        let mut merged = Vec::new();
        for ((dst, route), work) in self.work {
            let (limited, mut together): (Vec<_>, Vec<_>) = work
                .into_iter()
                .partition(|work| together_max(input, &work.item).is_some());
            // Stable: packets of one channel stay in the order of their sequence.
            together.sort_by_key(|work| work.deadline_ns);
            let size = together.len();
            let cuts = together.chunks(input.policy.batch_items_max);
            let groups = groups(input, limited).into_iter();
            let groups = groups.take(input.policy.split_batches_max);
            let all = cuts.map(<[Work]>::to_vec).chain(groups);
            merged.extend(all.enumerate().map(|(turn, work)| {
                let batch = Batch {
                    dst: dst.clone(),
                    route: Some(route.clone()),
                    work,
                    atomic: false,
                };
                (turn, size, batch)
            }));
        }
        merged.sort_by_key(|(turn, size, _)| (*turn, *size));
        let mut batches = self.atomic;
        batches.extend(merged.into_iter().map(|(_, _, batch)| batch));
        Plan {
            batches,
            waits: self.waits,
        }
    }
}

/// Other work on a route brings the client forward before its first message. A client
/// update of its own would come after that, with nothing left to carry it.
fn drop_superfluous_updates(work: &mut Groups) {
    let is_update = |work: &Work| work.action == Action::UpdateClient;
    for work in work.values_mut() {
        if !work.iter().all(is_update) {
            work.retain(|work| !is_update(work));
        }
    }
}

/// Work that failed together, in groups that are small enough for each of their items.
fn groups(input: &PlanInput<'_>, mut limited: Vec<Work>) -> Vec<Vec<Work>> {
    let size = |work: &Work| together_max(input, &work.item).unwrap_or(1).max(1);
    limited.sort_by_key(size);
    let mut groups: Vec<Vec<Work>> = Vec::new();
    for work in limited {
        match groups.last_mut() {
            // The first of a group has the smallest limit.
            Some(group) if group.first().is_some_and(|first| group.len() < size(first)) => {
                group.push(work);
            }
            _ => groups.push(vec![work]),
        }
    }
    groups
}

/// With how many items at most one may travel, if a transaction with it has failed.
pub(super) fn together_max(input: &PlanInput<'_>, item: &Item) -> Option<usize> {
    input.view.failure(item)?.together_max
}
