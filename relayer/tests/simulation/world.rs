//! One seed's life: two chains, a relayer that crashes, a rival, senders. Then
//! the faults stop, and everything must have come to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tern::engine::{Clock, Engine, EngineError, LaneSettings, Memory, Parts, Store};
use tern_chains::{Chain, ChannelId, ClientParams, PortId};
use tern_core::ledger::{Adopted, ChannelWish, View};
use tern_core::plan::Scope;
use tern_core::policy::Policy;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::chaos::Chaos;
use super::faulty::{Asked, FaultyChain};
use super::fuse::Fuse;
use super::journal::Journal;
use super::oracle;
use super::side::{at, make_blocks, Side, RELAYER, RIVAL, USER};
use super::tally::Fault;
use super::users::users;
use super::weather::{clear, weather};

pub struct World {
    pub sides: [Side; 2],
    pub chaos: Chaos,
    pub journal: Journal,
    clock: Clock,
    memory: Memory,
    packets_in_memory_max: usize,
    /// The store was lost: what had ended before is not known any more.
    pub has_forgotten: bool,
}

const RECONCILE_EVERY: Duration = Duration::from_secs(30);

type Running = JoinHandle<Option<Result<(), EngineError>>>;

impl World {
    pub fn new(seed: u64) -> Self {
        let begin = tokio::time::Instant::now();
        let chaos = Chaos::new(seed);
        Self {
            sides: [
                Side::new("akash-1", "akash", "uakt", seed),
                Side::new("kava-1", "kava", "usdx", seed),
            ],
            packets_in_memory_max: chaos.dice.pick(&[4, 10_000]),
            chaos,
            journal: Journal::default(),
            clock: Arc::new(move || at(begin.elapsed())),
            memory: Memory::default(),
            has_forgotten: false,
        }
    }

    /// Lives through it; `Err` says what is not as it must be.
    pub async fn live(&mut self) -> Result<(), String> {
        // Dropped, and with it ended, on every way out.
        let mut nature = JoinSet::new();
        for side in &self.sides {
            let clock = Arc::clone(&self.clock);
            nature.spawn(make_blocks(side.clone(), self.chaos.clone(), clock));
        }
        self.open_channel().await?;
        self.chaos.set(true);
        let rival = self.rival();
        let last = self.suffer().await?;
        let settled = self.settle().await;
        last.0.cancel();
        ended(last.1.await)?;
        if let Some((stop, rival)) = rival {
            stop.cancel();
            ended(rival.await)?;
        }
        settled?;
        oracle::check(self).await
    }

    /// The ledger as it is on disk.
    pub fn store(&self) -> (Store, View) {
        Store::simulated(&self.memory)
    }

    /// Some worlds are born in the storm: the command is given again until the
    /// channel is open.
    async fn open_channel(&mut self) -> Result<(), String> {
        const TRIES_MAX: u32 = 12;
        let is_stormy = self.chaos.dice.chance(20);
        for _ in 0..TRIES_MAX {
            let mut storm = JoinSet::new();
            if is_stormy {
                self.storm(&mut storm);
            }
            let fuse = Fuse::of(is_stormy.then(|| 50 + self.chaos.dice.roll(800)));
            let engine = self.relayer(&fuse, Scope::Handshake(self.wish()));
            let opened = fuse.run(engine.open_channel(CancellationToken::new()));
            let opened = opened.await;
            if opened.is_none() {
                self.crash();
            }
            drop(storm);
            self.calm();
            match opened {
                None => {}
                Some(Ok(_)) => return Ok(()),
                // It was given up: what it was told was wrong too often.
                Some(Err(EngineError::Unmet(_))) if is_stormy => {}
                Some(Err(error)) => return Err(format!("no channel: {error}")),
            }
        }
        let fuse = Fuse::default();
        let engine = self.relayer(&fuse, Scope::Handshake(self.wish()));
        match engine.open_channel(CancellationToken::new()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("no channel in fair weather: {error}")),
        }
    }

    fn wish(&self) -> ChannelWish {
        let [a, b] = &self.sides;
        ChannelWish {
            a: a.id(),
            b: b.id(),
            a_port: PortId::transfer(),
            b_port: PortId::transfer(),
            ordering: tern_chains::Ordering::Unordered,
            version: String::new(),
            adopted: Adopted::default(),
        }
    }

    fn storm(&self, tasks: &mut JoinSet<()>) {
        self.chaos.set(true);
        for side in &self.sides {
            tasks.spawn(weather(side.clone(), self.chaos.clone()));
        }
    }

    fn calm(&self) {
        self.chaos.set(false);
        self.sides.iter().for_each(clear);
    }

    /// The relayer's lives under faults; the last one goes on.
    async fn suffer(&mut self) -> Result<(CancellationToken, Running), String> {
        let mut storm = JoinSet::new();
        self.storm(&mut storm);
        let dice = self.chaos.dice.clone();
        let clock = Arc::clone(&self.clock);
        let users = tokio::spawn(users(self.sides.clone(), self.chaos.clone(), clock));
        for _ in 0..1 + dice.roll(4) {
            let steps = match dice.roll(3) {
                0 => Some(dice.roll(100)),
                1 => Some(dice.roll(1_000)),
                _ => None,
            };
            let (_, mut life) = self.start(Fuse::of(steps));
            let long = Duration::from_millis(500 + dice.roll(10_000));
            match timeout(long, &mut life).await {
                Ok(burnt) => match burnt.map_err(|panic| panic.to_string())? {
                    None => {}
                    Some(end) => return Err(format!("the engine ended by itself: {end:?}")),
                },
                Err(_) => {
                    life.abort();
                    let _ = life.await;
                }
            }
            self.crash();
            if dice.chance(30) {
                sleep(Duration::from_millis(dice.roll(10_000))).await;
            }
        }
        // The last one may have seen the storm, or not.
        let survivor = dice.chance(50).then(|| self.start(Fuse::default()));
        users.await.map_err(|panic| panic.to_string())?;
        if survivor.is_some() {
            sleep(Duration::from_millis(dice.roll(10_000))).await;
        }
        drop(storm);
        self.calm();
        Ok(survivor.unwrap_or_else(|| self.start(Fuse::default())))
    }

    /// The relayer's machine stops.
    fn crash(&mut self) {
        let dice = &self.chaos.dice;
        self.chaos.tally.fault(Fault::Crashed);
        let unflushed = self.memory.unflushed();
        let kept = dice.roll(unflushed as u64 + 1) as usize;
        if kept < unflushed {
            self.chaos.tally.fault(Fault::LostTail);
        }
        self.memory.crash(kept);
        if self.chaos.strikes(Fault::LostStore, 15) {
            self.memory = Memory::default();
            self.has_forgotten = true;
        }
    }

    fn start(&self, fuse: Fuse) -> (CancellationToken, Running) {
        let stop = CancellationToken::new();
        let engine = self.relayer(&fuse, Scope::Everything);
        let running = engine.run(stop.clone());
        let life = tokio::spawn(async move { fuse.run(running).await });
        (stop, life)
    }

    fn relayer(&self, fuse: &Fuse, scope: Scope) -> Engine {
        let (store, view) = Store::simulated(&self.memory);
        let ids = self.sides.iter().map(Side::id);
        self.journal.begin(&view, ids);
        let door = |side: &Side| -> Arc<dyn Chain> {
            Arc::new(FaultyChain {
                near: side.through(&side.own, RELAYER),
                lagging: side.through(&side.lagging, RELAYER),
                sky: side.sky.clone(),
                chaos: self.chaos.clone(),
                fuse: fuse.clone(),
                asked: Asked::default(),
            })
        };
        let mut parts = self.parts(store, view, door);
        parts.policy.packets_in_memory_max = self.packets_in_memory_max;
        parts.observer = self.journal.observer();
        Engine::start(parts, scope)
    }

    /// Another relayer with a good node, in some worlds.
    fn rival(&self) -> Option<(CancellationToken, Running)> {
        if !self.chaos.strikes(Fault::Rival, 60) {
            return None;
        }
        let door = |side: &Side| -> Arc<dyn Chain> { Arc::new(side.door(RIVAL)) };
        let parts = self.parts(Store::in_memory(), View::default(), door);
        let engine = Engine::start(parts, Scope::Everything);
        let stop = CancellationToken::new();
        let running = engine.run(stop.clone());
        Some((stop, tokio::spawn(async { Some(running.await) })))
    }

    fn parts(&self, store: Store, view: View, door: impl Fn(&Side) -> Arc<dyn Chain>) -> Parts {
        let mut parts = Parts {
            chains: BTreeMap::new(),
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
            parts.chains.insert(side.id(), door(side));
        }
        parts
    }

    /// Waits until nothing is committed any more and the relayer has had the
    /// time to hear of it, and of the end of all its transactions.
    async fn settle(&self) -> Result<(), String> {
        const PATIENCE: u64 = 400;
        // What was read of a lagging node into an empty store is put right
        // when packets are compared next.
        let heard = Duration::from_secs(match self.has_forgotten {
            true => 11 + RECONCILE_EVERY.as_secs(),
            false => 11,
        });
        for _ in 0..PATIENCE {
            sleep(Duration::from_secs(1)).await;
            if self.open().await == [0, 0] {
                sleep(heard).await;
                return Ok(());
            }
        }
        Err(format!(
            "packets {:?} are still open {PATIENCE} seconds after the faults stopped",
            self.open().await
        ))
    }

    async fn open(&self) -> [usize; 2] {
        let (port, channel) = (PortId::transfer(), ChannelId::new(0));
        let mut counts = [0; 2];
        for (count, side) in counts.iter_mut().zip(&self.sides) {
            let door = side.door(USER);
            let open = door.commitments(&port, &channel).await;
            *count = open.expect("the chain itself answers").len();
        }
        counts
    }
}

type Joined = Result<Option<Result<(), EngineError>>, tokio::task::JoinError>;

fn ended(life: Joined) -> Result<(), String> {
    match life {
        Ok(Some(Ok(()))) => Ok(()),
        Ok(Some(Err(error))) => Err(error.to_string()),
        Ok(None) => Err("it crashed in fair weather".into()),
        Err(panic) => Err(panic.to_string()),
    }
}
