//! The time of the machine's clock. Nothing else reads it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tern::engine::Clock;
use tern_chains::BlockTime;

/// The clock for an engine.
pub fn system_clock() -> Clock {
    Arc::new(now)
}

#[expect(
    clippy::disallowed_methods,
    reason = "everything else gets the time as an argument"
)]
pub fn now() -> BlockTime {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    BlockTime(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
