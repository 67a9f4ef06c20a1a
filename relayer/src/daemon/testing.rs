//! An engine for tests of what looks at one.

use std::sync::Arc;

use tern::engine::{Engine, Parts, Store};
use tern_core::ledger::View;
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{AtWork, Observed, Steering};
use crate::clock::system_clock;
use crate::connect::Context;

/// The way to an idle engine. Nobody takes its reloads.
pub fn at_work(observed: &Observed, context: Context) -> AtWork {
    let (reloads, _nobody) = mpsc::channel(1);
    let home = context.home.clone();
    AtWork {
        observed: observed.clone(),
        steering: Steering::new(observed.clone(), home, reloads),
        context: watch::channel(Arc::new(context)).1,
    }
}

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
