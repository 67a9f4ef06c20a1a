//! When a chain took on the consensus states of its clients: what delay periods count from.

use serde::{Deserialize, Serialize};

use super::{ClientKey, Head, View};
use crate::policy::Policy;

/// A consensus state of a client, with the block of the client's own chain that took it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processed {
    /// Height of the consensus state.
    pub height: u64,
    pub at: Head,
}

/// How old a consensus state must be before packets are proven by it (ICS-03, ibc-go
/// 03-connection `verify.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    time_ns: u64,
    blocks: u64,
}

impl Delay {
    /// `None`: there is none.
    pub fn of(delay_period_ns: u64, policy: &Policy) -> Option<Self> {
        let block_time_ns = policy.block_time_max_ns.max(1);
        (delay_period_ns > 0).then(|| Self {
            time_ns: delay_period_ns,
            blocks: delay_period_ns.div_ceil(block_time_ns),
        })
    }

    /// The longest of the connections over a client.
    pub fn over(view: &View, policy: &Policy, client: &ClientKey) -> Option<Self> {
        let connections = view.connections().filter(|(key, record)| {
            key.chain == client.chain && record.client_id == client.client_id
        });
        let longest = connections.map(|(_, record)| record.delay_period_ns).max();
        Self::of(longest?, policy)
    }

    /// Whether it has passed in the newest block.
    pub fn has_passed(self, consensus: &Processed, now: Head) -> bool {
        let since = consensus.at;
        now.time.0 >= since.time.0.saturating_add(self.time_ns)
            && now.height >= since.height.saturating_add(self.blocks)
    }
}

/// Most that are remembered of a client. Default 64: with more in a delay period, the last
/// but one makes room, so that the others grow old.
const REMEMBERED_MAX: usize = 64;

/// What is remembered once the client has these consensus states too; `None` where that is
/// nothing new. Of those past the delay the newest is enough.
pub(super) fn remember(
    known: &[Processed],
    delay: Delay,
    heights: &[u64],
    now: Head,
) -> Option<Vec<Processed>> {
    let is_known = |height: u64| known.iter().any(|one| one.height == height);
    let new = heights.iter().filter(|height| !is_known(**height));
    let new: Vec<Processed> = new
        .map(|height| Processed {
            height: *height,
            at: now,
        })
        .collect();
    if new.is_empty() {
        return None;
    }
    let mut all = [known, &new].concat();
    all.sort_by_key(|one| one.height);
    let newest = all.iter().rposition(|one| delay.has_passed(one, now));
    all.drain(..newest.unwrap_or_default());
    while all.len() > REMEMBERED_MAX {
        all.remove(all.len() - 2);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use tern_chains::BlockTime;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn head(seconds: u64) -> Head {
        Head {
            height: seconds,
            time: BlockTime(seconds * SECOND),
        }
    }

    fn delay(seconds: u64) -> Delay {
        Delay::of(seconds * SECOND, &Policy::default()).unwrap()
    }

    fn at(height: u64, seconds: u64) -> Processed {
        Processed {
            height,
            at: head(seconds),
        }
    }

    #[test]
    fn a_delay_is_of_time_and_of_blocks_and_ends_with_its_last_moment() {
        let policy = Policy::default();
        assert_eq!(Delay::of(0, &policy), None);
        // A block for every 30 seconds that have begun.
        assert_eq!(delay(31).blocks, 2);
        assert!(!delay(10).has_passed(&at(5, 100), head(109)));
        assert!(delay(10).has_passed(&at(5, 100), head(110)));
        let same_block = Head {
            height: 100,
            time: head(110).time,
        };
        assert!(!delay(10).has_passed(&at(5, 100), same_block));
    }

    #[test]
    fn of_those_past_the_delay_the_newest_is_remembered_and_nothing_twice() {
        let known = [at(5, 100), at(6, 101), at(7, 109)];
        let all = remember(&known, delay(10), &[8], head(112));
        assert_eq!(all, Some(vec![at(6, 101), at(7, 109), at(8, 112)]));
        assert_eq!(remember(&known, delay(10), &[6], head(112)), None);
    }

    #[test]
    fn many_in_one_delay_do_not_keep_the_first_from_growing_old() {
        let mut known = vec![];
        for second in 100..300 {
            let heights = [second];
            known = remember(&known, delay(10_000), &heights, head(second)).unwrap();
        }
        assert_eq!(known.len(), REMEMBERED_MAX);
        assert_eq!(known[0], at(100, 100));
        assert_eq!(known.last(), Some(&at(299, 299)));
    }
}
