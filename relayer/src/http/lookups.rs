//! How often the chains may be asked for whoever asks this server. A lookup costs the nodes
//! some dozens of requests, so there is a limit for all callers together.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::time::{timeout, Instant};

use super::problem::Problem;
use crate::trace::TraceError;

/// Lookups at a time; others wait for a place, but not long.
const AT_A_TIME: usize = 2;
const PLACE_TIME_MAX: Duration = Duration::from_secs(5);
/// One lookup ends after this.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(30);
/// One more lookup may begin as often, and so many at once after a while without any.
const EVERY: Duration = Duration::from_secs(1);
const AT_ONCE: u32 = 20;

/// The places for lookups.
pub struct Lookups {
    places: Semaphore,
    allowance: Mutex<Allowance>,
}

/// Lookups that may begin now (a token bucket).
struct Allowance {
    left: u32,
    /// Since when the next one has been coming.
    since: Instant,
}

impl Lookups {
    pub fn new() -> Self {
        Self {
            places: Semaphore::new(AT_A_TIME),
            allowance: Mutex::new(Allowance {
                left: AT_ONCE,
                since: Instant::now(),
            }),
        }
    }

    /// Runs a lookup within the limits. Dropping the future ends it.
    pub async fn run<T>(
        &self,
        lookup: impl Future<Output = Result<T, TraceError>>,
    ) -> Result<T, Problem> {
        self.allow(Instant::now())?;
        let place = timeout(PLACE_TIME_MAX, self.places.acquire()).await;
        // Never closed: the one error is that it took too long.
        let Ok(Ok(_place)) = place else {
            let text = format!("{AT_A_TIME} others are asking the chains: ask again in a moment");
            return Err(
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, text).retry_after(PLACE_TIME_MAX)
            );
        };
        match timeout(LOOKUP_TIME_MAX, lookup).await {
            Ok(found) => Ok(found?),
            Err(_) => Err(Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                format!(
                    "the chains did not answer within {} s: `tern trace` waits longer",
                    LOOKUP_TIME_MAX.as_secs()
                ),
            )),
        }
    }

    fn allow(&self, now: Instant) -> Result<(), Problem> {
        let allowance = self.allowance.lock();
        let mut allowance = allowance.unwrap_or_else(PoisonError::into_inner);
        allowance.take(now).map_err(|wait| {
            let text = "the chains are asked too often: ask again in a moment";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(wait)
        })
    }
}

impl Allowance {
    /// Takes one, or says when there will be one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let waited = now.saturating_duration_since(self.since);
        let new = waited.as_secs() / EVERY.as_secs();
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(new).min(AT_ONCE);
        self.since = match self.left {
            AT_ONCE => now,
            _ => self.since + EVERY * new,
        };
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(EVERY.saturating_sub(now.saturating_duration_since(self.since))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status<T>(result: Result<T, Problem>) -> u16 {
        result.map_or_else(|problem| problem.status, |_| 200)
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_and_then_one_a_second() {
        let lookups = Lookups::new();
        let ask = || lookups.run(async { Ok(()) });
        for _ in 0..AT_ONCE {
            assert_eq!(status(ask().await), 200);
        }
        let refused = ask().await.unwrap_err();
        assert_eq!(refused.status, 429);
        assert_eq!(refused.retry_after_seconds, Some(1));
        tokio::time::advance(EVERY).await;
        assert_eq!(status(ask().await), 200);
        assert_eq!(status(ask().await), 429);
        tokio::time::advance(EVERY * 3_600).await;
        for _ in 0..AT_ONCE {
            assert_eq!(status(ask().await), 200);
        }
        assert_eq!(status(ask().await), 429, "no more than a burst is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_without_an_answer_ends_and_others_wait_for_its_place_not_long() {
        let lookups = Lookups::new();
        let endless = || lookups.run(std::future::pending::<Result<(), TraceError>>());
        let (first, second, third) = tokio::join!(endless(), endless(), endless());
        assert_eq!((status(first), status(second)), (504, 504));
        let third = third.unwrap_err();
        assert_eq!((third.status, third.retry_after_seconds), (503, Some(5)));
    }
}
