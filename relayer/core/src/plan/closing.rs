//! The other end of a channel that is closed (ICS-04 `ChanCloseConfirm`).
//!
//! One end is closed by its application, or by the timeout of an ordered packet. Until the other
//! one is closed, too, packets go on being sent from it that nobody can receive.

use tern_chains::Ordering;

use super::batch::{Action, Batch, Proposals, Work};
use super::proof::route;
use super::{PlanInput, Why};
use crate::ledger::{
    ChannelKey, ChannelRecord, EndKey, Goal, HandshakeStep, Item, PacketKey, PacketState,
};

type End<'a> = (&'a ChannelKey, &'a ChannelRecord);

/// Proposes to close the ends of served channels whose other end is closed, at most so many, and
/// those that a command wants closed. Returns how many are left.
pub(super) fn propose(input: &PlanInput<'_>, mut left: usize, proposals: &mut Proposals) -> usize {
    let ends = input.view.channels();
    let closed = ends.filter(|(_, end)| end.state.is_closed());
    for (closed, closed_end) in closed {
        let Some(key) = input.view.counterparty(closed) else {
            continue;
        };
        let is_mutual = input.view.counterparty(&key).as_ref() == Some(closed);
        let end = input.view.channel(&key).filter(|_| is_mutual);
        let Some(end) = end.filter(|end| !end.state.is_closed()) else {
            continue;
        };
        let is_asked_for = is_asked_for(input, [closed, &key]);
        if !is_asked_for && (left == 0 || !is_served(input, closed, &key)) {
            continue;
        }
        let item = Item::Channel {
            end: key.clone(),
            step: HandshakeStep::ChanCloseConfirm,
        };
        match batch(input, &item, (closed, closed_end), (&key, end)) {
            Ok(batch) => {
                left = left.saturating_sub(1);
                proposals.add_atomic(batch);
            }
            Err(why) => proposals.wait(item, why),
        }
    }
    left
}

/// Whether a command closes the channel with these ends.
fn is_asked_for(input: &PlanInput<'_>, ends: [&ChannelKey; 2]) -> bool {
    let mut requests = input.handshakes.iter();
    requests.any(|request| {
        let is_one = matches!(&request.goal, Goal::Close(end) if ends.contains(&end));
        is_one && request.only != Some(HandshakeStep::ChanCloseInit)
    })
}

fn is_served(input: &PlanInput<'_>, closed: &ChannelKey, key: &ChannelKey) -> bool {
    let ends: [EndKey; 2] = [closed.clone().into(), key.clone().into()];
    ends.iter().any(|end| input.assignment.has_path(end))
        && input
            .policy
            .admission
            .path_from(input.view, &ends[1])
            .is_ok()
}

fn batch(
    input: &PlanInput<'_>,
    item: &Item,
    (closed, closed_end): End<'_>,
    (key, end): End<'_>,
) -> Result<Batch, Why> {
    if let Some(why) = input.not_ready([&closed.chain, &key.chain]) {
        return Err(why);
    }
    if let Some(why) = input.hold(item, &key.chain) {
        return Err(why);
    }
    packets_first(input, &key.clone().into(), end.ordering)?;
    let action = Action::ChanCloseConfirm {
        port_id: key.port_id.clone(),
        channel_id: key.channel_id.clone(),
        counterparty_port_id: closed.port_id.clone(),
        counterparty_channel_id: closed.channel_id.clone(),
    };
    let (dst, src) = (&key.chain, &closed.chain);
    Ok(Batch {
        dst: dst.clone(),
        route: Some(route(input, dst, src, &end.client_id, closed_end.seen)?),
        work: vec![Work {
            item: item.clone(),
            action,
            deadline_ns: u64::MAX,
        }],
        atomic: true,
    })
}

/// A closed end takes no acknowledgement. And the timeout of a packet that was sent from it
/// closes an ordered one by itself. What has failed is not waited for.
fn packets_first(input: &PlanInput<'_>, end: &EndKey, ordering: Ordering) -> Result<(), Why> {
    if !input.serves(end) {
        return Ok(());
    }
    if input.unreconciled.contains(end) {
        return Err(Why::Unreconciled);
    }
    let has_failed = |sequence| {
        let key = PacketKey {
            src: end.clone(),
            sequence,
        };
        let mut items = Item::of_packet(&key).into_iter();
        items.any(|item| input.view.failure(&item).is_some())
    };
    let mut open = input.view.open_packets_of(end);
    let has_acks = open.any(|(sequence, record)| {
        record.state() == PacketState::AckWritten && !has_failed(sequence)
    });
    // The first that was not received: the others wait for it.
    let mut open = input.view.open_packets_of(end);
    let first = open.find(|(_, record)| {
        !matches!(
            record.state(),
            PacketState::Received | PacketState::AckWritten
        )
    });
    let closes_it = ordering == Ordering::Ordered
        && first.is_some_and(|(sequence, record)| {
            record.state() == PacketState::Sent && !has_failed(sequence)
        });
    match has_acks || closes_it {
        true => Err(Why::PacketsFirst),
        false => Ok(()),
    }
}
