//! Counts of one path.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tern_chains::BlockTime;

/// Hours that are kept.
const HOURS: u64 = 24;
const HOUR_NANOS: u64 = 3_600 * 1_000_000_000;

/// What happened to the packets sent from one end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStatistics {
    pub sent: u64,
    pub received: u64,
    pub acknowledged: u64,
    pub timed_out: u64,
    /// Of the receives, acknowledgements and timeouts, those by other relayers: messages
    /// that were saved.
    pub by_others: u64,
    /// Time of the newest block with a receive, an acknowledgement or a timeout.
    pub last_moved: Option<BlockTime>,
    /// Packets that ended, by hour.
    pub hours: Hours,
}

impl PathStatistics {
    pub(super) fn moved(&mut self, time: BlockTime) {
        self.last_moved = self.last_moved.max(Some(time));
    }
}

/// Counts of the last 24 hours of block time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The hour of the last count, since 1970.
    last: u64,
    /// At most 24, the last one for `last`.
    counts: VecDeque<u32>,
}

impl Hours {
    pub(super) fn add(&mut self, time: BlockTime) {
        let hour = time.0 / HOUR_NANOS;
        self.advance(hour);
        let back = usize::try_from(self.last.saturating_sub(hour)).unwrap_or(usize::MAX);
        let at = self.counts.len().checked_sub(back.saturating_add(1));
        // A block of an older hour than all that are kept is not counted.
        if let Some(count) = at.and_then(|at| self.counts.get_mut(at)) {
            *count = count.saturating_add(1);
        }
    }

    /// Moves on to an hour, with nothing in those between.
    fn advance(&mut self, hour: u64) {
        let steps = match self.counts.is_empty() {
            true => 1,
            false => hour.saturating_sub(self.last).min(HOURS),
        };
        for _ in 0..steps {
            self.counts.push_back(0);
        }
        while self.counts.len() as u64 > HOURS {
            self.counts.pop_front();
        }
        self.last = self.last.max(hour);
    }

    /// The counts of the 24 hours up to `now`, the oldest first.
    pub fn until(&self, now: BlockTime) -> Vec<u32> {
        let mut moved = self.clone();
        moved.advance(now.0 / HOUR_NANOS);
        let known = moved.counts.len();
        let unknown = (HOURS as usize).saturating_sub(known);
        let counts = std::iter::repeat_n(0, unknown).chain(moved.counts);
        counts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: u64) -> BlockTime {
        BlockTime(hour * HOUR_NANOS + 5)
    }

    #[test]
    fn counts_move_with_the_hours_and_are_forgotten_after_a_day() {
        let mut hours = Hours::default();
        hours.add(hour(1_000));
        hours.add(hour(1_000));
        hours.add(hour(1_002));
        hours.add(hour(1_001));
        let counts = hours.until(hour(1_002));
        assert_eq!(counts.len(), 24);
        assert_eq!(counts[21..], [2, 1, 1]);
        assert_eq!(hours.until(hour(1_003))[20..], [2, 1, 1, 0]);
        assert_eq!(hours.until(hour(1_023))[..3], [2, 1, 1]);
        assert_eq!(hours.until(hour(9_999)), vec![0; 24]);
    }

    #[test]
    fn a_block_that_is_read_late_does_not_count_for_another_hour() {
        let mut hours = Hours::default();
        hours.add(hour(1_000));
        hours.add(hour(900));
        assert_eq!(hours.until(hour(1_000)).iter().sum::<u32>(), 1);
    }
}
