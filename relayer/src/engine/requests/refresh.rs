//! A client that is to be updated now.

use tern_core::ledger::{ClientKey, Item};
use tern_core::plan::Plan;
use tokio::sync::oneshot;

use super::standing::Standing;
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
        match Standing::of(&item, plan, now) {
            Standing::UnderWay => return None,
            Standing::Kept(why) => return Some(Err(format!("{client} is not updated: {why}"))),
            Standing::Idle => {}
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
