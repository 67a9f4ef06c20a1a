//! A client that is to be upgraded now.

use tern_chains::ChainId;
use tern_core::ledger::{ClientKey, Item};
use tern_core::plan::Plan;
use tokio::sync::oneshot;

use super::standing::Standing;
use super::Situation;

/// A request and who waits for it.
pub struct Upgrade {
    pub client: ClientKey,
    reply: oneshot::Sender<Result<ChainId, String>>,
    /// The chain that the client was of when the request came.
    before: Option<ChainId>,
}

impl Upgrade {
    pub fn new(client: ClientKey, reply: oneshot::Sender<Result<ChainId, String>>) -> Self {
        Self {
            client,
            reply,
            before: None,
        }
    }

    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn answer(self, outcome: Result<ChainId, String>) {
        let _ = self.reply.send(outcome);
    }

    /// `Some` with the chain that the client is of now, by whatever relayer, or with the reason
    /// why it is not upgraded.
    pub fn outcome(&mut self, plan: &Plan, now: &Situation<'_>) -> Option<Result<ChainId, String>> {
        let client = &self.client;
        if !now.readiness.is_ready(&client.chain) {
            return None;
        }
        let Some(record) = now.view.client(client) else {
            return Some(Err(format!("there is no client {client}")));
        };
        let of = &record.summary.chain_id;
        let before = self.before.get_or_insert_with(|| of.clone());
        if of != before {
            return Some(Ok(of.clone()));
        }
        let item = Item::Upgrade(client.clone());
        let not_upgraded = |why: String| Some(Err(format!("{client} is not upgraded: {why}")));
        match Standing::of(&item, plan, now) {
            Standing::UnderWay => return None,
            Standing::Kept(why) => return not_upgraded(why),
            Standing::Idle => {}
        }
        if now.view.intent(&item).is_some() {
            return None;
        }
        // Its new state is read a moment after the transaction is in a block.
        if now.view.revision_end(of).is_some() {
            return None;
        }
        match now.readiness.is_ready(of) || now.view.head(of).is_none() {
            true => not_upgraded(format!(
                "{of} is not at the end of its revision, as far as Tern can see"
            )),
            false => None,
        }
    }
}
