//! Receive, acknowledge, time out: what each open packet needs next.

use tern_chains::{BlockTime, ChainId, Height, Ordering, Packet};

use super::batch::{together_max, Action, Proposals, Work};
use super::proof::{way, Way};
use super::{PlanInput, Route, Why};
use crate::admission::NotAdmitted;
use crate::ledger::{
    ClientKey, EndKey, Head, Item, PacketKey, PacketRecord, PacketState, Path, View,
};

/// Whether what is known by now shows that a message would do nothing: planned
/// while it was needed, and overtaken since.
pub fn is_overtaken(view: &View, item: &Item) -> bool {
    let Some(key) = item.packet() else {
        return false;
    };
    let Some(record) = view.packet(key) else {
        return false;
    };
    let is_late = || {
        let head = view.head(&record.dst);
        let packet = record.packet.as_ref();
        let both = packet.zip(head);
        both.is_some_and(|(packet, head)| timed_out(packet, &record.dst, head))
    };
    match item {
        _ if record.done.is_some() => true,
        Item::Recv(_) => {
            let dst = view.destination(&key.src);
            record.received.is_some()
                || is_late()
                || dst.is_some_and(|dst| closed_since(view, &dst).is_some())
        }
        Item::Timeout(_) => record.received.is_some(),
        _ => false,
    }
}

/// ICS-04: a packet has timed out once the destination's height or time has
/// reached its timeout.
pub fn timed_out(packet: &Packet, dst: &ChainId, head: Head) -> bool {
    let height = Height::new(dst.version(), head.height);
    packet.timeout.is_past(height, head.time.0)
}

/// The height at which a channel end was seen to be closed, if it is.
fn closed_since(view: &View, end: &EndKey) -> Option<u64> {
    let record = view.channel(&end.as_channel()?)?;
    record.state.is_closed().then_some(record.seen)
}

/// Proposes the next step of every open packet of the paths that are served.
pub(super) fn propose(input: &PlanInput<'_>, proposals: &mut Proposals) {
    for src_end in input.view.ends_with_packets() {
        if !input.serves(src_end) {
            continue;
        }
        let Some(path) = input.view.path(src_end) else {
            continue;
        };
        match input.policy.admission.path(input.view, &path) {
            Ok(()) => propose_on(input, &path, proposals),
            Err(why) => refuse(input, src_end, &why, proposals),
        }
    }
}

/// The packets of a path that is not admitted: known from before a rule changed.
fn refuse(input: &PlanInput<'_>, src: &EndKey, why: &NotAdmitted, proposals: &mut Proposals) {
    for (sequence, record) in input.view.open_packets_of(src) {
        let key = PacketKey {
            src: src.clone(),
            sequence,
        };
        proposals.wait(step(input, &key, record), Why::NotAdmitted(why.clone()));
    }
}

/// Proposes the next step of every open packet of one path.
fn propose_on(input: &PlanInput<'_>, path: &Path, proposals: &mut Proposals) {
    let is_ordered = path.ordering == Ordering::Ordered;
    // Whether an earlier packet still waits, on the way there and on the way
    // back.
    let mut is_blocked = [false; 2];
    for (sequence, record) in input.view.open_packets_of(&path.src) {
        let key = &PacketKey {
            src: path.src.clone(),
            sequence,
        };
        let is_on_way_back = matches!(
            record.state(),
            PacketState::Received | PacketState::AckWritten
        );
        let is_blocked = &mut is_blocked[usize::from(is_on_way_back)];
        if is_ordered && *is_blocked {
            proposals.wait(step(input, key, record), Why::Predecessor);
            continue;
        }
        match next(input, key, record, path) {
            Ok(Step::AfterUpdate((dst, route, update))) => {
                let why = Why::DelayPeriod(dst.clone());
                proposals.add_update(dst, route, update);
                proposals.wait(step(input, key, record), why);
                *is_blocked = true;
            }
            Ok(Step::Now((dst, route, work))) => {
                // A timeout closes an ordered channel: nothing may go with it. What
                // failed before goes in a batch of its own, perhaps after others.
                *is_blocked |= matches!(work.item, Item::Timeout(_))
                    || together_max(input, &work.item).is_some();
                proposals.add(dst, route, work);
            }
            Err(why) => {
                proposals.wait(step(input, key, record), why);
                *is_blocked = true;
            }
        }
    }
}

/// The item a packet waits for in its present state.
fn step(input: &PlanInput<'_>, key: &PacketKey, record: &PacketRecord) -> Item {
    let has_timed_out = record.packet.as_ref().is_some_and(|packet| {
        input
            .view
            .head(&record.dst)
            .is_some_and(|head| timed_out(packet, &record.dst, head))
    });
    let dst = input.view.destination(&key.src);
    let is_closed = dst.is_some_and(|dst| closed_since(input.view, &dst).is_some());
    match record.state() {
        PacketState::Received | PacketState::AckWritten => Item::Ack(key.clone()),
        _ if has_timed_out || is_closed => Item::Timeout(key.clone()),
        _ => Item::Recv(key.clone()),
    }
}

type Proposal = (ChainId, Route, Work);

/// What is done for a packet.
enum Step {
    Now(Proposal),
    /// Its client is updated, and it waits for a delay period.
    AfterUpdate(Proposal),
}

fn next(
    input: &PlanInput<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    path: &Path,
) -> Result<Step, Why> {
    if input.unreconciled.contains(&key.src) {
        return Err(Why::Unreconciled);
    }
    let Some(packet) = &record.packet else {
        return Err(Why::SendNotSeen);
    };
    let admission = &input.policy.admission;
    let admitted = admission.packet(path, packet, &record.recv_fees);
    admitted.map_err(Why::NotAdmitted)?;
    if let Some(why) = input.not_ready([&key.src.chain, &record.dst]) {
        return Err(why);
    }
    match (record.state(), &record.ack, record.sent) {
        (PacketState::AckWritten, Some(ack), _) => {
            let action = Action::Acknowledgement {
                packet: packet.clone(),
                ack: ack.bytes.clone(),
            };
            to_src(
                input,
                key,
                record,
                path,
                Item::Ack(key.clone()),
                action,
                ack.height,
            )
        }
        (PacketState::Received, ..) => Err(Why::AckNotWritten),
        (PacketState::Sent, _, Some(sent)) => {
            recv_or_timeout(input, key, record, path, packet, sent)
        }
        _ => Err(Why::SendNotSeen),
    }
}

fn recv_or_timeout(
    input: &PlanInput<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    path: &Path,
    packet: &Packet,
    sent: u64,
) -> Result<Step, Why> {
    let Some(dst_head) = input.view.head(&record.dst) else {
        return Err(Why::NotReady(record.dst.clone()));
    };
    let Some(rules) = input.rules(&record.dst) else {
        return Err(Why::NotReady(record.dst.clone()));
    };
    // The destination names the source as its counterparty.
    let is_mutual = path.client_on_dst.is_some();
    let closed = closed_since(input.view, &path.dst).filter(|_| is_mutual);
    let (action, need) = if timed_out(packet, &record.dst, dst_head) {
        let action = Action::Timeout {
            packet: packet.clone(),
            ordering: path.ordering,
        };
        // The consensus state at the head has passed the timeout.
        (action, rules.state_height(dst_head.height))
    } else if let Some(closed) = closed {
        let action = Action::TimeoutOnClose {
            packet: packet.clone(),
            ordering: path.ordering,
        };
        (action, closed)
    } else {
        return recv(input, key, record, path, packet, (sent, dst_head));
    };
    // A receive that is still in flight decides first.
    if let Some(why) = input.hold(&Item::Recv(key.clone()), &record.dst) {
        if why == Why::InFlight {
            return Err(why);
        }
    }
    let item = Item::Timeout(key.clone());
    to_src(input, key, record, path, item, action, need)
}

fn recv(
    input: &PlanInput<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    path: &Path,
    packet: &Packet,
    (sent, dst_head): (u64, Head),
) -> Result<Step, Why> {
    // No acknowledgement could come back. Once the destination is closed, it times out.
    if closed_since(input.view, &path.src).is_some() {
        return Err(Why::ChannelNotOpen(path.src.chain.clone()));
    }
    let Some(rules) = input.rules(&record.dst) else {
        return Err(Why::NotReady(record.dst.clone()));
    };
    // One that times out before its block fails all that is in its transaction.
    let time = dst_head.time.0;
    let its_block = Head {
        height: rules.next_height(dst_head.height),
        time: BlockTime(time.saturating_add(input.policy.recv_margin_ns)),
    };
    if timed_out(packet, &record.dst, its_block) {
        return Err(Why::TooLate(record.dst.clone()));
    }
    to_dst(input, key, path, packet, sent)
}

/// A message to the packet's destination, proven on its source.
fn to_dst(
    input: &PlanInput<'_>,
    key: &PacketKey,
    path: &Path,
    packet: &Packet,
    sent: u64,
) -> Result<Step, Why> {
    let (src, dst) = (&path.src.chain, &path.dst.chain);
    let item = Item::Recv(key.clone());
    if let Some(why) = input.hold(&item, dst) {
        return Err(why);
    }
    let client_on_dst = path.client_on_dst.as_ref();
    let Some(client_on_dst) = client_on_dst.filter(|_| path.is_open_on_dst) else {
        return Err(Why::ChannelNotOpen(dst.clone()));
    };
    let rules = input.rules(src);
    let fits = |height| rules.is_some_and(|rules| height >= rules.proof_height(sent));
    let way = way(input, &path.dst, src, client_on_dst, sent, fits)?;
    let work = Work {
        item,
        action: Action::RecvPacket(packet.clone()),
        deadline_ns: deadline_ns(packet),
    };
    along(input, dst, way, work)
}

/// A message to the packet's source, proven on its destination.
fn to_src(
    input: &PlanInput<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    path: &Path,
    item: Item,
    action: Action,
    need: u64,
) -> Result<Step, Why> {
    let chain = &key.src.chain;
    if let Some(why) = input.hold(&item, chain) {
        return Err(why);
    }
    let rules = input.rules(&record.dst);
    let fits = |height| match &action {
        // Any consensus state that is past the timeout.
        Action::Timeout { packet, .. } => {
            let time = input.view.time_of(&record.dst, height);
            time.is_some_and(|time| timed_out(packet, &record.dst, Head { height, time }))
        }
        _ => rules.is_some_and(|rules| height >= rules.proof_height(need)),
    };
    let client = &path.client_on_src;
    let way = way(input, &path.src, &record.dst, client, need, fits)?;
    let work = Work {
        item,
        action,
        deadline_ns: u64::MAX,
    };
    along(input, chain, way, work)
}

/// The work, or the update that has to come before it.
fn along(input: &PlanInput<'_>, dst: &ChainId, way: Way, work: Work) -> Result<Step, Why> {
    let route = match way {
        Way::Now(route) => return Ok(Step::Now((dst.clone(), route, work))),
        Way::UpdateFirst(route) => route,
    };
    let update = Item::Refresh(ClientKey {
        chain: dst.clone(),
        client_id: route.client_on_dst.clone(),
    });
    if let Some(why) = input.hold(&update, dst) {
        return Err(match why {
            Why::InFlight => Why::DelayPeriod(dst.clone()),
            why => why,
        });
    }
    let update = Work {
        item: update,
        action: Action::UpdateClient,
        deadline_ns: u64::MAX,
    };
    Ok(Step::AfterUpdate((dst.clone(), route, update)))
}

fn deadline_ns(packet: &Packet) -> u64 {
    match packet.timeout.timestamp_ns {
        0 => u64::MAX,
        timestamp => timestamp,
    }
}
