//! Changes of packet records.

use tern_chains::{ChainId, End, Packet, PacketId, Sequence};

use crate::admission::Admission;
use crate::ledger::{Acknowledgement, Change, Done, EndKey, PacketKey, PacketRecord, View};

/// A fact about a packet on its source. Its ends must be each other's counterparties.
pub(super) fn on_src(
    view: &View,
    admission: &Admission,
    src: &ChainId,
    id: &PacketId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    let key = View::key_on_src(src, id);
    let dst = view.destination(&key.src);
    let Some(dst) = dst.filter(|dst| dst.end == id.dst) else {
        return vec![];
    };
    change_packet(view, admission, key, id, &dst.chain, set)
}

/// The ledger key of a packet that is sent from an end of a chain.
pub(super) fn sent_from(src: &ChainId, end: &End, sequence: Sequence) -> PacketKey {
    PacketKey {
        src: EndKey {
            chain: src.clone(),
            end: end.clone(),
        },
        sequence,
    }
}

/// A fact about a packet on its destination.
pub(super) fn on_dst(
    view: &View,
    admission: &Admission,
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
    change_packet(view, admission, key, id, dst, set)
}

/// The ledger key of a packet event seen on its destination chain, if the channel
/// is known, and the packet's ends are each other's counterparties. Anybody can
/// create a channel that names an end of another one as its counterparty.
pub(super) fn key_on_dst(view: &View, dst: &ChainId, id: &PacketId) -> Option<PacketKey> {
    let end = EndKey {
        chain: dst.clone(),
        end: id.dst.clone(),
    };
    let src = view.destination(&end).filter(|src| src.end == id.src)?;
    let back = view.destination(&src);
    let is_mutual = back.is_none_or(|back| back == end);
    is_mutual.then(|| View::key_on_src(&src.chain, id))
}

pub(super) fn write_acknowledgement(
    record: &mut PacketRecord,
    height: u64,
    packet: &Packet,
    ack: &[u8],
) {
    record.received = record.received.max(Some(height));
    record.packet.get_or_insert_with(|| packet.clone());
    record.ack.get_or_insert_with(|| Acknowledgement {
        height,
        bytes: ack.to_vec(),
    });
}

/// A packet ends once: what was said to be an earlier end was none, and is not what a
/// later finding takes back.
pub(super) fn finish(record: &mut PacketRecord, height: u64, done: Done) {
    if record.done.is_none_or(|(before, _)| before < height) {
        record.done = Some((height, done));
    }
}

/// Writes the record without what was not so, if there is something of that kind.
pub(super) fn take_back(
    view: &View,
    key: Option<PacketKey>,
    corrected: impl FnOnce(&PacketRecord) -> Option<PacketRecord>,
) -> Vec<Change> {
    let Some(key) = key else {
        return vec![];
    };
    let new = view.packet(&key).and_then(corrected);
    let Some(new) = new else {
        return vec![];
    };
    // Of one that nothing is known of any more, nothing is kept.
    let is_empty = new == PacketRecord::new(new.id.clone(), new.dst.clone());
    replace(key, (!is_empty).then_some(new))
}

/// Removed first: a finished packet is also known by the height it ended at.
fn replace(key: PacketKey, new: Option<PacketRecord>) -> Vec<Change> {
    let removed = Change::Packet(key.clone(), None);
    let written = new.map(|new| Change::Packet(key, Some(Box::new(new))));
    std::iter::once(removed).chain(written).collect()
}

fn change_packet(
    view: &View,
    admission: &Admission,
    key: PacketKey,
    id: &PacketId,
    dst: &ChainId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    if view.head(dst).is_none() {
        return vec![];
    }
    let old = view.packet(&key);
    if old.is_none() && admission.path_from(view, &key.src).is_err() {
        return vec![];
    }
    // Before the source's end was known, another chain may have claimed the packet.
    let same = old.filter(|old| old.dst == *dst && old.id == *id);
    let mut new = same
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
    if old.is_some_and(|old| old.done.is_some() && old.done != new.done) {
        return replace(key, Some(new));
    }
    vec![Change::Packet(key, Some(Box::new(new)))]
}
