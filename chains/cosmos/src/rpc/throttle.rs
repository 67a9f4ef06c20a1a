//! A node that says that it is asked too much (429) is not asked for a while: as long as it
//! wants to be left alone (`Retry-After`), and longer each time, until it answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first pause, and the longest. A limit by the second is over soon; one by the minute
/// is met some times.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Throttle(Mutex<State>);

#[derive(Default)]
struct State {
    /// Pauses in a row, without an answer between them.
    pauses: u32,
    until: Option<Instant>,
}

impl Throttle {
    /// How long the node is still left alone.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.lock().until?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// The node says that it is asked too much, and perhaps how long it wants to be left
    /// alone.
    pub fn refused(&self, now: Instant, retry_after: Option<Duration>) {
        let mut state = self.lock();
        // Questions that were on their way together are refused together.
        if state.until.is_some_and(|until| now < until) {
            return;
        }
        let pause = FIRST.saturating_mul(1 << state.pauses.min(16));
        let pause = pause.max(retry_after.unwrap_or_default());
        state.pauses = state.pauses.saturating_add(1);
        state.until = Some(now + pause.min(LONGEST));
    }

    /// The node answers.
    pub fn answered(&self) {
        *self.lock() = State::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_asked_too_much_is_left_alone_longer_each_time() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            throttle.refused(now, None);
            // Those that were on their way change nothing.
            throttle.refused(now, Some(LONGEST));
            let left = throttle.left(now).unwrap();
            pauses.push(left.as_millis());
            now += left;
            assert_eq!(throttle.left(now), None);
        }
        assert_eq!(
            pauses,
            [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
        throttle.answered();
        throttle.refused(now, None);
        assert_eq!(throttle.left(now), Some(FIRST));
    }

    #[test]
    fn a_node_is_left_alone_as_long_as_it_says_and_not_for_ever() {
        let now = Instant::now();
        let pause = |seconds| {
            let throttle = Throttle::default();
            throttle.refused(now, Some(Duration::from_secs(seconds)));
            throttle.left(now)
        };
        assert_eq!(pause(0), Some(FIRST));
        assert_eq!(pause(3), Some(Duration::from_secs(3)));
        assert_eq!(pause(u64::MAX), Some(LONGEST));
    }
}
