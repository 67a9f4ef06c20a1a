//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use anyhow::{bail, Result};

use crate::interrupt;

const PAUSE: Duration = Duration::from_millis(100);

/// Asks again and again until there is an answer, or fails when `limit` has
/// passed, with what was waited for and the last error, or when this program is interrupted.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        interrupt::check()?;
        let answer = ask();
        match answer {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) if start.elapsed() > limit => bail!("{what}: not within {limit:?}"),
            Err(error) if start.elapsed() > limit => {
                return Err(error.context(format!("{what}: not within {limit:?}")))
            }
            _ => pause(PAUSE),
        }
    }
}

/// The harness asks processes that cannot tell it when they are ready.
#[expect(clippy::disallowed_methods, reason = "the pause between two questions")]
pub fn pause(pause: Duration) {
    std::thread::sleep(pause);
}
