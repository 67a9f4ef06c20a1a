//! A path whose packets are to be compared with both chains.

use tern_core::ledger::EndKey;
use tokio::sync::oneshot;

use super::Situation;

/// A request and who waits for it.
pub struct Compare {
    pub src: EndKey,
    pub reply: oneshot::Sender<Result<(), String>>,
}

impl Compare {
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn answer(self, outcome: Result<(), String>) {
        let _ = self.reply.send(outcome);
    }

    /// `Some` once both chains are followed and the path is compared, if it is served.
    pub fn outcome(&self, now: &Situation<'_>) -> Option<Result<(), String>> {
        if !now.readiness.is_ready(&self.src.chain) {
            return None;
        }
        let Some(path) = now.view.path(&self.src) else {
            return Some(Err(format!("there is no open channel {}", self.src)));
        };
        // Its packets are not kept: there is nothing to compare.
        if now.policy.admission.path(now.view, &path).is_err() {
            return Some(Ok(()));
        }
        let is_done = now.readiness.is_ready(&path.dst.chain) && now.reconciling.is_done(&self.src);
        is_done.then_some(Ok(()))
    }
}
