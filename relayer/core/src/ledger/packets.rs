//! Packets in memory, and the names of those only the store has.
//!
//! A flood may open more packets than memory should hold, and finished ones are
//! kept for a while so that late facts cannot bring them back to life. Both can
//! be put on the *evicted*: their record stays in the store, their name stays
//! here. Whoever applies a fact about a evicted packet takes it down first.

use std::collections::{BTreeMap, BTreeSet};

use tern_chains::{ChainId, Sequence};

use super::{EndKey, PacketKey, PacketRecord, PacketState};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packets {
    ends: BTreeMap<EndKey, OfEnd>,
    /// How many packets that are not done are in memory, and on the evicted.
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

    /// Packets of an end that are on the evicted and not done.
    pub fn evicted_of(&self, src: &EndKey) -> impl Iterator<Item = (Sequence, PacketState)> + '_ {
        let evicted = self.ends.get(src).into_iter().flat_map(|of| &of.evicted);
        evicted.map(|(sequence, state)| (*sequence, *state))
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
        self.evicted -= usize::from(of.evicted.remove(&key.sequence).is_some());
        let old = of.records.insert(key.sequence, record);
        self.open += usize::from(is_open);
        self.open -= usize::from(old.is_some_and(|old| old.done.is_none()));
    }

    pub fn remove(&mut self, key: &PacketKey) {
        self.forget_record(key);
        if let Some(of) = self.ends.get_mut(&key.src) {
            self.evicted -= usize::from(of.evicted.remove(&key.sequence).is_some());
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

    /// Puts a packet on the evicted: one that is done, or all of which is known.
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

    /// Packets to be put on the evicted so that no more than `max` that are not
    /// done stay in memory: the last sequences of the ends with more than their
    /// share. What comes after a evicted packet of its end waits behind it.
    /// Never one that is held.
    pub fn to_evict(&self, max: usize, is_held: impl Fn(&PacketKey) -> bool) -> Vec<PacketKey> {
        if self.open <= max && self.evicted == 0 {
            return vec![];
        }
        let share = max / self.ends.len().max(1);
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

    /// Packets to be loaded, the first of each end, while there is room
    /// below `max`. None before a quarter of it is free, and some at a time.
    pub fn to_load(&self, max: usize) -> Vec<PacketKey> {
        if self.evicted == 0 || self.open > max / 4 * 3 {
            return vec![];
        }
        let room = (max - self.open).min(LOADED_MAX);
        let waiting = || self.ends.iter().filter(|(_, of)| !of.evicted.is_empty());
        let share = (room / waiting().count().max(1)).max(1);
        let first = waiting().flat_map(|(src, of)| {
            let sequences = of.evicted.keys().take(share);
            sequences.map(|sequence| key(src, *sequence))
        });
        first.take(room).collect()
    }

    fn forget_record(&mut self, key: &PacketKey) {
        let of = self.ends.get_mut(&key.src);
        let old = of.and_then(|of| of.records.remove(&key.sequence));
        self.open -= usize::from(old.is_some_and(|old| old.done.is_none()));
    }
}

/// Most records taken down at a time: each is a read of the store.
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
