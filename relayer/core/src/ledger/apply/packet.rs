//! Changes of packet records.

use tern_chains::{ChainId, Packet, PacketId};

use crate::ledger::{Acknowledgement, Change, Done, EndKey, PacketKey, PacketRecord, View};

pub(super) fn on_src(
    view: &View,
    src: &ChainId,
    id: &PacketId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    let key = View::key_on_src(src, id);
    let Some(dst) = counterparty_chain(view, &key.src).cloned() else {
        return vec![];
    };
    change_packet(view, key, id, &dst, set)
}

pub(super) fn on_dst(
    view: &View,
    dst: &ChainId,
    id: &PacketId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    let Some(key) = key_on_dst(view, dst, id) else {
        return vec![];
    };
    if view.head(&key.src.chain).is_none() {
        return vec![];
    }
    change_packet(view, key, id, dst, set)
}

/// The ledger key of a packet event seen on its destination chain, if the
/// channel is known.
pub(super) fn key_on_dst(view: &View, dst: &ChainId, id: &PacketId) -> Option<PacketKey> {
    let end = EndKey {
        chain: dst.clone(),
        end: id.dst.clone(),
    };
    let src = counterparty_chain(view, &end)?;
    Some(View::key_on_src(src, id))
}

/// The chain an end's client is of.
fn counterparty_chain<'a>(view: &'a View, end: &EndKey) -> Option<&'a ChainId> {
    Some(&view.channel(&end.as_channel()?)?.counterparty_chain)
}

pub(super) fn write_acknowledgement(
    record: &mut PacketRecord,
    height: u64,
    packet: &Packet,
    ack: &[u8],
) {
    record.received.get_or_insert(height);
    record.packet.get_or_insert_with(|| packet.clone());
    record.ack.get_or_insert_with(|| Acknowledgement {
        height,
        bytes: ack.to_vec(),
    });
}

pub(super) fn finish(record: &mut PacketRecord, height: u64, done: Done) {
    record.done.get_or_insert((height, done));
}

fn change_packet(
    view: &View,
    key: PacketKey,
    id: &PacketId,
    dst: &ChainId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    if view.head(dst).is_none() {
        return vec![];
    }
    let old = view.packet(&key);
    let mut new = old
        .cloned()
        .unwrap_or_else(|| PacketRecord::new(id.clone(), dst.clone()));
    set(&mut new);
    if new.done.is_some() {
        // What is only needed to relay it is dropped; the facts stay.
        new.packet = None;
        new.ack = None;
    }
    if old == Some(&new) {
        return vec![];
    }
    vec![Change::Packet(key, Some(Box::new(new)))]
}
