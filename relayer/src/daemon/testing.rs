//! An engine for tests of what looks at one.

use std::collections::BTreeMap;
use std::time::Duration;

use tern::engine::{Engine, Parts, Store};
use tern_core::ledger::View;
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Observed;
use crate::clock::system_clock;

/// A running engine without chains, and the way to look at it. It ends with the set.
pub fn idle() -> (Observed, JoinSet<()>) {
    let parts = Parts::new(
        Policy::default(),
        system_clock(),
        Store::none(),
        View::default(),
    );
    let engine = Engine::start(parts, Assignment::Everything);
    let observed = Observed::new(engine.handle());
    let mut running = JoinSet::new();
    running.spawn(async move {
        engine.run(CancellationToken::new()).await.unwrap();
    });
    (observed, running)
}
