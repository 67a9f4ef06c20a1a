//! Fees that Tern has paid, as blocks state it: by time for the budgets, and summed up
//! by path, kind and day for whoever asks what relaying costs.
//!
//! A transaction that is in a block is paid, whether it succeeded or not. Its fee is
//! shared evenly among its messages. Amounts are in the smallest unit of the denom that
//! the chain's fees are paid in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId};

use super::EndKey;

/// Fees are added up by spans of this length. Five minutes: a day has 288 of them, and an
/// hour that is a twelfth too long does no harm.
const SLOT: Duration = Duration::from_secs(300);
/// Spans that ended longer ago are forgotten: the longest budget is for a day.
const KEPT: Duration = Duration::from_secs(25 * 3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Days whose sums are kept, with the one that has begun.
pub const DAYS: u64 = 31;

/// What a message was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FeeKind {
    /// Packets, acknowledgements and timeouts.
    Packets,
    /// Client updates: those that packets need, refreshes, and upgrades.
    Updates,
    /// Handshakes that a command asked for.
    Handshakes,
    /// What a command sent.
    Commands,
    /// All messages of transactions that failed in their block.
    Failures,
}

/// One sum of fees: on a chain, for the packets sent from one end or for no path, and of
/// one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeesKey {
    pub chain: ChainId,
    pub path: Option<EndKey>,
    pub kind: FeeKind,
}

/// What was paid on a chain in a day of its block time in UTC, for one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeesDayKey {
    pub chain: ChainId,
    /// Days since 1970.
    pub day: u64,
    pub kind: FeeKind,
}

/// A sum: since the store was made, or of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesRecord {
    pub amount: u128,
    pub messages: u64,
    /// Block time of the last of them.
    pub last: BlockTime,
}

/// All that is known of fees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fees {
    sums: BTreeMap<FeesKey, FeesRecord>,
    days: BTreeMap<FeesDayKey, FeesRecord>,
    slots: BTreeMap<ChainId, BTreeMap<u64, u128>>,
}

/// The number of the span a block time is in.
pub(super) fn slot(time: BlockTime) -> u64 {
    u64::try_from(u128::from(time.0) / SLOT.as_nanos()).unwrap_or(u64::MAX)
}

/// The day that a block time is in, since 1970.
pub(super) fn day(time: BlockTime) -> u64 {
    u64::try_from(u128::from(time.0) / DAY.as_nanos()).unwrap_or(u64::MAX)
}

impl FeesRecord {
    /// This much more, paid at a block time.
    pub(super) fn and(before: Option<&Self>, amount: u128, messages: u64, at: BlockTime) -> Self {
        Self {
            amount: before.map_or(0, |sum| sum.amount).saturating_add(amount),
            messages: before.map_or(0, |sum| sum.messages) + messages,
            last: at.max(before.map_or(at, |sum| sum.last)),
        }
    }
}

impl Fees {
    pub fn sums(&self) -> impl Iterator<Item = (&FeesKey, &FeesRecord)> {
        self.sums.iter()
    }

    pub fn sum(&self, key: &FeesKey) -> Option<&FeesRecord> {
        self.sums.get(key)
    }

    /// By day, the oldest of a chain first.
    pub fn days(&self) -> impl Iterator<Item = (&FeesDayKey, &FeesRecord)> {
        self.days.iter()
    }

    pub(super) fn of_day(&self, key: &FeesDayKey) -> Option<&FeesRecord> {
        self.days.get(key)
    }

    /// Paid on a chain in the time before `now`, and at most one span earlier.
    pub fn paid_within(&self, chain: &ChainId, now: BlockTime, window: Duration) -> u128 {
        let since = BlockTime(now.0.saturating_sub(nanos(window)));
        let slots = self.slots.get(chain).into_iter();
        let slots = slots.flat_map(|slots| slots.range(slot(since)..));
        slots.fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    pub(super) fn paid_in(&self, chain: &ChainId, slot: u64) -> u128 {
        let slots = self.slots.get(chain);
        slots
            .and_then(|slots| slots.get(&slot))
            .map_or(0, |paid| *paid)
    }

    /// Spans that no budget asks for any more.
    pub(super) fn past(&self, chain: &ChainId, now: BlockTime) -> impl Iterator<Item = u64> + '_ {
        let kept = slot(BlockTime(now.0.saturating_sub(nanos(KEPT))));
        let slots = self.slots.get(chain).into_iter();
        slots.flat_map(move |slots| slots.range(..kept).map(|(slot, _)| *slot))
    }

    /// Days of a chain that are not kept any more.
    pub(super) fn past_days(
        &self,
        chain: &ChainId,
        now: BlockTime,
    ) -> impl Iterator<Item = &FeesDayKey> {
        let first = (day(now) + 1).saturating_sub(DAYS);
        let chain = chain.clone();
        let days = self.days.keys();
        days.filter(move |key| key.chain == chain && key.day < first)
    }

    pub(super) fn put_day(&mut self, key: FeesDayKey, record: Option<FeesRecord>) {
        match record {
            Some(record) => self.days.insert(key, record),
            None => self.days.remove(&key),
        };
    }

    pub(super) fn put_sum(&mut self, key: FeesKey, record: FeesRecord) {
        self.sums.insert(key, record);
    }

    pub(super) fn put_slot(&mut self, chain: ChainId, slot: u64, amount: Option<u128>) {
        let slots = self.slots.entry(chain).or_default();
        match amount {
            Some(amount) => slots.insert(slot, amount),
            None => slots.remove(&slot),
        };
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
