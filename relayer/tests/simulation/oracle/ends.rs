//! Every packet is acknowledged or timed out exactly once.

use std::collections::BTreeMap;

use tern_chains::{Event, TxHash};
use tern_core::ledger::{EndKey, Item, PacketKey, TxKey};

use super::history::{History, PacketHistory};
use super::stuck::Stuck;
use crate::channels::Channel;
use crate::fault_counts::{Fault, FaultCounts, Outcome};
use crate::fault_schedule::REFUSED;
use crate::place::MESSAGES_MAX;
use crate::poison::Poison;
use crate::signed_log::Signed;
use crate::world::World;

pub fn each_packet_ends_once(
    world: &World,
    history: &History,
    stuck: &Stuck,
) -> Result<(), String> {
    for (from, packets) in history.packets.iter().enumerate() {
        for ((end, sequence), packet) in packets {
            let Some(channel) = world.channels.of_end(from, end) else {
                no_relayer_has_touched(world, history, from, packet)?;
                continue;
            };
            let ends = (packet.acknowledged.len(), packet.timed_out.len());
            let is_received = packet.received.len();
            let is_well = match (ends, is_received) {
                ((1, 0), 1) | ((0, 1), 0) => true,
                ((0, 0), 0 | 1) => stuck.contains(&channel.packet(from, *sequence)),
                _ => false,
            };
            if !is_well {
                return Err(format!(
                    "{} {end} #{sequence}: received at {:?}, acknowledged at {:?}, timed out at {:?}",
                    history.chains[from], packet.received, packet.acknowledged, packet.timed_out,
                ));
            }
        }
    }
    Ok(())
}

/// Of a stranger's channel nothing is relayed.
fn no_relayer_has_touched(
    world: &World,
    history: &History,
    from: usize,
    packet: &PacketHistory,
) -> Result<(), String> {
    let key = PacketKey {
        src: EndKey {
            chain: history.chains[from].clone(),
            end: packet.packet.src.clone(),
        },
        sequence: packet.packet.sequence,
    };
    let signed = world.relayers.iter();
    let mut signed = signed.flat_map(|relayer| relayer.signed_log.signed());
    let is_it = |item: &Item| item.packet() == Some(&key);
    match signed.find(|(_, signed)| signed.items.iter().any(is_it)) {
        Some((tx, _)) => Err(format!("tx {} is for the stranger's {key}", tx.hash)),
        None => Ok(()),
    }
}

/// Counts this world's outcomes for the summary.
pub fn count(world: &World, history: &History) {
    let counts = &world.place.chaos.fault_counts;
    let sent = || {
        let sides = history.packets.iter().enumerate();
        let all = sides.flat_map(|(from, packets)| packets.iter().map(move |each| (from, each)));
        all.filter(|(from, ((end, _), _))| world.channels.of_end(*from, end).is_some())
    };
    let packets = || sent().map(|(_, (_, packet))| packet);
    let many =
        |is: &dyn Fn(&PacketHistory) -> bool| packets().filter(|packet| is(packet)).count() as u64;
    let acknowledged = many(&|packet| !packet.acknowledged.is_empty());
    let arrived = many(&|packet| !packet.acknowledged.is_empty() && packet.has_arrived());
    counts.outcomes(Outcome::Sent, many(&|_| true));
    counts.outcomes(Outcome::Acknowledged, arrived);
    counts.outcomes(Outcome::Refused, acknowledged - arrived);
    counts.outcomes(
        Outcome::TimedOut,
        many(&|packet| !packet.timed_out.is_empty()),
    );

    for packet in packets() {
        if let Some(poison) = Poison::of(&packet.packet) {
            counts.fault(poison.fault());
        }
    }
    if let Some(ordered) = &world.channels.ordered {
        count_ordered(counts, history, ordered);
    }
    let relayers = world.relayers.iter();
    let signed: BTreeMap<TxKey, Signed> = relayers
        .flat_map(|relayer| relayer.signed_log.signed())
        .collect();
    let is_underestimated = |hash: TxHash| {
        let mut relayers = world.relayers.iter();
        relayers.any(|relayer| relayer.estimates.was_wrong(hash))
    };
    for side in &world.place.sides {
        let mut replaced = side.node.replaced().into_iter();
        let is_relayers = |hash: TxHash| {
            let chain = side.id();
            signed.contains_key(&TxKey { chain, hash })
        };
        if replaced.any(is_relayers) {
            counts.fault(Fault::TxReplaced);
        }
    }
    let mut by_relayer = 0;
    for (key, signed) in signed {
        let Some(included) = history.included(&key) else {
            continue;
        };
        counts.outcomes(Outcome::RelayerTx, 1);
        let outcome = included.outcome;
        if outcome.code == 0 {
            let items = signed.items.iter();
            let received = items.filter(|item| matches!(item, Item::Recv(_)) && included.did(item));
            by_relayer += received.count() as u64;
            continue;
        }
        counts.outcomes(Outcome::RelayerTxFailed, 1);
        match outcome.code {
            _ if included.ran_out_of_gas() && is_underestimated(outcome.hash) => {
                counts.fault(Fault::GasTooLow);
            }
            _ if outcome.log == REFUSED => counts.fault(Fault::FailedInBlock),
            _ => {}
        }
    }
    let received = many(&|packet| !packet.received.is_empty());
    counts.outcomes(Outcome::ReceivedByRelayer, by_relayer);
    counts.outcomes(Outcome::ReceivedByOther, received - by_relayer);
}

/// What happened on the ordered channel.
fn count_ordered(counts: &FaultCounts, history: &History, ordered: &Channel) {
    for side in 0..2 {
        let end = ordered.end(side);
        let is_sent = |event: &&Event| matches!(event, Event::SendPacket(one) if one.src == end);
        let blocks = history.blocks[side].iter();
        let mut sent = blocks.map(|block| block.events.iter().filter(is_sent).count());
        if sent.any(|sent| sent > MESSAGES_MAX) {
            counts.fault(Fault::OrderedBacklog);
        }
        let id = &ordered.ends[side].channel_id;
        let mut ends = history.channels[side].iter();
        if ends.any(|end| end.channel_id == *id && end.channel_end.state.is_closed()) {
            counts.fault(Fault::ChannelClosed);
        }
    }
}
