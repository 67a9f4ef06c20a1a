//! A client that is to be updated now.

use tern_core::ledger::{ClientKey, Item};
use tern_core::plan::Plan;
use tokio::sync::oneshot;

use super::clear::passes;
use super::Situation;

/// A request and who waits for it.
pub struct Refresh {
    pub client: ClientKey,
    reply: oneshot::Sender<Result<u64, String>>,
    /// The height that the client had when its chains were ready.
    before: Option<u64>,
}

impl Refresh {
    pub fn new(client: ClientKey, reply: oneshot::Sender<Result<u64, String>>) -> Self {
        Self {
            client,
            reply,
            before: None,
        }
    }

    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn answer(self, outcome: Result<u64, String>) {
        let _ = self.reply.send(outcome);
    }

    /// `Some` with the client's new height, by whatever relayer, or with the reason why it
    /// is not updated.
    pub fn outcome(&mut self, plan: &Plan, now: &Situation<'_>) -> Option<Result<u64, String>> {
        let client = &self.client;
        if !now.readiness.is_ready(&client.chain) {
            return None;
        }
        let Some(record) = now.view.client(client) else {
            return Some(Err(format!("there is no client {client}")));
        };
        let summary = &record.summary;
        if !now.readiness.is_ready(&summary.chain_id) {
            return None;
        }
        let height = summary.latest_height;
        let before = *self.before.get_or_insert(height);
        if height > before {
            return Some(Ok(height));
        }
        let item = Item::Refresh(client.clone());
        let work = plan.batches.iter().flat_map(|batch| &batch.work);
        if now.in_progress.contains(&item) || work.map(|work| &work.item).any(|one| *one == item) {
            return None;
        }
        let wait = plan.waits.iter().find(|wait| wait.item == item);
        if let Some(wait) = wait {
            let failure = now.view.failure(&item);
            let is_retried = || failure.is_some_and(|failure| !failure.is_given_up(now.policy));
            let passes = passes(&wait.why, is_retried);
            return (!passes).then(|| Err(format!("{client} is not updated: {}", wait.why)));
        }
        let is_newest = now
            .view
            .head(&summary.chain_id)
            .is_none_or(|head| head.height <= height);
        // A block later there is something to update it with.
        (!is_newest).then(|| {
            Err(format!(
                "{client} is not updated: no open channel that is served is over it"
            ))
        })
    }
}
