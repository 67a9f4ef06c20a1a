//! Packets that may be open for ever, and why; all others must have ended some blocks
//! after the faults.

use std::collections::BTreeSet;
use std::time::Duration;

use tern::engine::status::{PacketStatus, PacketWait};
use tern_chains::{Block, BlockTime};
use tern_core::ledger::PacketKey;
use tern_core::plan::Why;
use tokio::time::sleep;

use super::history::{History, PacketHistory};
use crate::channels::Channel;
use crate::place::RECONCILE_EVERY;
use crate::poison::Poison;
use crate::relayer::Running;
use crate::world::World;

pub type Stuck = BTreeSet<PacketKey>;

/// Waits until no packet is open but those that may be, and then for the relayers to see
/// that and the end of all their transactions.
pub async fn settle(world: &World, running: &[Running]) -> Result<Stuck, String> {
    // Packets of users time out within a minute, failures wait that many blocks.
    let backoff = world.relayers.iter();
    let backoff = backoff.map(|relayer| relayer.policy.backoff_blocks_max);
    let seconds_max = 120 + backoff.max().unwrap_or_default();
    let mut before = Stuck::new();
    // A long backlog of an ordered channel takes its time, but it moves.
    let (mut fewest, mut still_seconds) = (usize::MAX, 0);
    while still_seconds < seconds_max {
        sleep(Duration::from_secs(1)).await;
        let open = open(world).await;
        let is_still = open == before;
        still_seconds = if open.len() < fewest {
            0
        } else {
            still_seconds + 1
        };
        fewest = fewest.min(open.len());
        before = open;
        // What may be open is read from all blocks: not before nothing moves.
        let is_asked = is_still && still_seconds % 5 == 0;
        if before.is_empty() || (is_asked && all_may(world, &before).await) {
            sleep(world.grace()).await;
            let waiting = explained(world, running, before.clone()).await?;
            if waiting != before {
                // Their ends have to be seen, too.
                sleep(world.grace()).await;
            }
            return Ok(waiting);
        }
    }
    let mut left = Vec::new();
    for key in &before {
        left.push(format!("{key} ({})", reasons(running, key).await));
    }
    Err(format!(
        "nothing has ended for {seconds_max} seconds without faults, and still open: {}",
        left.join(", ")
    ))
}

/// Why a packet waits, as each relayer says.
async fn reasons(running: &[Running], key: &PacketKey) -> String {
    let mut reasons = Vec::new();
    for relayer in running {
        let status = relayer.handle.status(None).await;
        let packets = status.map_or(vec![], |status| status.packets);
        let of = packets.into_iter().find(|one| one.packet == *key);
        reasons.push(of.map_or("not known".to_owned(), |one| {
            format!("{:?}: {}", one.state, one.waits_for)
        }));
    }
    reasons.join("; ")
}

async fn open(world: &World) -> Stuck {
    let mut open = Stuck::new();
    for channel in world.channels.all() {
        for side in 0..2 {
            let sequences = world.place.open(channel, side).await.into_iter();
            open.extend(sequences.map(|sequence| channel.packet(side, sequence)));
        }
    }
    open
}

async fn all_may(world: &World, open: &Stuck) -> bool {
    let history = History::read(&world.place.sides).await;
    if unfindable_fill_memory(world, &history, open) {
        return true;
    }
    open.iter().all(|key| {
        let Some((from, packet)) = history.packet(key) else {
            return false;
        };
        let channel = world.channels.of_end(from, &key.src.end);
        channel.is_some_and(|channel| may_stay(world, &history, channel, from, packet))
    })
}

/// Whether half of a relayer's memory is taken by packets whose blocks no node has: they
/// cannot be put aside, and the others wait for memory.
fn unfindable_fill_memory(world: &World, history: &History, open: &Stuck) -> bool {
    let is_unfindable = |key: &&PacketKey| {
        history
            .packet(key)
            .is_some_and(|(from, packet)| is_unfindable(world, from, packet))
    };
    let unfindable = open.iter().filter(is_unfindable).count();
    let mut relayers = world.relayers.iter();
    relayers.any(|relayer| 2 * unfindable >= relayer.policy.packets_in_memory_max)
}

/// Whether no node has the block that the packet, or its acknowledgement, is in.
fn is_unfindable(world: &World, from: usize, packet: &PacketHistory) -> bool {
    let has_lost =
        |side: usize, height: u64| world.place.sides[side].node_faults.is_unfindable(height);
    let ack = packet.ack.as_ref();
    has_lost(from, packet.sent) || ack.is_some_and(|(height, _)| has_lost(1 - from, *height))
}

/// Whether a packet may be open for ever.
fn may_stay(
    world: &World,
    history: &History,
    channel: &Channel,
    from: usize,
    packet: &PacketHistory,
) -> bool {
    if is_unfindable(world, from, packet) {
        return true;
    }
    if packet.ack.is_some() {
        // A closed channel takes no acknowledgement.
        let id = &channel.ends[from].channel_id;
        let mut ends = history.channels[from].iter();
        return ends.any(|end| end.channel_id == *id && end.channel_end.state.is_closed());
    }
    // Those of users that are near are waited for.
    const FAR_NS: u64 = 200_000_000_000;
    let newest = history.blocks[1 - from].last();
    let is_far = newest.is_some_and(|newest| {
        let later = Block {
            time: BlockTime(newest.time.0 + FAR_NS),
            ..newest.clone()
        };
        !packet.is_timed_out_at(&later)
    });
    let is_undeliverable = match Poison::of(&packet.packet) {
        Some(Poison::Heavy) => world.relayers.iter().all(|one| one.gas_max.is_some()),
        Some(_) => true,
        None => false,
    };
    is_undeliverable && is_far
}

/// Every relayer says of each packet why it waits. Returns those that wait still: another
/// relayer may have moved some.
async fn explained(world: &World, running: &[Running], mut stuck: Stuck) -> Result<Stuck, String> {
    for relayer in running {
        let history = History::read(&world.place.sides).await;
        let memory_is_full = unfindable_fill_memory(world, &history, &stuck);
        let mut silent = String::new();
        // A list is compared with the chains once in a while.
        for _ in 0..RECONCILE_EVERY.as_secs() + 5 {
            let open = open(world).await;
            stuck.retain(|key| open.contains(key));
            let status = relayer.handle.status(None).await;
            let status = status.map_err(|error| error.to_string())?;
            let of = |key: &PacketKey| status.packets.iter().find(|one| one.packet == *key);
            // Behind another of its end a packet need not be in memory.
            let is_behind = |key: &PacketKey| {
                let first = stuck.iter().find(|other| other.src == key.src);
                let waits = of(key).map(|status| &status.waits_for);
                waits == Some(&PacketWait::Memory) && (first != Some(key) || memory_is_full)
            };
            let is_silent = |key: &&PacketKey| !of(key).is_some_and(says_why) && !is_behind(key);
            match stuck.iter().find(is_silent) {
                Some(key) => silent = format!("{key} waits, and why: {:?}", of(key)),
                None => {
                    silent.clear();
                    break;
                }
            }
            sleep(Duration::from_secs(1)).await;
        }
        if !silent.is_empty() {
            return Err(silent);
        }
    }
    Ok(stuck)
}

fn says_why(status: &PacketStatus) -> bool {
    matches!(
        &status.waits_for,
        PacketWait::Planner(
            Why::Failed { .. } | Why::NotLocated(_) | Why::Predecessor | Why::InFlight,
        )
    )
}
