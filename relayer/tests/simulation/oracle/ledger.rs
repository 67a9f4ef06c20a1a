//! What the relayer has written down is what the chains say.

use ibc_relayer_types::core::ics24_host::path::ClientStatePath;
use tern::engine::Store;
use tern_chains::{Chain, ChannelId, ClientSummary, Path, PortId, Sequence};
use tern_core::ledger::{Change, ChannelKey, Done, PacketKey, View};
use tern_core::policy::Policy;

use super::chronicle::{Chronicle, Story};
use crate::side::USER;
use crate::world::World;

pub async fn agrees_with_the_chains(world: &World, chronicle: &Chronicle) -> Result<(), String> {
    let (store, ledger) = world.store();
    for side in 0..2 {
        let end = end(chronicle, side);
        let open = ledger.open_packets_of(&end);
        let open = open.map(|(sequence, record)| (sequence, record.state()));
        if let Some(packet) = open.chain(ledger.shelved_packets_of(&end)).next() {
            return Err(format!("the ledger has {end} {packet:?}"));
        }
    }
    if let Some((key, record)) = ledger.txs().next() {
        let until = record.timeout_height;
        return Err(format!(
            "the ledger waits for tx {} on {} until {until}",
            key.hash, key.chain
        ));
    }
    for (from, packets) in chronicle.packets.iter().enumerate() {
        for (sequence, story) in packets {
            packet(world, &store, chronicle, from, *sequence, story)?;
        }
    }
    for side in 0..2 {
        channel(&ledger, chronicle, side)?;
    }
    clients(world, &ledger).await
}

fn packet(
    world: &World,
    store: &Store,
    chronicle: &Chronicle,
    from: usize,
    sequence: Sequence,
    story: &Story,
) -> Result<(), String> {
    let src = end(chronicle, from);
    let key = PacketKey { src, sequence };
    let kept = store.packet(&key).map_err(|error| error.to_string())?;
    let Some(Change::Packet(_, Some(record))) = kept else {
        // Forgotten on purpose some hundred blocks after its end, or lost.
        let mut ends = story.acknowledged.iter().chain(&story.timed_out);
        let history = Policy::default().history_blocks;
        let newest = chronicle.blocks[from].len() as u64;
        let is_history = ends.all(|end| end + history < newest);
        return match is_history || world.has_forgotten {
            true => Ok(()),
            false => Err(format!("the ledger does not know {key}")),
        };
    };
    let is_so = match record.done {
        Some((height, Done::Acknowledged)) => story.acknowledged == [height],
        Some((height, Done::TimedOut)) => story.timed_out == [height],
        Some((height, Done::Settled)) => {
            let mut ends = story.acknowledged.iter().chain(&story.timed_out);
            ends.all(|end| *end <= height)
        }
        None => false,
    };
    match is_so {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {key} as {:?}; it was acknowledged at {:?}, timed out at {:?}",
            record.done, story.acknowledged, story.timed_out
        )),
    }
}

fn channel(ledger: &View, chronicle: &Chronicle, side: usize) -> Result<(), String> {
    let (here, there) = (end(chronicle, side), end(chronicle, 1 - side));
    let is_open = ledger.channel(&here).is_some_and(|end| end.state.is_open());
    match is_open && ledger.counterparty(&here) == Some(there) {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {here} as {:?}",
            ledger.channel(&here)
        )),
    }
}

/// Every client the ledger knows, at the height the chain has it.
async fn clients(world: &World, ledger: &View) -> Result<(), String> {
    for (key, record) in ledger.clients() {
        let side = world.sides.iter().find(|side| side.id() == key.chain);
        let door = side.ok_or("a client on no chain")?.door(USER);
        let path = Path::ClientState(ClientStatePath(key.client_id.clone()));
        let state = door.query(path, None).await.expect("an answer");
        let summary = state.as_deref().and_then(ClientSummary::decode);
        if summary.as_ref() != Some(&record.summary) {
            return Err(format!(
                "the ledger has {key} as {:?}, the chain as {summary:?}",
                record.summary
            ));
        }
    }
    Ok(())
}

fn end(chronicle: &Chronicle, side: usize) -> ChannelKey {
    ChannelKey {
        chain: chronicle.chains[side].clone(),
        port_id: PortId::transfer(),
        channel_id: ChannelId::new(0),
    }
}
