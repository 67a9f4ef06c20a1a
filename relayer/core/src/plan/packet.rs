//! Receive, acknowledge, time out: what each open packet needs next.

use std::collections::BTreeSet;

use tern_chains::{Height, Ordering, Packet, TimeoutHeight};

use super::batch::{Datagram, Proposals, Work};
use super::proof::route;
use super::{Route, Situation, Why};
use crate::ledger::{ChannelKey, ChannelRecord, Head, Item, PacketKey, PacketRecord, PacketState};

/// Proposes the next step of every open packet, of all channels or of the ones
/// sent from `only`.
pub(super) fn propose(
    situation: &Situation<'_>,
    only: Option<&ChannelKey>,
    proposals: &mut Proposals,
) {
    // Ordered channel ends at which an earlier packet still waits, a set for
    // the way there and one for the way back.
    let mut blocked: [BTreeSet<ChannelKey>; 2] = Default::default();
    for (key, record) in situation.view.open_packets() {
        if only.is_some_and(|only| *only != key.src) {
            continue;
        }
        let Some(src) = situation.view.channel(&key.src) else {
            continue;
        };
        let is_ordered = src.ordering == Ordering::Ordered;
        let blocked = &mut blocked[usize::from(record.state() == PacketState::AckWritten)];
        if is_ordered && blocked.contains(&key.src) {
            proposals.wait(step(situation, key, record), Why::Predecessor);
            continue;
        }
        let proposed = match next(situation, key, record, src) {
            Ok((dst, route, work)) => {
                let is_timeout = matches!(work.item, Item::Timeout(_));
                proposals.add(dst, route, work);
                // A timeout closes an ordered channel: nothing may go with it.
                !is_timeout
            }
            Err(why) => {
                proposals.wait(step(situation, key, record), why);
                false
            }
        };
        if is_ordered && !proposed {
            blocked.insert(key.src.clone());
        }
    }
}

/// The item a packet waits for in its present state.
fn step(situation: &Situation<'_>, key: &PacketKey, record: &PacketRecord) -> Item {
    let has_timed_out = record.packet.as_ref().is_some_and(|packet| {
        situation
            .view
            .head(&record.dst)
            .is_some_and(|head| timed_out(packet, record, head))
    });
    match record.state() {
        PacketState::Received | PacketState::AckWritten => Item::Ack(key.clone()),
        _ if has_timed_out => Item::Timeout(key.clone()),
        _ => Item::Recv(key.clone()),
    }
}

type Proposal = (tern_chains::ChainId, Route, Work);

fn next(
    situation: &Situation<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    src: &ChannelRecord,
) -> Result<Proposal, Why> {
    if situation.unreconciled.contains(&key.src) {
        return Err(Why::Unreconciled);
    }
    let Some(packet) = &record.packet else {
        return Err(Why::SendNotSeen);
    };
    if let Some(why) = situation.not_ready([&key.src.chain, &record.dst]) {
        return Err(why);
    }
    match (record.state(), &record.ack, record.sent) {
        (PacketState::AckWritten, Some(ack), _) => {
            let datagram = Datagram::Acknowledgement {
                packet: packet.clone(),
                ack: ack.bytes.clone(),
            };
            to_src(
                situation,
                key,
                record,
                src,
                Item::Ack(key.clone()),
                datagram,
                ack.height,
            )
        }
        (PacketState::Received, ..) => Err(Why::AckNotWritten),
        (PacketState::Sent, _, Some(sent)) => {
            recv_or_timeout(situation, key, record, src, packet, sent)
        }
        _ => Err(Why::SendNotSeen),
    }
}

fn recv_or_timeout(
    situation: &Situation<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    src: &ChannelRecord,
    packet: &Packet,
    sent: u64,
) -> Result<Proposal, Why> {
    let Some(dst_head) = situation.view.head(&record.dst) else {
        return Err(Why::NotReady(record.dst.clone()));
    };
    if timed_out(packet, record, dst_head) {
        // A receive that is still in flight decides first.
        if let Some(why) = situation.hold(&Item::Recv(key.clone()), &record.dst) {
            if why == Why::InFlight {
                return Err(why);
            }
        }
        let datagram = Datagram::Timeout {
            packet: packet.clone(),
            ordering: src.ordering,
        };
        // The header at the head has passed the timeout; it proves the state
        // before it.
        let need = dst_head.height.saturating_sub(1);
        return to_src(
            situation,
            key,
            record,
            src,
            Item::Timeout(key.clone()),
            datagram,
            need,
        );
    }
    let next_block = Head {
        height: dst_head.height + 1,
        time: dst_head.time,
    };
    if timed_out(packet, record, next_block) {
        return Err(Why::TooLate(record.dst.clone()));
    }
    to_dst(situation, key, record, packet, sent)
}

/// A message to the packet's destination, proven on its source.
fn to_dst(
    situation: &Situation<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    packet: &Packet,
    sent: u64,
) -> Result<Proposal, Why> {
    let item = Item::Recv(key.clone());
    if let Some(why) = situation.hold(&item, &record.dst) {
        return Err(why);
    }
    let end = ChannelKey {
        chain: record.dst.clone(),
        port_id: packet.destination_port.clone(),
        channel_id: packet.destination_channel.clone(),
    };
    let channel = situation.view.channel(&end);
    let Some(channel) = channel.filter(|channel| channel.state.is_open()) else {
        return Err(Why::ChannelNotOpen(record.dst.clone()));
    };
    let route = route(
        situation,
        &record.dst,
        &key.src.chain,
        &channel.client_id,
        sent,
    )?;
    let work = Work {
        item,
        datagram: Datagram::RecvPacket(packet.clone()),
        deadline_ns: deadline_ns(packet),
    };
    Ok((record.dst.clone(), route, work))
}

/// A message to the packet's source, proven on its destination.
fn to_src(
    situation: &Situation<'_>,
    key: &PacketKey,
    record: &PacketRecord,
    src: &ChannelRecord,
    item: Item,
    datagram: Datagram,
    need: u64,
) -> Result<Proposal, Why> {
    let chain = &key.src.chain;
    if let Some(why) = situation.hold(&item, chain) {
        return Err(why);
    }
    let route = route(situation, chain, &record.dst, &src.client_id, need)?;
    let work = Work {
        item,
        datagram,
        deadline_ns: u64::MAX,
    };
    Ok((chain.clone(), route, work))
}

/// ICS-04: a packet has timed out once the destination's height or time has
/// reached its timeout.
fn timed_out(packet: &Packet, record: &PacketRecord, head: Head) -> bool {
    let by_height = match packet.timeout_height {
        TimeoutHeight::Never => false,
        TimeoutHeight::At(timeout) => {
            Height::new(record.dst.version(), head.height).is_ok_and(|height| height >= timeout)
        }
    };
    let timestamp = packet.timeout_timestamp.nanoseconds();
    by_height || (timestamp != 0 && head.time.0 >= timestamp)
}

fn deadline_ns(packet: &Packet) -> u64 {
    match packet.timeout_timestamp.nanoseconds() {
        0 => u64::MAX,
        timestamp => timestamp,
    }
}
