//! One seed's run: two chains, a relayer that crashes, another relayer, and
//! users. Then the faults stop, and every packet must complete.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tern::engine::{ChainAccess, Clock, Engine, EngineError, LaneSettings, Memory, Parts, Store};
use tern_chains::{ChannelId, ClientParams, End, PortId};
use tern_core::ledger::{HandshakeProgress, HandshakeRequest, View};
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::chaos::Chaos;
use super::crash_point::CrashPoint;
use super::fault_counts::Fault;
use super::fault_schedule::{clear_faults, run_fault_schedule};
use super::faulty::{FaultyChain, InFlight};
use super::node::RelayedChain;
use super::oracle;
use super::pairing::Pairing;
use super::side::{make_blocks, time_at, Side, OTHER_RELAYER, RELAYER, USER};
use super::signed_log::SignedLog;
use super::users::users;

pub struct World {
    pub sides: [Side; 2],
    pub chaos: Chaos,
    pub signed_log: SignedLog,
    clock: Clock,
    memory: Memory,
    packets_in_memory_max: usize,
    /// The store was lost once, and with it the packets that had ended by then.
    pub store_was_lost: bool,
}

const RECONCILE_EVERY: Duration = Duration::from_secs(30);

type Running = JoinHandle<Option<Result<(), EngineError>>>;

impl World {
    pub fn new(pairing: Pairing, seed: u64) -> Self {
        let begin = tokio::time::Instant::now();
        let chaos = Chaos::new(pairing, seed);
        Self {
            sides: Side::pair(pairing, seed),
            packets_in_memory_max: chaos.rng.choose(&[4, 10_000]),
            chaos,
            signed_log: SignedLog::default(),
            clock: Arc::new(move || time_at(begin.elapsed())),
            memory: Memory::default(),
            store_was_lost: false,
        }
    }

    /// Runs the world; `Err` says which check failed.
    pub async fn run(&mut self) -> Result<(), String> {
        // Dropping the set ends its tasks, on every return.
        let mut background = JoinSet::new();
        for side in &self.sides {
            let clock = Arc::clone(&self.clock);
            background.spawn(make_blocks(side.clone(), self.chaos.clone(), clock));
        }
        self.open_channel().await?;
        self.chaos.set(true);
        let other_relayer = self.other_relayer();
        let last = self.run_under_faults().await?;
        let settled = self.settle().await;
        last.0.cancel();
        ended(last.1.await)?;
        if let Some((stop, other_relayer)) = other_relayer {
            stop.cancel();
            ended(other_relayer.await)?;
        }
        settled?;
        oracle::check(self).await
    }

    /// The ledger as it is on disk.
    pub fn store(&self) -> (Store, View) {
        Store::simulated(&self.memory)
    }

    /// In some worlds the channel is opened under faults: the command is repeated
    /// until the channel is open.
    async fn open_channel(&mut self) -> Result<(), String> {
        const TRIES_MAX: u32 = 12;
        let with_faults = self.chaos.rng.chance(20);
        for _ in 0..TRIES_MAX {
            let mut fault_tasks = JoinSet::new();
            if with_faults {
                self.start_faults(&mut fault_tasks);
            }
            let crash_point = CrashPoint::of(with_faults.then(|| 50 + self.chaos.rng.below(800)));
            let engine = self.relayer(&crash_point, Assignment::nothing());
            let opened = engine.open_channel(self.request(), CancellationToken::new());
            let opened = crash_point.run(opened);
            let opened = opened.await;
            if opened.is_none() {
                // The users' channel is the first one: with a lost store Tern does not
                // know its clients any more, and opens another.
                self.chaos.fault_counts.fault(Fault::Crashed);
                self.memory.crash(self.memory.unflushed());
            }
            drop(fault_tasks);
            self.stop_faults();
            match opened {
                None => {}
                Some(Ok(_)) => return Ok(()),
                // The command gave up after too many wrong responses.
                Some(Err(EngineError::CommandFailed(_))) if with_faults => {}
                Some(Err(error)) => return Err(format!("no channel: {error}")),
            }
        }
        let crash_point = CrashPoint::default();
        let engine = self.relayer(&crash_point, Assignment::nothing());
        let opened = engine.open_channel(self.request(), CancellationToken::new());
        match opened.await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("no channel without faults: {error}")),
        }
    }

    fn request(&self) -> HandshakeRequest {
        let [a, b] = &self.sides;
        HandshakeRequest {
            a: a.id(),
            b: b.id(),
            a_port: PortId::transfer(),
            b_port: PortId::transfer(),
            ordering: tern_chains::Ordering::Unordered,
            version: String::new(),
            progress: HandshakeProgress::default(),
        }
    }

    fn start_faults(&self, tasks: &mut JoinSet<()>) {
        self.chaos.set(true);
        for side in &self.sides {
            tasks.spawn(run_fault_schedule(side.clone(), self.chaos.clone()));
        }
    }

    fn stop_faults(&self) {
        self.chaos.set(false);
        self.sides.iter().for_each(clear_faults);
    }

    /// Starts and crashes the relayer several times under faults. The last start
    /// is returned running.
    async fn run_under_faults(&mut self) -> Result<(CancellationToken, Running), String> {
        let mut fault_tasks = JoinSet::new();
        self.start_faults(&mut fault_tasks);
        let rng = self.chaos.rng.clone();
        let clock = Arc::clone(&self.clock);
        let users = tokio::spawn(users(self.sides.clone(), self.chaos.clone(), clock));
        for _ in 0..1 + rng.below(4) {
            let steps = match rng.below(3) {
                0 => Some(rng.below(100)),
                1 => Some(rng.below(1_000)),
                _ => None,
            };
            let (_, mut running) = self.start(CrashPoint::of(steps));
            let run_time = Duration::from_millis(500 + rng.below(10_000));
            match timeout(run_time, &mut running).await {
                Ok(crashed) => match crashed.map_err(|panic| panic.to_string())? {
                    None => {}
                    Some(end) => return Err(format!("the engine ended by itself: {end:?}")),
                },
                Err(_) => {
                    running.abort();
                    let _ = running.await;
                }
            }
            self.crash();
            if rng.chance(30) {
                sleep(Duration::from_millis(rng.below(10_000))).await;
            }
        }
        // The last start is under faults in half of the worlds.
        let last = rng.chance(50).then(|| self.start(CrashPoint::default()));
        users.await.map_err(|panic| panic.to_string())?;
        if last.is_some() {
            sleep(Duration::from_millis(rng.below(10_000))).await;
        }
        drop(fault_tasks);
        self.stop_faults();
        Ok(last.unwrap_or_else(|| self.start(CrashPoint::default())))
    }

    /// The relayer's machine crashes.
    fn crash(&mut self) {
        let rng = &self.chaos.rng;
        self.chaos.fault_counts.fault(Fault::Crashed);
        let unflushed = self.memory.unflushed();
        let kept = rng.below(unflushed as u64 + 1) as usize;
        if kept < unflushed {
            self.chaos.fault_counts.fault(Fault::LostTail);
        }
        self.memory.crash(kept);
        if self.chaos.occurs(Fault::LostStore, 15) {
            self.memory = Memory::default();
            self.store_was_lost = true;
        }
    }

    fn start(&self, crash_point: CrashPoint) -> (CancellationToken, Running) {
        let stop = CancellationToken::new();
        let engine = self.relayer(&crash_point, Assignment::Everything);
        let running = engine.run(stop.clone());
        let task = tokio::spawn(async move { crash_point.run(running).await });
        (stop, task)
    }

    fn relayer(&self, crash_point: &CrashPoint, assignment: Assignment) -> Engine {
        let (store, view) = Store::simulated(&self.memory);
        let ids = self.sides.iter().map(Side::id);
        self.signed_log.begin(&view, ids);
        let chain = |side: &Side| {
            let chain: Arc<dyn RelayedChain> = Arc::new(FaultyChain {
                near: side.own.chain(RELAYER),
                near_node: Arc::clone(&side.own),
                lagging: side.lagging.chain(RELAYER),
                node_faults: side.node_faults.clone(),
                chaos: self.chaos.clone(),
                crash_point: crash_point.clone(),
                in_flight: InFlight::default(),
            });
            chain
        };
        let mut parts = self.parts(store, view, chain);
        parts.policy.packets_in_memory_max = self.packets_in_memory_max;
        parts.observer = self.signed_log.observer();
        Engine::start(parts, assignment)
    }

    /// Another relayer with a node without faults, in some worlds.
    fn other_relayer(&self) -> Option<(CancellationToken, Running)> {
        if !self.chaos.occurs(Fault::OtherRelayer, 60) {
            return None;
        }
        let chain = |side: &Side| side.chain(OTHER_RELAYER);
        let parts = self.parts(Store::none(), View::default(), chain);
        let engine = Engine::start(parts, Assignment::Everything);
        let stop = CancellationToken::new();
        let running = engine.run(stop.clone());
        Some((stop, tokio::spawn(async { Some(running.await) })))
    }

    fn parts(
        &self,
        store: Store,
        view: View,
        chain: impl Fn(&Side) -> Arc<dyn RelayedChain>,
    ) -> Parts {
        let mut parts = Parts {
            chains: BTreeMap::new(),
            accounts: BTreeMap::new(),
            lanes: BTreeMap::new(),
            clients: BTreeMap::new(),
            policy: Policy::default(),
            clock: Arc::clone(&self.clock),
            reconcile_every: RECONCILE_EVERY,
            store,
            view,
            observer: Box::new(|_| {}),
        };
        for side in &self.sides {
            let lane = LaneSettings {
                messages_max: 5,
                gas_max: None,
                timeout_blocks: 8,
                memo: String::new(),
            };
            parts.lanes.insert(side.id(), lane);
            parts.clients.insert(side.id(), ClientParams::default());
            let chain = chain(side);
            let access = ChainAccess {
                chain: chain.clone(),
                light_client: chain.clone(),
            };
            parts.chains.insert(side.id(), access);
            parts.accounts.insert(side.id(), vec![chain]);
        }
        parts
    }

    /// Waits until no packet commitment is left, and then for the relayer to see
    /// that and the end of all its transactions.
    async fn settle(&self) -> Result<(), String> {
        const SECONDS_MAX: u64 = 400;
        // An empty store may have been filled from a lagging node, and a lying node has told
        // of packets that were never sent. The next comparison of packets corrects that.
        let is_wrong = self.store_was_lost || self.chaos.has(Fault::LiedEvent);
        let grace = Duration::from_secs(match is_wrong {
            true => 11 + RECONCILE_EVERY.as_secs(),
            false => 11,
        });
        for _ in 0..SECONDS_MAX {
            sleep(Duration::from_secs(1)).await;
            if self.open().await == [0, 0] {
                sleep(grace).await;
                return Ok(());
            }
        }
        Err(format!(
            "packets {:?} are still open {SECONDS_MAX} seconds after the faults stopped",
            self.open().await
        ))
    }

    async fn open(&self) -> [usize; 2] {
        let (port, channel) = (PortId::transfer(), ChannelId::new(0));
        let mut counts = [0; 2];
        for (count, side) in counts.iter_mut().zip(&self.sides) {
            let chain = side.chain(USER);
            let open = chain.commitments(&End::channel(&port, &channel)).await;
            *count = open.expect("the chain itself answers").len();
        }
        counts
    }
}

type Joined = Result<Option<Result<(), EngineError>>, tokio::task::JoinError>;

fn ended(joined: Joined) -> Result<(), String> {
    match joined {
        Ok(Some(Ok(()))) => Ok(()),
        Ok(Some(Err(error))) => Err(error.to_string()),
        Ok(None) => Err("it crashed without faults".into()),
        Err(panic) => Err(panic.to_string()),
    }
}
