//! How long a node's answers take: pure.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Answers remembered, and how many say something of the next one.
const KEPT: usize = 64;
const ENOUGH: usize = 12;
/// What is older says nothing of now.
const STALE: Duration = Duration::from_secs(30);
/// An answer counts this many parts of the average, in 16.
const WEIGHT: u32 = 3;

/// Recent answers to one kind of question.
#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    recent: VecDeque<Duration>,
    /// Exponentially weighted, and when it was last right.
    average: Option<(Duration, Instant)>,
}

impl Latency {
    /// An answer that took so long.
    pub fn answered(&mut self, took: Duration, now: Instant) {
        self.recent.push_back(took);
        if self.recent.len() > KEPT {
            self.recent.pop_front();
        }
        self.weigh(took, now);
    }

    /// An answer that is not there after so long: it counts as slow, and does
    /// not change what an answer is expected to take.
    pub fn overtaken(&mut self, after: Duration, now: Instant) {
        self.weigh(after, now);
    }

    fn weigh(&mut self, took: Duration, now: Instant) {
        let average = match self.average(now) {
            Some(average) => (average * (16 - WEIGHT) + took * WEIGHT) / 16,
            None => took,
        };
        self.average = Some((average, now));
    }

    pub fn average(&self, now: Instant) -> Option<Duration> {
        let (average, at) = self.average?;
        (now.duration_since(at) < STALE).then_some(average)
    }

    /// What 95 of 100 answers take at most; `None` if too few are known.
    pub fn p95(&self) -> Option<Duration> {
        if self.recent.len() < ENOUGH {
            return None;
        }
        let mut sorted: Vec<Duration> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() * 95 / 100).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn one_slow_answer_in_a_hundred_is_not_what_to_expect() {
        let now = Instant::now();
        let mut latency = Latency::default();
        assert_eq!(latency.p95(), None);
        for n in 0..64 {
            latency.answered(if n % 30 == 0 { ms(900) } else { ms(10) }, now);
        }
        assert_eq!(latency.p95(), Some(ms(10)));
        for _ in 0..10 {
            latency.answered(ms(400), now);
        }
        assert_eq!(latency.p95(), Some(ms(400)));
    }

    #[test]
    fn the_average_follows_and_is_forgotten() {
        let now = Instant::now();
        let mut latency = Latency::default();
        latency.answered(ms(10), now);
        assert_eq!(latency.average(now), Some(ms(10)));
        for _ in 0..20 {
            latency.overtaken(ms(500), now);
        }
        assert!(latency.average(now).unwrap() > ms(400));
        assert_eq!(latency.average(now + STALE), None);
    }
}
