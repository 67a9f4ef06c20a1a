//! The relayer's store agrees with the chains.

use tern::engine::Store;
use tern_chains::{ChannelId, PortId, Sequence, StorePath};
use tern_core::ledger::{Change, ChannelKey, Done, PacketKey, View};
use tern_core::policy::Policy;

use super::history::{History, PacketHistory};
use crate::fault_counts::Fault;
use crate::side::USER;
use crate::world::World;

pub async fn agrees_with_the_chains(world: &World, history: &History) -> Result<(), String> {
    let (store, ledger) = world.store();
    for side in 0..2 {
        let end = end(history, side).into();
        let open = ledger.open_packets_of(&end);
        let open = open.map(|(sequence, record)| (sequence, record.state()));
        if let Some(packet) = open.chain(ledger.evicted_packets_of(&end)).next() {
            return Err(format!("the ledger has {end} {packet:?}"));
        }
    }
    if let Some((key, record)) = ledger.txs().next() {
        let until = record.deadline;
        return Err(format!(
            "the ledger waits for tx {} on {} until {until}",
            key.hash, key.chain
        ));
    }
    for (from, packets) in history.packets.iter().enumerate() {
        for (sequence, packet_history) in packets {
            packet(world, &store, history, from, *sequence, packet_history)?;
        }
    }
    for side in 0..2 {
        channel(&ledger, history, side)?;
    }
    clients(world, &ledger).await
}

fn packet(
    world: &World,
    store: &Store,
    history: &History,
    from: usize,
    sequence: Sequence,
    packet_history: &PacketHistory,
) -> Result<(), String> {
    let src = end(history, from).into();
    let key = PacketKey { src, sequence };
    let kept = store.packet(&key).map_err(|error| error.to_string())?;
    let Some(Change::Packet(_, Some(record))) = kept else {
        // Removed on purpose some hundred blocks after its end, or lost.
        let mut ends = packet_history
            .acknowledged
            .iter()
            .chain(&packet_history.timed_out);
        let history_blocks = Policy::default().history_blocks;
        let newest = history.blocks[from].len() as u64;
        let is_history = ends.all(|end| end + history_blocks < newest);
        return match is_history || world.store_was_lost {
            true => Ok(()),
            false => Err(format!("the ledger does not know {key}")),
        };
    };
    let ended = |heights: &[u64], height| heights == [height];
    // A node has said so before it was so, and nothing that came later says otherwise.
    let was_forged = |height| {
        let mut ends = packet_history
            .acknowledged
            .iter()
            .chain(&packet_history.timed_out);
        world.chaos.has(Fault::LiedEvent) && ends.any(|end| *end > height)
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

fn channel(ledger: &View, history: &History, side: usize) -> Result<(), String> {
    let (here, there) = (end(history, side), end(history, 1 - side));
    let is_open = ledger.channel(&here).is_some_and(|end| end.state.is_open());
    match is_open && ledger.counterparty(&here) == Some(there) {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {here} as {:?}",
            ledger.channel(&here)
        )),
    }
}

/// Every client in the ledger has the state it has on its chain.
async fn clients(world: &World, ledger: &View) -> Result<(), String> {
    for (key, record) in ledger.clients() {
        let side = world.sides.iter().find(|side| side.id() == key.chain);
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

fn end(history: &History, side: usize) -> ChannelKey {
    ChannelKey {
        chain: history.chains[side].clone(),
        port_id: PortId::transfer(),
        channel_id: ChannelId::new(0),
    }
}
