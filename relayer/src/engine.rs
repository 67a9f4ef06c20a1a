//! The acting steps around the pure core.
//!
//! ```text
//! chain ─blocks─▶ follow ─facts─▶ Engine{ ledger, store, plan } ─batches─▶ prove ─messages─▶ submit ─txs─▶ chain
//! ```
//!
//! One task a chain follows it, one task a lane submits, and batches are proven
//! in tasks of their own, a bounded number at a time. All of them report to the
//! [`Engine`] through one bounded channel; the engine alone owns ledger and
//! store, commits what it is sent, plans, and never waits for a chain. The only
//! edge that comes back is the chain itself, and a node's immediate refusal.

pub mod bisect;
mod command;
mod discover;
mod dispatch;
mod error;
mod facts;
mod follow;
mod input;
mod lanes;
mod prove;
pub mod reconcile;
mod steps;
mod store;
mod submit;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tern_chains::{Account, BlockTime, Chain, ChainId, Class, ClientParams, HeightRules, SignedTx};
use tern_core::ledger::{
    apply, packet_of, Change, EndKey, Entry, Fact, Head, Intent, Item, PacketKey, TxKey, TxRecord,
    View,
};
use tern_core::plan::{self, Plan, PlanInput, Scope};
use tern_core::policy::Policy;
use tokio::sync::{mpsc, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use command::{Cleared, OpenedChannel};
pub use discover::channel_end;
pub use error::{EngineError, StoreError};
pub use follow::describe;
pub use prove::{ChainAccess, Chains};
pub use store::{Memory, Store};
pub use submit::LaneSettings;

use discover::Known;
use follow::Follow;
use input::{Input, INPUTS_MAX};
use lanes::Lanes;
use reconcile::Blocks;
use tasks::{Ended, Task, Tasks};

/// What light clients call the current time; handed in so that a simulation can
/// set it.
pub type Clock = Arc<dyn Fn() -> BlockTime + Send + Sync>;

/// Called with every entry of the ledger that changed something.
pub type Observer = Box<dyn FnMut(&Entry) + Send>;

/// What an engine is made of.
pub struct Parts {
    /// The chains to follow and relay between.
    pub chains: Chains,
    /// Who signs on each chain. Accounts of a chain do not wait for each other;
    /// what must stay in order goes through the first.
    pub accounts: BTreeMap<ChainId, Vec<Arc<dyn Account>>>,
    pub lanes: BTreeMap<ChainId, LaneSettings>,
    pub clients: BTreeMap<ChainId, ClientParams>,
    pub policy: Policy,
    pub clock: Clock,
    /// How often packets are compared with chain state while all goes well.
    pub reconcile_every: Duration,
    pub store: Store,
    /// The ledger as the store had it.
    pub view: View,
    pub observer: Observer,
}

/// The owner of ledger and store.
pub struct Engine {
    chains: Chains,
    height_rules: BTreeMap<ChainId, HeightRules>,
    clients: BTreeMap<ChainId, ClientParams>,
    policy: Policy,
    clock: Clock,
    reconcile_every: Duration,
    store: Store,
    view: View,
    observer: Observer,
    scope: Scope,
    ready: BTreeSet<ChainId>,
    unreconciled: BTreeSet<EndKey>,
    reconciling: BTreeSet<EndKey>,
    /// Compared in vain: again once their chain is past this height.
    uncompared: BTreeMap<EndKey, u64>,
    reconciling_room: Arc<Semaphore>,
    reconciling_blocks: Arc<Blocks>,
    in_progress: BTreeSet<Item>,
    /// Chains that have been ready once.
    synced_once: BTreeSet<ChainId>,
    /// Transactions of an earlier run, to be sent again once their chain is
    /// followed up to its newest block.
    resend: BTreeMap<ChainId, Vec<TxKey>>,
    lanes: Lanes,
    inputs: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    tasks: Tasks,
}

/// What woke the engine.
enum Wakeup {
    Input(Input),
    Ended(Ended),
}

impl Engine {
    /// Opens the store of a home directory off the async threads.
    pub async fn open_store(home: &Path, policy: &Policy) -> Result<(Store, View), EngineError> {
        let (home, packets_max) = (home.to_owned(), policy.packets_in_memory_max);
        let opened = tokio::task::spawn_blocking(move || Store::open(&home, packets_max)).await;
        match opened {
            Ok(opened) => Ok(opened?),
            Err(panic) => Err(EngineError::Task {
                task: "open store".into(),
                reason: panic.to_string(),
            }),
        }
    }

    /// Starts following and the lanes.
    pub fn start(parts: Parts, scope: Scope) -> Self {
        let (sender, inputs) = mpsc::channel(INPUTS_MAX);
        let mut tasks = Tasks::default();
        for (id, chain) in &parts.chains {
            let follow = Follow {
                chain: Arc::clone(&chain.chain),
                cursor: parts.view.head(id).map(|head| head.height),
                known: Known::of(&parts.view, &*chain.chain),
                policy: parts.policy,
                inputs: sender.clone(),
            };
            tasks.spawn(Task::Follow(id.clone()), follow.run());
        }
        let mut lanes = Lanes::new(&parts.policy);
        for (id, settings) in &parts.lanes {
            let head = parts.view.head(id).unwrap_or(Head {
                height: 0,
                time: BlockTime(0),
            });
            lanes.add_chain(id, settings.clone(), head);
        }
        for account in parts.accounts.values().flatten() {
            lanes.add(Arc::clone(account), &sender, &mut tasks);
        }
        let mut resend: BTreeMap<ChainId, Vec<TxKey>> = BTreeMap::new();
        for (key, _) in parts.view.txs() {
            resend
                .entry(key.chain.clone())
                .or_default()
                .push(key.clone());
        }
        let rules = parts.chains.iter();
        let rules = rules.map(|(id, access)| (id.clone(), access.chain.height_rules()));
        Self {
            height_rules: rules.collect(),
            chains: parts.chains,
            clients: parts.clients,
            policy: parts.policy,
            clock: parts.clock,
            reconcile_every: parts.reconcile_every,
            store: parts.store,
            view: parts.view,
            observer: parts.observer,
            scope,
            ready: BTreeSet::new(),
            unreconciled: BTreeSet::new(),
            reconciling: BTreeSet::new(),
            uncompared: BTreeMap::new(),
            reconciling_room: Arc::new(Semaphore::new(parts.policy.comparisons_max)),
            reconciling_blocks: Arc::default(),
            in_progress: BTreeSet::new(),
            synced_once: BTreeSet::new(),
            resend,
            lanes,
            inputs,
            sender,
            tasks,
        }
    }

    /// Relays until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), EngineError> {
        let mut comparing = tokio::time::interval(self.reconcile_every);
        comparing.tick().await;
        let ended = loop {
            // Only waits are raced; what was received is always finished. In a
            // fixed order, so that a simulation replays.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break Ok(()),
                wakeup = self.wakeup() => if let Err(error) = self.round(wakeup).await {
                    break Err(error);
                },
                _ = comparing.tick() => self.reconcile_all(),
            }
        };
        info!("stopping: finishing the current broadcast and writing the store");
        self.stop().await?;
        ended
    }

    /// Ends the tasks. A lane finishes what it has begun; blocks are read again
    /// on the next start.
    async fn stop(mut self) -> Result<(), EngineError> {
        self.lanes.close();
        let grace = tokio::time::sleep(STOP_MAX);
        tokio::pin!(grace);
        let is_lane = |task: &Task| matches!(task, Task::Submit { .. });
        while self.tasks.any(is_lane) {
            tokio::select! {
                biased;
                () = &mut grace => break,
                input = self.inputs.recv() => match input {
                    Some(input) => self.absorb(input).await?,
                    None => break,
                },
                // A lane that panicked is not waited for either.
                _ = self.tasks.ended() => {}
            }
        }
        self.tasks.abort_all();
        Ok(self.store.flush().await?)
    }

    /// Waits for something to happen. Cancel-safe.
    async fn wakeup(&mut self) -> Wakeup {
        tokio::select! {
            biased;
            // The engine holds a sender itself: the channel does not close.
            Some(input) = self.inputs.recv() => Wakeup::Input(input),
            Some(ended) = self.tasks.ended() => Wakeup::Ended(ended),
        }
    }

    /// Takes what woke the engine and whatever else is waiting, then plans once.
    async fn round(&mut self, wakeup: Wakeup) -> Result<(), EngineError> {
        match wakeup {
            Wakeup::Input(input) => self.absorb(input).await?,
            Wakeup::Ended(Ended {
                task,
                result: Ok(()),
            }) if task.is_finite() => return Ok(()),
            Wakeup::Ended(Ended { task, result }) => {
                return Err(EngineError::Task {
                    task: task.to_string(),
                    reason: result.err().unwrap_or_else(|| "it returned".into()),
                });
            }
        }
        while let Ok(input) = self.inputs.try_recv() {
            self.absorb(input).await?;
        }
        self.reconcile_new();
        self.resume();
        self.act();
        Ok(())
    }

    async fn absorb(&mut self, input: Input) -> Result<(), EngineError> {
        match input {
            Input::Facts(facts) => self.commit_facts(facts)?,
            Input::Intent(intent) => self.commit(vec![intent.into()])?,
            Input::Scanned { chain, facts } => {
                self.commit_facts(facts)?;
                self.expect_reconciling(&chain);
            }
            Input::CaughtUp { chain } => self.caught_up(chain),
            Input::Down {
                chain,
                class,
                reason,
            } => {
                // What only the operator can mend, and a command does not wait.
                if class == Class::Local && !self.synced_once.contains(&chain) {
                    return Err(EngineError::CommandFailed(reason));
                }
                self.ready.remove(&chain);
            }
            Input::Signed { txs, durable } => {
                let mut items = txs.iter().flat_map(|(_, tx)| &tx.items);
                if items.any(|item| plan::packet::is_overtaken(&self.view, item)) {
                    // Without an answer the lane drops them: what is still needed
                    // is planned again.
                    return Ok(());
                }
                let signed = txs.into_iter();
                let signed = signed.map(|(key, tx)| Intent::Signed { key, tx }.into());
                self.commit(signed.collect())?;
                self.store.flush().await?;
                // The lane may be gone when the engine stops.
                let _ = durable.send(());
            }
            Input::NextSequence {
                chain,
                signer,
                reply,
            } => {
                let of_lane = |(key, tx): (&TxKey, &TxRecord)| {
                    (key.chain == chain && tx.signer == signer).then_some(tx.account_sequence + 1)
                };
                let _ = reply.send(self.view.txs().filter_map(of_lane).max());
            }
            Input::Released(items) => {
                for item in items {
                    self.in_progress.remove(&item);
                }
            }
            Input::Compared { src, facts } => {
                self.unreconciled.remove(&src);
                self.commit_facts(facts)?;
            }
            Input::Reconciled { src, facts } => self.reconciled(src, facts)?,
        }
        Ok(())
    }

    fn caught_up(&mut self, chain: ChainId) {
        if self.synced_once.insert(chain.clone()) {
            let height = self.view.head(&chain).map(|head| head.height);
            info!(%chain, height, "following");
            self.expect_reconciling(&chain);
            self.resend(&chain);
        }
        self.ready.insert(chain);
    }

    fn commit_facts(&mut self, facts: Vec<Fact>) -> Result<(), EngineError> {
        self.commit(facts.into_iter().map(Entry::Fact).collect())
    }

    /// Applies entries and writes what they changed in one batch.
    #[tracing::instrument(name = "ledger", level = "debug", skip_all, fields(entries = entries.len()))]
    fn commit(&mut self, entries: Vec<Entry>) -> Result<(), EngineError> {
        let changes = self.apply(&entries)?;
        self.store.commit(&changes)?;
        for change in &changes {
            if let Change::Head(chain, head) = change {
                self.lanes.head(chain, *head);
            }
        }
        self.trim(&changes)
    }

    fn apply(&mut self, entries: &[Entry]) -> Result<Vec<Change>, EngineError> {
        let mut all = Vec::new();
        for entry in entries {
            if let Entry::Fact(fact) = entry {
                if let Some(key) = packet_of(&self.view, fact) {
                    self.load(&key)?;
                }
                self.report_outcome(fact);
            }
            let changes = apply(&self.view, &self.policy, entry);
            for change in &changes {
                self.view.commit(change);
            }
            if !changes.is_empty() {
                (self.observer)(entry);
            }
            all.extend(changes);
        }
        Ok(all)
    }

    /// Tells its lane what became of a transaction of ours.
    fn report_outcome(&self, fact: &Fact) {
        let Fact::Outcome { chain, outcome, .. } = fact else {
            return;
        };
        let key = TxKey {
            chain: chain.clone(),
            hash: outcome.hash,
        };
        if self.view.tx(&key).is_some() {
            self.lanes.included(chain, outcome.hash, outcome.code == 0);
        }
    }

    /// Brings a packet only the store has into memory.
    fn load(&mut self, key: &PacketKey) -> Result<(), EngineError> {
        if self.view.packet(key).is_none() {
            if let Some(change) = self.store.packet(key)? {
                self.view.commit(&change);
            }
        }
        Ok(())
    }

    /// Keeps memory bounded: finished packets and a flood's surplus stay in the
    /// store alone, and are loaded again as there is room.
    fn trim(&mut self, changes: &[Change]) -> Result<(), EngineError> {
        if !self.store.keeps() {
            return Ok(());
        }
        for change in changes {
            if let Change::Packet(key, Some(record)) = change {
                if record.done.is_some() {
                    self.view.evict(key);
                }
            }
        }
        let max = self.policy.packets_in_memory_max;
        let in_progress = &self.in_progress;
        for key in self.view.to_evict(max, |item| in_progress.contains(item)) {
            self.view.evict(&key);
        }
        for key in self.view.to_load(max) {
            self.load(&key)?;
        }
        Ok(())
    }

    #[tracing::instrument(level = "debug", skip_all)]
    fn plan(&self) -> Plan {
        let is_full = |id: &&ChainId| !self.has_room(id);
        plan::plan(&PlanInput {
            full: &self.chains.keys().filter(is_full).cloned().collect(),
            view: &self.view,
            policy: &self.policy,
            height_rules: &self.height_rules,
            ready: &self.ready,
            unreconciled: &self.unreconciled,
            in_progress: &self.in_progress,
            scope: &self.scope,
        })
    }

    fn chain(&self, id: &ChainId) -> Option<Arc<dyn Chain>> {
        let access = self.chains.get(id)?;
        Some(Arc::clone(&access.chain))
    }

    /// Plans and sets the batches on their way.
    fn act(&mut self) {
        for batch in self.plan().batches {
            self.dispatch(batch);
        }
    }

    /// Whether more may be sent to a chain.
    fn has_room(&self, id: &ChainId) -> bool {
        let of_chain = self.view.txs().filter(|(key, _)| key.chain == *id);
        let in_flight: usize = of_chain.map(|(_, tx)| tx.items.len()).sum();
        in_flight < self.policy.items_in_flight_max && self.lanes.has_room(id)
    }

    /// Sends again what a stopped run had signed: the same bytes, which cannot
    /// be paid twice.
    fn resend(&mut self, chain: &ChainId) {
        let keys = self.resend.remove(chain).unwrap_or_default();
        let mut by_signer: BTreeMap<String, BTreeMap<u64, SignedTx>> = BTreeMap::new();
        for key in keys {
            if let Some(tx) = self.view.tx(&key) {
                let signed = SignedTx {
                    hash: key.hash,
                    bytes: tx.bytes.clone(),
                };
                let of_signer = by_signer.entry(tx.signer.clone()).or_default();
                of_signer.insert(tx.account_sequence, signed);
            }
        }
        for (signer, txs) in by_signer {
            info!(%chain, signer, txs = txs.len(), "sending again what was signed before the restart");
            if !self
                .lanes
                .resend(chain, &signer, txs.into_values().collect())
            {
                warn!(%chain, "no lane to send again on");
            }
        }
    }
}

/// A stop that takes longer than this leaves the rest to the next start.
const STOP_MAX: Duration = Duration::from_secs(4);
