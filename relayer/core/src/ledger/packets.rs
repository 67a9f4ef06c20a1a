//! Packets in memory, and the names of those only the store has.
//!
//! A flood may open more packets than memory should hold, and finished ones are
//! kept for a while so that late facts cannot bring them back to life. Both can
//! be *evicted*: their record stays in the store, their name stays here. Whoever applies
//! a fact about an evicted packet loads it first.
//!
//! Packets that cannot be moved for now are *parked* when memory is short: evicted,
//! and not loaded before they can. So packets that never end do not keep others from
//! memory, and each end has a share of it that no other end can take.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Sequence};

use super::{EndKey, PacketKey, PacketRecord, PacketState};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packets {
    ends: BTreeMap<EndKey, OfEnd>,
    /// How many packets that are not done are in memory, and how many are to be loaded.
    open: usize,
    evicted: usize,
    /// Finished packets, evicted ones included, by the source height of their
    /// end.
    finished: BTreeMap<ChainId, BTreeMap<u64, BTreeMap<EndKey, BTreeSet<Sequence>>>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct OfEnd {
    records: BTreeMap<Sequence, PacketRecord>,
    /// Packets that are not done, and how far they are.
    evicted: BTreeMap<Sequence, PacketState>,
    parked: BTreeMap<Sequence, Parked>,
}

#[derive(Clone, Debug, PartialEq)]
struct Parked {
    state: PacketState,
    until: Option<Due>,
}

/// How many packets that are not done are in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// With their record.
    pub records: usize,
    /// Of these, those that are not all known: they cannot be evicted.
    pub unseen: usize,
    /// By name alone, to be loaded as memory allows.
    pub evicted: usize,
    /// By name alone, until they can be moved.
    pub parked: usize,
}

/// When a packet can be moved again: at this height of the chain it goes to. Without it,
/// when a fact about it comes.
pub type Due = (ChainId, u64);

impl OfEnd {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.evicted.is_empty()
    }

    /// The name leaves those whose record is in the store alone. True if it was to be
    /// loaded.
    fn forget_name(&mut self, sequence: Sequence) -> bool {
        self.parked.remove(&sequence);
        self.evicted.remove(&sequence).is_some()
    }
}

impl Packets {
    pub fn get(&self, key: &PacketKey) -> Option<&PacketRecord> {
        self.ends.get(&key.src)?.records.get(&key.sequence)
    }

    /// Source ends with packets in memory.
    pub fn ends(&self) -> impl Iterator<Item = &EndKey> {
        let any = self.ends.iter().filter(|(_, of)| !of.records.is_empty());
        any.map(|(key, _)| key)
    }

    /// Packets of an end that are in memory and not done, by sequence.
    pub fn open_of(&self, src: &EndKey) -> impl Iterator<Item = (Sequence, &PacketRecord)> {
        let records = self.ends.get(src).into_iter().flat_map(|of| &of.records);
        let open = records.filter(|(_, record)| record.done.is_none());
        open.map(|(sequence, record)| (*sequence, record))
    }

    /// Packets of an end that are not done and whose record is in the store alone.
    pub fn evicted_of(&self, src: &EndKey) -> impl Iterator<Item = (Sequence, PacketState)> + '_ {
        let of = self.ends.get(src).into_iter();
        of.flat_map(|of| {
            let evicted = of
                .evicted
                .iter()
                .map(|(sequence, state)| (*sequence, *state));
            let parked = of.parked.iter();
            evicted.chain(parked.map(|(sequence, parked)| (*sequence, parked.state)))
        })
    }

    pub fn held(&self) -> Held {
        let records = self.ends.values().flat_map(|of| of.records.values());
        let unseen = records.filter(|record| record.done.is_none() && !is_complete(record));
        Held {
            records: self.open,
            unseen: unseen.count(),
            evicted: self.evicted,
            parked: self.ends.values().map(|of| of.parked.len()).sum(),
        }
    }

    pub fn put(&mut self, key: PacketKey, record: PacketRecord) {
        if let Some((height, _)) = record.done {
            self.finished
                .entry(key.src.chain.clone())
                .or_default()
                .entry(height)
                .or_default()
                .entry(key.src.clone())
                .or_default()
                .insert(key.sequence);
        }
        let is_open = record.done.is_none();
        let of = self.ends.entry(key.src).or_default();
        self.evicted -= usize::from(of.forget_name(key.sequence));
        let old = of.records.insert(key.sequence, record);
        self.open += usize::from(is_open);
        self.open -= usize::from(old.is_some_and(|old| old.done.is_none()));
    }

    pub fn remove(&mut self, key: &PacketKey) {
        self.forget_record(key);
        if let Some(of) = self.ends.get_mut(&key.src) {
            self.evicted -= usize::from(of.forget_name(key.sequence));
        }
        let Some(heights) = self.finished.get_mut(&key.src.chain) else {
            return;
        };
        // The oldest are removed first: it is found at once.
        for channels in heights.values_mut() {
            let Some(sequences) = channels.get_mut(&key.src) else {
                continue;
            };
            if sequences.remove(&key.sequence) {
                if sequences.is_empty() {
                    channels.remove(&key.src);
                }
                break;
            }
        }
        heights.retain(|_, channels| !channels.is_empty());
    }

    /// Packets of a source chain that ended before a height of it.
    pub fn finished_before<'a>(
        &'a self,
        chain: &ChainId,
        height: u64,
    ) -> impl Iterator<Item = PacketKey> + 'a {
        let heights = self.finished.get(chain).into_iter();
        let channels = heights.flat_map(move |heights| heights.range(..height));
        channels.flat_map(|(_, channels)| {
            channels
                .iter()
                .flat_map(|(src, sequences)| sequences.iter().map(|sequence| key(src, *sequence)))
        })
    }

    /// A packet's record leaves memory: of one that is done, or all of which is known.
    pub fn evict(&mut self, key: &PacketKey) {
        let Some(record) = self.get(key) else {
            return;
        };
        let (state, is_complete) = (record.state(), is_complete(record));
        if state == PacketState::Done {
            self.forget_record(key);
        } else if is_complete {
            self.forget_record(key);
            let of = self.ends.entry(key.src.clone()).or_default();
            of.evicted.insert(key.sequence, state);
            self.evicted += 1;
        }
    }

    /// Puts a packet aside until it can be moved.
    pub fn park(&mut self, key: &PacketKey, until: Option<Due>) {
        let complete = self.get(key).filter(|record| is_complete(record));
        let Some(state) = complete.map(PacketRecord::state) else {
            return;
        };
        self.forget_record(key);
        let of = self.ends.entry(key.src.clone()).or_default();
        of.parked.insert(key.sequence, Parked { state, until });
    }

    /// Those parked packets that are due may be loaded again.
    pub fn unpark(&mut self, is_due: impl Fn(&Due) -> bool) {
        for of in self.ends.values_mut() {
            let due = |parked: &Parked| parked.until.as_ref().is_some_and(&is_due);
            let due: Vec<Sequence> = of
                .parked
                .iter()
                .filter(|(_, parked)| due(parked))
                .map(|(sequence, _)| *sequence)
                .collect();
            for sequence in due {
                if let Some(parked) = of.parked.remove(&sequence) {
                    of.evicted.insert(sequence, parked.state);
                    self.evicted += 1;
                }
            }
        }
    }

    /// Once memory is half full: packets that cannot be moved for now, as `stuck` says, and
    /// until when. Never one that is held.
    pub fn to_park(
        &self,
        max: usize,
        is_held: impl Fn(&PacketKey) -> bool,
        stuck: impl Fn(&PacketKey, &PacketRecord) -> Option<Option<Due>>,
    ) -> Vec<(PacketKey, Option<Due>)> {
        if self.open <= max / 2 {
            return vec![];
        }
        let all = self.ends.iter().flat_map(|(src, of)| {
            let open = of
                .records
                .iter()
                .filter(|(_, record)| record.done.is_none());
            open.map(|(sequence, record)| (key(src, *sequence), record))
        });
        let complete = all.filter(|(key, record)| is_complete(record) && !is_held(key));
        let stuck = complete.filter_map(|(key, record)| {
            let until = stuck(&key, record)?;
            Some((key, until))
        });
        stuck.collect()
    }

    /// Packets to be evicted so that no more than `max` that are not done stay in
    /// memory: the last sequences of the ends with more than their share. What comes
    /// after an evicted packet of its end waits behind it. Never one that is held.
    pub fn to_evict(&self, max: usize, is_held: impl Fn(&PacketKey) -> bool) -> Vec<PacketKey> {
        if self.open <= max && self.evicted == 0 {
            return vec![];
        }
        let share = self.share(max);
        let mut surplus = Vec::new();
        for (src, of) in &self.ends {
            if let Some(first) = of.evicted.keys().next() {
                let behind = of.records.range(first..).rev();
                take(src, behind, usize::MAX, &is_held, &mut surplus);
            }
        }
        let mut excess = (self.open - surplus.len()).saturating_sub(max);
        for (src, of) in &self.ends {
            let first = of.evicted.keys().next();
            let before = |sequence: &Sequence| first.is_none_or(|first| sequence < first);
            let rest = of.records.iter().rev();
            let rest = rest.filter(|(sequence, _)| before(sequence));
            let count = excess.min(of.records.len().saturating_sub(share));
            excess -= take(src, rest, count, &is_held, &mut surplus);
        }
        surplus
    }

    /// Packets to be loaded, the first of each end: while memory has room, and up to the
    /// end's share of it in any case. None before a quarter of it is free, and some at a
    /// time.
    pub fn to_load(&self, max: usize) -> Vec<PacketKey> {
        if self.evicted == 0 {
            return vec![];
        }
        let room = |held: usize, most: usize| match held > most / 4 * 3 {
            true => 0,
            false => most.saturating_sub(held),
        };
        let waiting = || self.ends.iter().filter(|(_, of)| !of.evicted.is_empty());
        let of_all = room(self.open, max).div_ceil(waiting().count().max(1));
        let share = self.share(max);
        let first = waiting().flat_map(|(src, of)| {
            let count = of_all.max(room(of.records.len(), share));
            let sequences = of.evicted.keys().take(count);
            sequences.map(|sequence| key(src, *sequence))
        });
        first.take(LOADED_MAX).collect()
    }

    /// What each end may have of memory, whatever the others have.
    fn share(&self, max: usize) -> usize {
        let ends = self.ends.values().filter(|of| !of.is_empty());
        max / ends.count().max(1)
    }

    fn forget_record(&mut self, key: &PacketKey) {
        let of = self.ends.get_mut(&key.src);
        let old = of.and_then(|of| of.records.remove(&key.sequence));
        self.open -= usize::from(old.is_some_and(|old| old.done.is_none()));
    }
}

/// Most records loaded at a time: each is a read of the store.
const LOADED_MAX: usize = 2_000;

/// Adds up to `count` of these to the surplus; says how many.
fn take<'a>(
    src: &EndKey,
    records: impl Iterator<Item = (&'a Sequence, &'a PacketRecord)>,
    count: usize,
    is_held: &impl Fn(&PacketKey) -> bool,
    surplus: &mut Vec<PacketKey>,
) -> usize {
    let complete = records.filter(|(_, record)| record.done.is_none() && is_complete(record));
    let keys = complete.map(|(sequence, _)| key(src, *sequence));
    let before = surplus.len();
    surplus.extend(keys.filter(|key| !is_held(key)).take(count));
    surplus.len() - before
}

/// Whether all that is needed to relay it is known.
fn is_complete(record: &PacketRecord) -> bool {
    record.sent.is_some() && record.packet.is_some()
}

fn key(src: &EndKey, sequence: Sequence) -> PacketKey {
    PacketKey {
        src: src.clone(),
        sequence,
    }
}
