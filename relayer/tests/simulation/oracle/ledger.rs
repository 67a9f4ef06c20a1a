//! The relayer's store agrees with the chains.

use tern::engine::Store;
use tern_chains::StorePath;
use tern_core::ledger::{Change, Done, Item, PacketKey, View};

use super::history::{History, PacketHistory};
use super::stuck::Stuck;
use crate::channels::Channel;
use crate::fault_counts::Fault;
use crate::relayer::Relayer;
use crate::side::USER;
use crate::world::World;

pub async fn agrees_with_the_chains(
    world: &World,
    history: &History,
    stuck: &Stuck,
) -> Result<(), String> {
    for relayer in &world.relayers {
        let (store, ledger) = relayer.store();
        for channel in world.channels.all() {
            for side in 0..2 {
                nothing_is_open(&ledger, channel, side, stuck)?;
                self::channel(&ledger, history, channel, side)?;
            }
        }
        let is_stuck = |item: &Item| item.packet().is_some_and(|packet| stuck.contains(packet));
        let mut waiting = ledger.txs();
        if let Some((key, record)) = waiting.find(|(_, tx)| !tx.items.iter().all(is_stuck)) {
            let until = record.deadline;
            return Err(format!(
                "the ledger waits for tx {} on {} until {until}",
                key.hash, key.chain
            ));
        }
        for (from, packets) in history.packets.iter().enumerate() {
            for ((end, sequence), packet_history) in packets {
                let Some(channel) = world.channels.of_end(from, end) else {
                    continue;
                };
                let key = channel.packet(from, *sequence);
                if !stuck.contains(&key) {
                    packet(world, relayer, &store, history, (from, key), packet_history)?;
                }
            }
        }
        clients(world, &ledger).await?;
    }
    Ok(())
}

fn nothing_is_open(
    ledger: &View,
    channel: &Channel,
    side: usize,
    stuck: &Stuck,
) -> Result<(), String> {
    let end = channel.key(side);
    let open = ledger.open_packets_of(&end);
    let open = open.map(|(sequence, record)| (sequence, record.state()));
    let mut open = open.chain(ledger.evicted_packets_of(&end));
    let packet = open.find(|(sequence, _)| !stuck.contains(&channel.packet(side, *sequence)));
    match packet {
        Some(packet) => Err(format!("the ledger has {end} {packet:?}")),
        None => Ok(()),
    }
}

fn packet(
    world: &World,
    relayer: &Relayer,
    store: &Store,
    history: &History,
    (from, key): (usize, PacketKey),
    packet_history: &PacketHistory,
) -> Result<(), String> {
    let kept = store.packet(&key).map_err(|error| error.to_string())?;
    let Some(Change::Packet(_, Some(record))) = kept else {
        // Removed on purpose some hundred blocks after its end, or lost.
        let mut ends = packet_history
            .acknowledged
            .iter()
            .chain(&packet_history.timed_out);
        let history_blocks = relayer.policy.history_blocks;
        let newest = history.blocks[from].len() as u64;
        let is_history = ends.all(|end| end + history_blocks < newest);
        let sent = packet_history.sent;
        let (log, chain) = (&relayer.signed_log, &key.src.chain);
        let is_left_out = log.has_left_out(chain, sent) || log.is_before_both(chain, sent);
        // An empty store may have been filled from a node that lagged.
        return match is_history || is_left_out || relayer.store_was_lost {
            true => Ok(()),
            false => Err(format!(
                "the ledger does not know {key}: sent at {sent}, received at {:?}, acknowledged at {:?}, timed out at {:?}",
                packet_history.received,
                packet_history.acknowledged,
                packet_history.timed_out
            )),
        };
    };
    let ended = |heights: &[u64], height| heights == [height];
    // A node has said so before it was so, and nothing that came later says otherwise.
    let was_forged = |height| {
        let mut ends = packet_history
            .acknowledged
            .iter()
            .chain(&packet_history.timed_out);
        world.has(Fault::LiedEvent) && ends.any(|end| *end > height)
    };
    let is_so = match record.done {
        Some((height, Done::Acknowledged)) => {
            ended(&packet_history.acknowledged, height) || was_forged(height)
        }
        Some((height, Done::TimedOut)) => {
            ended(&packet_history.timed_out, height) || was_forged(height)
        }
        Some((height, Done::Settled)) => {
            let mut ends = packet_history
                .acknowledged
                .iter()
                .chain(&packet_history.timed_out);
            ends.all(|end| *end <= height)
        }
        None => false,
    };
    match is_so {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {key} as {:?}; it was acknowledged at {:?}, timed out at {:?}",
            record.done, packet_history.acknowledged, packet_history.timed_out
        )),
    }
}

fn channel(ledger: &View, history: &History, channel: &Channel, side: usize) -> Result<(), String> {
    let here = &channel.ends[side];
    let known = ledger.channel(here);
    let is = history.channels[side]
        .iter()
        .find(|end| (&end.port_id, &end.channel_id) == (&here.port_id, &here.channel_id));
    let is_so = known.map(|end| end.state) == is.map(|end| end.channel_end.state);
    match is_so && ledger.counterparty(here).as_ref() == Some(&channel.ends[1 - side]) {
        true => Ok(()),
        false => Err(format!("the ledger has {here} as {known:?}")),
    }
}

/// Every client in the ledger has the state it has on its chain.
async fn clients(world: &World, ledger: &View) -> Result<(), String> {
    for (key, record) in ledger.clients() {
        let side = world.place.sides.iter().find(|side| side.id() == key.chain);
        let chain = side.ok_or("a client on no chain")?.chain(USER);
        let path = StorePath::ClientState(key.client_id.clone());
        let state = chain.query(path, None).await.expect("an answer");
        let summary = state.and_then(|state| chain.codec().client(&state));
        let summary = summary.map(|client| client.summary);
        if summary.as_ref() != Some(&record.summary) {
            return Err(format!(
                "the ledger has {key} as {:?}, the chain as {summary:?}",
                record.summary
            ));
        }
    }
    Ok(())
}
