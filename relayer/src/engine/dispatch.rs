//! Batches on their way: proven in tasks of their own, handed to their lane.

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{BlockTime, ChainId, Ordering};
use tern_core::ledger::{Fact, Finding, Head, Item, Refusal};
use tern_core::plan::Batch;
use tokio::sync::{mpsc, oneshot, OwnedSemaphorePermit};
use tracing::{debug, warn};

use super::follow::describe;
use super::input::Input;
use super::lanes::Handle;
use super::prove::{prove, Chains, Messages, Verdict};
use super::submit::Job;
use super::tasks::Task;
use super::Engine;

impl Engine {
    /// Sets a batch on its way if there is room; its items are in hand until it
    /// is released.
    pub(super) fn dispatch(&mut self, batch: Batch) {
        let in_order = batch.work.iter().any(|work| self.is_ordered(&work.item));
        let Some((lane, room)) = self.lanes.choose(&batch.dst, in_order, batch.work.len()) else {
            return;
        };
        let items = batch.work.iter().map(|work| work.item.clone());
        self.in_progress.extend(items);
        let name = Task::Batch {
            dst: batch.dst.clone(),
        };
        let task = BatchTask {
            chains: self.chains.clone(),
            clients: self.clients.clone(),
            clock: Arc::clone(&self.clock),
            inputs: self.sender.clone(),
            lane,
            _room: room,
        };
        let stopping = self.lanes.stopping.clone();
        self.tasks.spawn(name, async move {
            // What a lane has taken it finishes, whether or not it is waited for.
            stopping.run_until_cancelled(task.run(batch)).await;
        });
    }

    /// Whether a packet of an ordered channel is moved.
    fn is_ordered(&self, item: &Item) -> bool {
        let Some(packet) = item.packet() else {
            return false;
        };
        let path = self.view.path(&packet.src);
        path.is_some_and(|path| path.ordering == Ordering::Ordered)
    }
}

struct BatchTask {
    chains: Chains,
    clients: BTreeMap<ChainId, tern_chains::ClientParams>,
    clock: super::Clock,
    inputs: mpsc::Sender<Input>,
    lane: Handle,
    _room: OwnedSemaphorePermit,
}

impl BatchTask {
    async fn run(self, batch: Batch) {
        let items: Vec<Item> = batch.work.iter().map(|work| work.item.clone()).collect();
        let account = &*self.lane.account;
        match prove(&self.chains, &batch, account, &self.clients, &self.clock).await {
            Ok(mut messages) => {
                let facts = set_aside(&batch, std::mem::take(&mut messages.set_aside));
                self.tell(Input::Facts(facts)).await;
                self.submit(messages).await;
            }
            Err(error) => {
                let reason = describe(&error);
                warn!(chain = %batch.dst, items = items.len(), reason, "cannot prove a batch; trying again later");
                let fact = Fact::Failed {
                    chain: batch.dst.clone(),
                    items: items.clone(),
                    refusal: Refusal {
                        reason,
                        culprit: None,
                    },
                };
                self.tell(Input::Facts(vec![fact])).await;
            }
        }
        self.tell(Input::Released(items)).await;
    }

    async fn submit(&self, messages: Messages) {
        let (done, submitted) = oneshot::channel();
        let job = Job::Submit { messages, done };
        if self.lane.jobs.send(job).await.is_ok() {
            // Ends when the lane drops its end: all is broadcast or refused.
            let _ = submitted.await;
        }
    }

    async fn tell(&self, input: Input) {
        // The engine is gone when it stops: then nobody needs to know.
        let _ = self.inputs.send(input).await;
    }
}

/// What became of items that got no message, as facts.
fn set_aside(batch: &Batch, verdicts: Vec<(Item, Verdict)>) -> Vec<Fact> {
    let src = batch.route.as_ref().map(|route| route.src.clone());
    verdicts
        .into_iter()
        .map(|(item, verdict)| {
            debug!(chain = %batch.dst, %item, ?verdict, "no message");
            match (verdict, &src) {
                (Verdict::Settled { packet, height }, Some(src)) => Fact::Found {
                    chain: src.clone(),
                    head: Head {
                        height,
                        time: BlockTime(0),
                    },
                    finding: Finding::Settled { packet },
                },
                (verdict, _) => Fact::Failed {
                    chain: batch.dst.clone(),
                    refusal: Refusal {
                        culprit: matches!(verdict, Verdict::Unprovable(_)).then(|| item.clone()),
                        reason: reason(&verdict),
                    },
                    items: vec![item],
                },
            }
        })
        .collect()
}

fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Settled { .. } => "the commitment is gone from the source".into(),
        Verdict::Moot => "the chain has moved past this step".into(),
        Verdict::Unprovable(reason) => reason.clone(),
    }
}
