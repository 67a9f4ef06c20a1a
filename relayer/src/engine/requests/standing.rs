//! How what a request asks for stands: on its way, or kept from it by something that only a
//! person can change.

use tern_core::ledger::Item;
use tern_core::plan::Plan;

use super::clear::passes;
use super::Situation;

pub enum Standing {
    /// It is planned or being proven, or waits for something that passes by itself.
    UnderWay,
    /// It waits for something that does not, or has failed too often.
    Kept(String),
    /// Nothing is planned for it.
    Idle,
}

impl Standing {
    pub fn of(item: &Item, plan: &Plan, now: &Situation<'_>) -> Self {
        let mut work = plan.batches.iter().flat_map(|batch| &batch.work);
        if now.in_progress.contains(item) || work.any(|work| work.item == *item) {
            return Self::UnderWay;
        }
        let Some(wait) = plan.waits.iter().find(|wait| wait.item == *item) else {
            return Self::Idle;
        };
        let failure = now.view.failure(item);
        let is_retried = || failure.is_some_and(|failure| !failure.is_given_up(now.policy));
        match passes(&wait.why, is_retried) {
            true => Self::UnderWay,
            false => Self::Kept(wait.why.to_string()),
        }
    }
}
