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
//!
//! Commands reach a running engine by its [`EngineHandle`], and through the same
//! channel.

pub mod bisect;
mod budgeting;
mod command;
mod discover;
mod dispatch;
mod error;
mod facts;
mod follow;
mod handle;
mod input;
mod lanes;
mod not_served;
mod parts;
mod pausing;
mod prove;
mod readiness;
mod reconcile;
mod records;
mod requests;
mod resend;
mod revisions;
mod seen_headers;
pub mod status;
mod steps;
mod store;
mod submit;
mod tasks;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tern_chains::{BlockTime, ChainId, Class, HeightRules};
use tern_core::budget::Pauses;
use tern_core::ledger::{EndKey, Entry, Fact, HandshakeRequest, Head, Item, View};
use tern_core::plan::{self, Assignment, Pausable, Paused, Plan, PlanInput};
use tern_core::policy::Policy;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use command::Command;
pub use discover::{channel_end, read_channel};
pub use error::{EngineError, StoreError};
pub use follow::describe;
pub use handle::EngineHandle;
pub use parts::{Clock, Kept, NextRevision, Observer, Parts};
pub use prove::{ChainAccess, Chains};
pub use reconcile::{pending, Pending};
pub use records::Records;
pub use requests::{
    Cleared, ClosedChannel, HandshakeNote, Made, OpenedChannel, OpenedConnection, StepDone,
};
pub use store::{Memory, Store};
pub use submit::{LaneSettings, SendRequest, Sent};

use budgeting::Budgeting;
use discover::Known;
use dispatch::Dispatching;
use follow::Follow;
use input::{Input, INPUTS_MAX};
use lanes::Lanes;
use not_served::{log_not_served, open_channel_found};
use pausing::Pausing;
use readiness::Readiness;
use reconcile::schedule::{served_ends, served_ends_of, Reconciling};
use reconcile::Compared;
use requests::{is_step, Clear, Compare, Make, Refresh, Requests, Situation, Upgrade};
use resend::Resend;
use seen_headers::SeenHeaders;
use status::{LaneStatus, Snapshot};
use tasks::{Ended, Task, Tasks};

/// The owner of ledger and store: takes what its tasks report, commits it, plans,
/// and sets the plan on its way.
pub struct Engine {
    chains: Chains,
    height_rules: BTreeMap<ChainId, HeightRules>,
    policy: Policy,
    reconcile_every: Duration,
    clock: Clock,
    observer: Observer,
    assignment: Assignment,
    requests: Requests,
    records: Records,
    readiness: Readiness,
    reconciling: Reconciling,
    dispatching: Dispatching,
    budgeting: Budgeting,
    resend: Resend,
    seen_headers: SeenHeaders,
    pausing: Pausing,
    /// The chain that goes on as another revision.
    next_revision: Option<NextRevision>,
    /// Who gets all facts.
    watchers: Vec<mpsc::Sender<Vec<Fact>>>,
    inputs: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    tasks: Tasks,
    handle: EngineHandle,
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

    /// Starts following and the lanes. Nothing is relayed before [`Engine::run`].
    pub fn start(parts: Parts, assignment: Assignment) -> Self {
        let (sender, inputs) = mpsc::channel(INPUTS_MAX);
        let Kept {
            store,
            view,
            statistics,
            mut paused,
            next_revision: _,
        } = parts.kept;
        let packets_max = parts.policy.packets_in_memory_max;
        let view = revisions::go_over(&store, view, &mut paused, parts.chains.keys(), packets_max);
        let mut tasks = Tasks::default();
        for (id, chain) in &parts.chains {
            let follow = Follow {
                chain: Arc::clone(&chain.chain),
                light_client: Arc::clone(&chain.light_client),
                trusted: view.trusted(id).cloned(),
                cursor: view.head(id).map(|head| head.height),
                revision_end: None,
                known: Known::of(&view, chain.chain.id()),
                policy: parts.policy.clone(),
                inputs: sender.clone(),
                clock: Arc::clone(&parts.clock),
                rescans: 0,
                clients_are_listed: false,
            };
            tasks.spawn(Task::Follow(id.clone()), follow.run());
        }
        let mut lanes = Lanes::new(&parts.policy);
        for (id, settings) in &parts.lanes {
            let head = view.head(id).unwrap_or(Head {
                height: 0,
                time: BlockTime(0),
            });
            lanes.add_chain(id, settings.clone(), head);
        }
        let accounts: Vec<_> = parts.accounts.into_values().flatten().collect();
        for account in &accounts {
            lanes.add(Arc::clone(account), &sender, &mut tasks);
        }
        let chains = parts
            .chains
            .values()
            .map(|access| Arc::clone(&access.chain));
        let handle = EngineHandle::new(sender.clone(), chains.collect(), accounts);
        let rules = parts.chains.iter();
        let rules = rules.map(|(id, access)| (id.clone(), access.chain.height_rules()));
        Self {
            height_rules: rules.collect(),
            chains: parts.chains,
            reconcile_every: parts.reconcile_every,
            observer: parts.observer,
            assignment,
            requests: Requests::default(),
            readiness: Readiness::default(),
            reconciling: Reconciling::new(&parts.policy, Arc::clone(&parts.clock)),
            dispatching: Dispatching::new(lanes, parts.clients, Arc::clone(&parts.clock)),
            clock: parts.clock,
            budgeting: Budgeting::new(parts.policy.budgets.clone()),
            resend: Resend::of(&view),
            seen_headers: SeenHeaders::default(),
            watchers: vec![],
            records: Records::new(store, view, statistics, parts.policy.clone()),
            pausing: Pausing::new(paused),
            next_revision: None,
            policy: parts.policy,
            handle,
            inputs,
            sender,
            tasks,
        }
    }

    /// The way to this engine while it runs.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Relays until `shutdown`, or until it is drained.
    ///
    /// # Errors
    /// What ended it otherwise: also that a chain has another id since an upgrade.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), EngineError> {
        match self.run_and_keep(shutdown).await?.next_revision {
            None => Ok(()),
            Some(NextRevision { chain, now }) => Err(EngineError::Upgraded { chain, now }),
        }
    }

    /// The same, until a chain goes on as another revision, and returns what another engine
    /// can go on with.
    pub async fn run_and_keep(mut self, shutdown: CancellationToken) -> Result<Kept, EngineError> {
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
            if self.is_drained() {
                self.pausing.drained();
                break Ok(());
            }
            if self.next_revision.is_some() {
                break Ok(());
            }
        };
        info!("stopping: finishing the current broadcast and writing the store");
        let kept = self.stop().await?;
        ended.map(|()| kept)
    }

    /// Runs until `request`, which speaks to the engine's handle, is answered, then
    /// stops.
    ///
    /// # Errors
    /// Those of the request; [`EngineError::Stopped`] if `shutdown` came first; or
    /// what ended the engine.
    pub async fn run_until<T, E: From<EngineError>>(
        self,
        shutdown: CancellationToken,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let stop = shutdown.child_token();
        let mut running = std::pin::pin!(self.run(stop.clone()));
        let answer = tokio::select! {
            biased;
            ended = &mut running => return Err(ended.err().unwrap_or(EngineError::Stopped).into()),
            answer = request => answer,
        };
        stop.cancel();
        running.await?;
        answer
    }

    /// Runs until something is made.
    pub async fn make(
        self,
        request: HandshakeRequest,
        shutdown: CancellationToken,
    ) -> Result<Made, EngineError> {
        let handle = self.handle();
        // Nobody listens: the notes go nowhere.
        let (notes, _) = mpsc::channel(1);
        let made = async move { handle.make(request, notes).await };
        self.run_until(shutdown, made).await
    }

    /// Ends the tasks. A lane finishes what it has begun; blocks are read again
    /// on the next start. Requests that are not answered fail.
    async fn stop(mut self) -> Result<Kept, EngineError> {
        self.dispatching.lanes.close();
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
        self.records.flush().await?;
        let paused = self.pausing.into_paused();
        Ok(self.records.keep(paused, self.next_revision))
    }

    /// Whether no work is taken, and what was begun is in blocks or dead.
    fn is_drained(&self) -> bool {
        self.pausing.is_draining()
            && self.dispatching.in_progress().is_empty()
            && self.records.view().txs().next().is_none()
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
        for src in self.reconciling.due(self.records.view()) {
            self.reconcile(src);
        }
        self.requests.resume(self.records.view(), &self.readiness);
        self.check_seen_headers();
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
            Input::CaughtUp { chain } => self.caught_up(&chain),
            Input::Down {
                chain,
                class,
                reason,
            } => {
                // What only the operator can mend, and a command does not wait.
                let is_new = !self.readiness.has_been_ready(&chain);
                if class == Class::Local && is_new && self.next_revision.is_none() {
                    return Err(EngineError::CommandFailed(reason));
                }
                self.readiness.down(chain, reason, (self.clock)());
            }
            Input::NextRevision(next) => {
                warn!(chain = %next.chain, now = %next.now, "the chain was upgraded: it goes on under another id");
                self.next_revision = Some(next);
            }
            Input::Signed { txs, durable } => {
                for item in txs.iter().flat_map(|(_, tx)| &tx.items) {
                    if self.records.is_overtaken(item)? {
                        // Without an answer the lane drops them: what is still
                        // needed is planned again.
                        return Ok(());
                    }
                }
                let (number, intents) = self.budgeting.admit(self.records.view(), txs);
                self.commit(intents.into_iter().map(Entry::from).collect())?;
                self.records.flush().await?;
                // The lane may be gone when the engine stops.
                let _ = durable.send(number);
            }
            Input::Balance {
                chain,
                address,
                balance,
            } => self.budgeting.balance_read(chain, address, balance),
            Input::InFlight {
                chain,
                signer,
                reply,
            } => {
                let in_flight = self.records.view().txs_of(&chain, &signer);
                let in_flight = in_flight.map(|(key, tx)| (key.clone(), tx.clone()));
                let _ = reply.send(in_flight.collect());
            }
            Input::Released(items) => self.dispatching.released(&items),
            Input::HeaderChecked { seen, checked } => {
                let view = self.records.view();
                let fact = self.seen_headers.checked(view, seen, checked);
                self.commit_facts(fact.into_iter().collect())?;
            }
            Input::Compared { src, facts } => {
                self.reconciling.compared(&src);
                self.commit_facts(facts)?;
            }
            Input::Reconciled { src, compared } => self.reconciled(src, compared)?,
            Input::Command(command) => self.command(command),
        }
        Ok(())
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Status { of, reply } => {
                let status = self.snapshot(|snapshot| snapshot.status(of.as_ref()));
                let _ = reply.send(status);
            }
            Command::Packets { search, reply } => {
                let found = self.snapshot(|snapshot| snapshot.search(&search));
                let _ = reply.send(found);
            }
            Command::Make {
                request,
                notes,
                reply,
            } => {
                let pair = [request.a.clone(), request.b.clone()];
                let admitted = self.policy.admission.request(&request);
                let wanted = request.clone();
                let make = Make::new(request, notes, reply);
                if let Err(why) = admitted {
                    return make.answer(Err(format!("it would not be served: {why}")));
                }
                if let Some(chain) = pair.iter().find(|id| !self.chains.contains_key(id)) {
                    return make.answer(Err(EngineError::UnknownChain(chain.clone()).to_string()));
                }
                // What failed for an earlier request is tried anew.
                self.records
                    .forget_failures(|view, item| is_step(view, &wanted, item));
                self.requests.make(make);
            }
            // They would wait for ever.
            Command::Clear { src, reply } if !self.chains.contains_key(&src.chain) => {
                let _ = reply.send(Err(EngineError::UnknownChain(src.chain).to_string()));
            }
            Command::Compare { src, reply } if !self.chains.contains_key(&src.chain) => {
                let _ = reply.send(Err(EngineError::UnknownChain(src.chain).to_string()));
            }
            Command::Refresh { client, reply } if !self.chains.contains_key(&client.chain) => {
                let _ = reply.send(Err(EngineError::UnknownChain(client.chain).to_string()));
            }
            Command::Clear { src, reply } => {
                self.records.forget_failures(|_, item| {
                    item.packet().is_some_and(|packet| packet.src == src)
                });
                self.reconciling.expect([src.clone()]);
                self.requests.clear(Clear::new(src, reply));
            }
            Command::Compare { src, reply } => {
                self.reconciling.expect([src.clone()]);
                self.requests.compare(Compare { src, reply });
            }
            Command::Refresh { client, reply } => {
                self.records
                    .forget_failures(|_, item| *item == Item::Refresh(client.clone()));
                self.requests.refresh(Refresh::new(client, reply));
            }
            Command::Upgrade { client, reply } if !self.chains.contains_key(&client.chain) => {
                let _ = reply.send(Err(EngineError::UnknownChain(client.chain).to_string()));
            }
            Command::Upgrade { client, reply } => {
                self.records
                    .forget_failures(|_, item| *item == Item::Upgrade(client.clone()));
                self.requests.upgrade(Upgrade::new(client, reply));
            }
            Command::Pause { what, reply } => {
                let _ = reply.send(self.pause(&what));
            }
            Command::Resume { what, reply } => {
                let view = self.records.view();
                let _ = reply.send(self.pausing.resume(&what, view));
            }
            Command::Drain { reply } => self.pausing.drain(reply),
            Command::Assign { assignment, reply } => {
                self.assign(assignment);
                let _ = reply.send(());
            }
            Command::Send { request, reply } => self.dispatching.lanes.send(request, reply),
            Command::Watch { facts, reply } => {
                self.watchers.push(facts);
                let _ = reply.send(());
            }
        }
    }

    fn pause(&mut self, what: &Pausable) -> Result<Paused, String> {
        let served = self.chains.keys().cloned().collect();
        let view = self.records.view();
        self.pausing.pause(what, view, &served, (self.clock)())
    }

    /// Serves other paths from now on. Those that were not served before are
    /// compared first.
    fn assign(&mut self, assignment: Assignment) {
        let before = std::mem::replace(&mut self.assignment, assignment);
        let ends = served_ends(self.records.view(), &self.chains);
        let is_new = |src: &EndKey| self.serves(src) && !before.has_path(src);
        let new: Vec<EndKey> = ends.filter(is_new).collect();
        info!(new_paths = new.len(), "the assignment of paths has changed");
        self.reconciling.expect(new);
    }

    fn caught_up(&mut self, chain: &ChainId) {
        if self.readiness.caught_up(chain) {
            let height = self.records.view().head(chain).map(|head| head.height);
            info!(%chain, height, "following");
            self.expect_reconciling(chain);
            self.resend(chain);
        }
    }

    fn commit_facts(&mut self, facts: Vec<Fact>) -> Result<(), EngineError> {
        self.watchers
            .retain(|watcher| watcher.try_send(facts.clone()).is_ok());
        let found = facts.iter().filter_map(open_channel_found).collect();
        self.commit(facts.into_iter().map(Entry::Fact).collect())?;
        log_not_served(&self.policy.admission, self.records.view(), found);
        Ok(())
    }

    /// Commits entries and tells the lanes what concerns them.
    fn commit(&mut self, entries: Vec<Entry>) -> Result<(), EngineError> {
        let Self {
            records,
            observer,
            requests,
            dispatching,
            budgeting,
            sender,
            tasks,
            ..
        } = self;
        let observe = |entry: &Entry| {
            observer(entry);
            requests.observe(entry);
        };
        let in_progress = dispatching.in_progress();
        let committed = records.commit(&entries, observe, |item| in_progress.contains(item))?;
        seen_headers::tell_left_out(&committed.left_out);
        for (tx, ended) in committed.outcomes {
            dispatching.lanes.included(&tx.chain, tx.hash, ended);
        }
        for chain in &committed.expired {
            dispatching.lanes.expired(chain);
        }
        for (chain, head) in committed.heads {
            dispatching.lanes.head(&chain, head);
            let accounts = dispatching
                .lanes
                .all()
                .map(|lane| Arc::clone(&lane.account));
            let accounts = accounts.filter(|account| *account.chain_id() == chain);
            budgeting.read_wallets(&chain, head, accounts, sender, tasks);
        }
        Ok(())
    }

    #[tracing::instrument(level = "debug", skip_all)]
    fn plan(&self, pauses: &Pauses) -> Plan {
        let is_full = |id: &&ChainId| !self.takes_more(id);
        plan::plan(&PlanInput {
            full: &self.chains.keys().filter(is_full).cloned().collect(),
            pauses,
            view: self.records.view(),
            policy: &self.policy,
            height_rules: &self.height_rules,
            ready: self.readiness.ready(),
            unreconciled: self.reconciling.unreconciled(),
            in_progress: self.dispatching.in_progress(),
            assignment: &self.assignment,
            cleared: &self.requests.cleared(),
            handshakes: &self.requests.handshakes(),
            refreshed: &self.requests.refreshed(self.records.view()),
            paused: self.pausing.paused(),
            is_draining: self.pausing.is_draining(),
        })
    }

    /// Plans, answers requests, and sets the batches on their way.
    fn act(&mut self) {
        let pauses = self.budgeting.update(self.records.view());
        let plan = self.plan(&pauses);
        let now = Situation {
            view: self.records.view(),
            policy: &self.policy,
            readiness: &self.readiness,
            reconciling: &self.reconciling,
            in_progress: self.dispatching.in_progress(),
        };
        self.requests.answer(&plan, &now);
        for batch in plan.batches {
            self.dispatching.start(
                batch,
                self.records.view(),
                |account| self.budgeting.is_low(account),
                &self.chains,
                &self.sender,
                &mut self.tasks,
            );
        }
    }

    /// Whether more may be sent to a chain.
    fn takes_more(&self, id: &ChainId) -> bool {
        let in_flight = self
            .records
            .view()
            .txs()
            .filter(|(key, _)| key.chain == *id);
        let items: usize = in_flight.map(|(_, tx)| tx.items.len()).sum();
        items < self.policy.items_in_flight_max && self.dispatching.lanes.takes_batches(id)
    }

    fn resend(&mut self, chain: &ChainId) {
        for (signer, txs) in self.resend.take(chain, self.records.view()) {
            info!(%chain, signer, txs = txs.len(), "sending again what was signed before the restart");
            if !self.dispatching.lanes.resend(chain, &signer, txs) {
                warn!(%chain, signer, "transactions of an account that is not configured any more are not sent again");
            }
        }
    }

    /// Compares what others have shown to clients.
    fn check_seen_headers(&mut self) {
        self.seen_headers.start(
            self.records.view(),
            &self.policy,
            &self.assignment,
            &self.chains,
            &self.sender,
            &mut self.tasks,
        );
    }

    /// Whether packets sent from this end are relayed.
    fn serves(&self, src: &EndKey) -> bool {
        let admission = &self.policy.admission;
        self.assignment.has_path(src) && admission.path_from(self.records.view(), src).is_ok()
    }

    /// Every served path of a chain that was read as a whole must be compared with
    /// both chains before its packets are planned.
    fn expect_reconciling(&mut self, chain: &ChainId) {
        let ends = served_ends_of(self.records.view(), &self.chains, chain);
        let served: Vec<EndKey> = ends.into_iter().filter(|src| self.serves(src)).collect();
        self.reconciling.expect(served);
    }

    /// The slow clock: compares every served path.
    fn reconcile_all(&mut self) {
        let ends = served_ends(self.records.view(), &self.chains);
        let view = self.records.view();
        let may_differ = |src: &EndKey| self.reconciling.may_differ(view, src);
        let served = ends.filter(|src| self.serves(src) && may_differ(src));
        for src in served.collect::<Vec<_>>() {
            self.reconcile(src);
        }
    }

    fn reconcile(&mut self, src: EndKey) {
        self.reconciling.start(
            src,
            self.records.view(),
            &self.readiness,
            &self.chains,
            &self.sender,
            &mut self.tasks,
        );
    }

    fn reconciled(
        &mut self,
        src: EndKey,
        compared: Result<Compared, String>,
    ) -> Result<(), EngineError> {
        let head = self.records.view().head(&src.chain);
        let height = head.map_or(0, |head| head.height);
        match compared {
            Ok(Compared { facts, not_located }) => {
                self.reconciling.succeeded(&src, not_located, height);
                self.commit_facts(facts)
            }
            Err(reason) => {
                self.reconciling.failed(src, &reason, height);
                Ok(())
            }
        }
    }

    /// Reads a snapshot of this moment, with a plan made for it.
    fn snapshot<T>(&self, read: impl FnOnce(Snapshot<'_>) -> T) -> T {
        let view = self.records.view();
        let lanes = self.dispatching.lanes.all().map(|lane| {
            let txs = || view.txs_of(lane.account.chain_id(), lane.account.address());
            LaneStatus {
                chain: lane.account.chain_id().clone(),
                address: lane.account.address().to_owned(),
                batches: lane.batches(),
                txs_in_flight: txs().count(),
                items_in_flight: txs().map(|(_, tx)| tx.items.len()).sum(),
            }
        });
        let pauses = self.budgeting.pauses(view);
        read(Snapshot {
            view,
            plan: &self.plan(&pauses),
            assignment: &self.assignment,
            policy: &self.policy,
            pauses: &pauses,
            cleared: &self.requests.cleared(),
            paused: self.pausing.paused(),
            is_draining: self.pausing.is_draining(),
            readiness: &self.readiness,
            reconciling: &self.reconciling,
            chains: self.chains.keys().cloned().collect(),
            paths: served_ends(view, &self.chains).collect(),
            lanes: lanes.collect(),
            tasks: self.tasks.names(),
            inputs: self.inputs.len(),
            statistics: self.records.statistics(),
            in_progress: self.dispatching.in_progress().len(),
        })
    }
}

/// A stop that takes longer than this leaves the rest to the next start.
const STOP_MAX: Duration = Duration::from_secs(4);
