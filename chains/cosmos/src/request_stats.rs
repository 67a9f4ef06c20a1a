//! What was asked of one node, by method: how often, with what success, and how long the
//! answers took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tern_chains::RequestStats;
use tokio::time::Instant;

/// Methods counted by themselves; there are some twenty. Further ones are counted
/// together.
const METHODS_MAX: usize = 64;
const OTHER: &str = "other";
/// Upper bounds of the time that an answer takes, in seconds.
const SECONDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The requests to one node since the start, to both its endpoints.
#[derive(Debug, Default)]
pub(crate) struct RequestCounter(Mutex<BTreeMap<String, RequestStats>>);

/// A request under way. One that is dropped before it has ended is not counted: that its
/// answer is not needed any more, as when another node was faster, says nothing of the node.
pub(crate) struct Asked {
    counter: Arc<RequestCounter>,
    method: String,
    since: Instant,
}

impl RequestCounter {
    /// A request is made now.
    pub fn asks(self: &Arc<Self>, method: &str) -> Asked {
        Asked {
            counter: self.clone(),
            method: method.to_owned(),
            since: Instant::now(),
        }
    }

    /// What has been counted, in the order of the methods' names.
    pub fn stats(&self) -> Vec<RequestStats> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, RequestStats>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// It was answered, or not, or with an error.
    pub fn ended(self, is_ok: bool) {
        let took = self.since.elapsed();
        let mut counted = self.counter.lock();
        let is_known = counted.contains_key(&self.method) || counted.len() < METHODS_MAX;
        let method = if is_known { &self.method } else { OTHER };
        let stats = counted
            .entry(method.to_owned())
            .or_insert_with(|| RequestStats::new(method, &SECONDS));
        if is_ok {
            stats.ok = stats.ok.saturating_add(1);
            stats.seconds.observe(took.as_secs_f64());
        } else {
            stats.errors = stats.errors.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_and_errors_are_counted_by_method_and_answers_are_timed() {
        let counter = Arc::new(RequestCounter::default());
        for (method, ms, is_ok) in [
            ("status", 20, true),
            ("block", 300, true),
            ("block", 7, true),
            ("block", 9_000, false),
        ] {
            let asked = counter.asks(method);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            asked.ended(is_ok);
        }
        let stats = counter.stats();
        let counts: Vec<_> = stats
            .iter()
            .map(|stats| (stats.method.as_str(), stats.ok, stats.errors))
            .collect();
        assert_eq!(counts, [("block", 2, 1), ("status", 1, 0)]);
        let blocks = stats[0].seconds.buckets().filter(|(_, count)| *count > 0);
        assert_eq!(blocks.collect::<Vec<_>>(), [(0.01, 1), (0.5, 1)]);
        assert_eq!(stats[0].seconds.sum(), 0.307);
    }

    #[test]
    fn a_request_that_is_dropped_is_not_counted() {
        let counter = Arc::new(RequestCounter::default());
        drop(counter.asks("block"));
        assert_eq!(counter.stats(), []);
    }

    #[test]
    fn many_methods_are_counted_together() {
        let counter = Arc::new(RequestCounter::default());
        for number in 0..100 {
            counter.asks(&format!("method {number:02}")).ended(true);
        }
        counter.asks("method 00").ended(true);
        let stats = counter.stats();
        assert_eq!(stats.len(), METHODS_MAX + 1);
        assert_eq!(stats[0].ok, 2);
        let other = stats.iter().find(|stats| stats.method == OTHER);
        assert_eq!(other.unwrap().ok, 100 - METHODS_MAX as u64);
    }
}
