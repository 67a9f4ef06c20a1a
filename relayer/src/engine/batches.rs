//! Batches on their way: proven in tasks of their own, handed to their lane.

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{ChainId, SignedTx, TxHash};
use tern_core::ledger::{Fact, Finding, Head, Item, Refusal};
use tern_core::plan::Batch;
use tokio::sync::{mpsc, oneshot, watch, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::follow::describe;
use super::input::Input;
use super::prove::{prove, Chains, Messages, Verdict};
use super::submit::{Gas, Job, Lane, LaneSettings, JOBS_MAX};
use super::Engine;

/// Most batches between plan and broadcast.
const BATCHES_MAX: usize = 64;

/// How the names of tasks begin that end in the normal course of things.
pub const BATCH: &str = "batch ";

/// The submitting tasks, by chain.
pub struct Lanes {
    jobs: BTreeMap<ChainId, mpsc::Sender<Job>>,
    heads: BTreeMap<ChainId, watch::Sender<u64>>,
    running: Vec<String>,
    room: Arc<Semaphore>,
    /// Cancelled when the engine stops: what is not yet with a lane is dropped.
    stopping: CancellationToken,
}

impl Lanes {
    pub fn start(
        chains: &Chains,
        settings: &BTreeMap<ChainId, LaneSettings>,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut JoinSet<String>,
    ) -> Self {
        let mut lanes = Self {
            jobs: BTreeMap::new(),
            heads: BTreeMap::new(),
            running: vec![],
            room: Arc::new(Semaphore::new(BATCHES_MAX)),
            stopping: CancellationToken::new(),
        };
        for (id, chain) in chains {
            let Some(settings) = settings.get(id) else {
                continue;
            };
            let (sender, jobs) = mpsc::channel(JOBS_MAX);
            let (head_sender, head) = watch::channel(0);
            let lane = Lane {
                chain: Arc::clone(chain),
                settings: settings.clone(),
                jobs,
                inputs: inputs.clone(),
                head,
                account: None,
                params: None,
                gas: Gas::default(),
            };
            let name = format!("submit {id}");
            lanes.jobs.insert(id.clone(), sender);
            lanes.heads.insert(id.clone(), head_sender);
            lanes.running.push(name.clone());
            tasks.spawn(async move {
                lane.run().await;
                name
            });
        }
        lanes
    }

    /// No more jobs: each lane ends after those it has.
    pub fn close(&mut self) {
        self.jobs.clear();
        self.stopping.cancel();
    }

    /// Whether as many batches are on their way as may be.
    pub fn are_full(&self) -> bool {
        self.room.available_permits() == 0
    }

    pub fn any_running(&self) -> bool {
        !self.running.is_empty()
    }

    pub fn ended(&mut self, name: &str) {
        self.running.retain(|running| running != name);
    }

    /// A chain's newest followed height.
    pub fn head(&self, chain: &ChainId, height: u64) {
        if let Some(head) = self.heads.get(chain) {
            head.send_replace(height);
        }
    }

    /// Tells a lane of one of its transactions. Only its estimates suffer if it
    /// is too busy to listen.
    pub fn landed(&self, chain: &ChainId, hash: TxHash, went_through: bool) {
        if let Some(jobs) = self.jobs.get(chain) {
            let _ = jobs.try_send(Job::Landed { hash, went_through });
        }
    }

    pub fn resend(&self, chain: &ChainId, txs: Vec<SignedTx>) -> bool {
        self.jobs
            .get(chain)
            .is_some_and(|jobs| jobs.try_send(Job::Resend(txs)).is_ok())
    }
}

/// Batch tasks end in the normal course of things, the others do not.
pub fn is_batch(task: &str) -> bool {
    task.starts_with(BATCH)
}

impl Engine {
    /// Sets a batch on its way; its items are in hand until it is released.
    /// False when as many are on their way as may be.
    pub(super) fn carry(&mut self, batch: Batch) -> bool {
        let Ok(room) = Arc::clone(&self.lanes.room).try_acquire_owned() else {
            return false;
        };
        let Some(jobs) = self.lanes.jobs.get(&batch.dst).cloned() else {
            return true;
        };
        let items = batch.work.iter().map(|work| work.item.clone());
        self.in_hand.extend(items);
        let name = format!("{BATCH}to {}", batch.dst);
        let carrier = Carrier {
            chains: self.chains.clone(),
            clients: self.clients.clone(),
            clock: Arc::clone(&self.clock),
            inputs: self.sender.clone(),
            jobs,
            _room: room,
        };
        let stopping = self.lanes.stopping.clone();
        self.tasks.spawn(async move {
            // What a lane has taken it finishes, whether or not it is waited for.
            stopping.run_until_cancelled(carrier.carry(batch)).await;
            name
        });
        true
    }
}

struct Carrier {
    chains: Chains,
    clients: BTreeMap<ChainId, tern_chains::ClientParams>,
    clock: super::Clock,
    inputs: mpsc::Sender<Input>,
    jobs: mpsc::Sender<Job>,
    _room: OwnedSemaphorePermit,
}

impl Carrier {
    async fn carry(self, batch: Batch) {
        let items: Vec<Item> = batch.work.iter().map(|work| work.item.clone()).collect();
        match prove(&self.chains, &batch, &self.clients, &self.clock).await {
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
        if self.jobs.send(job).await.is_ok() {
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
                        time: tern_chains::BlockTime(0),
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
