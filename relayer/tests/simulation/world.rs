//! One seed's run: two chains, relayers that crash, another relayer, users and a
//! stranger. Then the faults stop, and every packet that can must end.

use std::sync::Arc;
use std::time::Duration;

use tern::engine::{Engine, EngineError, Made, Store};
use tern_chains::{Ordering, PortId};
use tern_core::ledger::View;
use tern_core::plan::Assignment;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::channels::{mock_port, request, Channel, Channels};
use super::chaos::Chaos;
use super::crash_point::CrashPoint;
use super::fault_counts::Fault;
use super::fault_schedule::{clear_faults, run_fault_schedule};
use super::oracle;
use super::pairing::Pairing;
use super::place::{Place, RECONCILE_EVERY};
use super::poison::Poison;
use super::relayer::{Relayer, Running};
use super::side::{make_blocks, time_at, Side, OTHER_RELAYER, RELAYER, SECOND_RELAYER};
use super::signed_log::SignedLog;
use super::strangers::Strangers;
use super::users::users;

pub struct World {
    pub place: Place,
    /// Those under test. The first one opens the channels.
    pub relayers: Vec<Relayer>,
    pub channels: Channels,
    pub strangers: Strangers,
    /// What the other relayer has signed.
    pub other_signed: SignedLog,
}

/// The other relayer, and what ends it.
type OtherRelayer = (CancellationToken, JoinHandle<Result<(), EngineError>>);

impl World {
    pub fn new(pairing: Pairing, seed: u64) -> Self {
        let begin = tokio::time::Instant::now();
        let chaos = Chaos::new(pairing, seed);
        let place = Place {
            sides: Side::pair(pairing, seed),
            chaos: chaos.clone(),
            clock: Arc::new(move || time_at(begin.elapsed())),
        };
        let second = chaos.has(Fault::SecondRelayer).then_some(SECOND_RELAYER);
        let keys = std::iter::once(RELAYER).chain(second);
        Self {
            relayers: keys.map(|key| Relayer::new(key, &place)).collect(),
            channels: Channels {
                transfer: Channel::first(&place.sides),
                mock: None,
                ordered: None,
            },
            strangers: Strangers::default(),
            other_signed: SignedLog::default(),
            place,
        }
    }

    /// Whether worlds of this seed have the fault.
    pub fn has(&self, fault: Fault) -> bool {
        self.place.chaos.has(fault)
    }

    /// Runs the world; `Err` says which check failed.
    pub async fn run(&mut self) -> Result<(), String> {
        // Dropping the set ends its tasks, on every return.
        let mut background = JoinSet::new();
        for side in &self.place.sides {
            let (chaos, clock) = (self.place.chaos.clone(), Arc::clone(&self.place.clock));
            background.spawn(make_blocks(side.clone(), chaos, clock));
        }
        self.open_channel().await?;
        self.open_mock_channels().await?;
        self.place.chaos.set(true);
        if self.relayers.len() > 1 {
            self.place.chaos.fault_counts.fault(Fault::SecondRelayer);
        }
        let other_relayer = self.other_relayer();
        let running = self.run_under_faults().await?;
        let settled = oracle::settle(self, &running).await;
        for running in running {
            running.end().await?;
        }
        if let Some((stop, other_relayer)) = other_relayer {
            stop.cancel();
            let ended = other_relayer.await.map_err(|panic| panic.to_string())?;
            ended.map_err(|error| error.to_string())?;
        }
        oracle::check(self, settled?).await
    }

    /// In some worlds the channel is opened under faults: the command is repeated
    /// until the channel is open.
    async fn open_channel(&mut self) -> Result<(), String> {
        const TRIES_MAX: u32 = 12;
        let chaos = self.place.chaos.clone();
        let with_faults = chaos.rng.chance(20);
        let request = self.request(&PortId::transfer(), Ordering::Unordered);
        for _ in 0..TRIES_MAX {
            let mut fault_tasks = JoinSet::new();
            if with_faults {
                self.start_faults(&mut fault_tasks);
            }
            let crash_point = CrashPoint::of(with_faults.then(|| 50 + chaos.rng.below(800)));
            let engine = self.relayers[0].engine(&crash_point, Assignment::nothing());
            let opened = engine.make(request.clone(), CancellationToken::new());
            let opened = crash_point.run(opened);
            let opened = opened.await;
            if opened.is_none() {
                // The users' channel is the first one: with a lost store Tern does not
                // know its clients any more, and opens another.
                self.relayers[0].crash_softly();
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
        let opened = self.open(&PortId::transfer(), Ordering::Unordered).await;
        opened.map(drop)
    }

    /// The channels of the mock application, in worlds that have faults on them.
    async fn open_mock_channels(&mut self) -> Result<(), String> {
        let mut poison = Poison::ALL.into_iter();
        if poison.any(|poison| self.has(poison.fault())) {
            self.channels.mock = Some(self.open(&mock_port(), Ordering::Unordered).await?);
        }
        if self.has(Fault::OrderedBacklog) || self.has(Fault::ChannelClosed) {
            self.channels.ordered = Some(self.open(&mock_port(), Ordering::Ordered).await?);
        }
        Ok(())
    }

    /// Opens a channel without faults.
    async fn open(&self, port: &PortId, ordering: Ordering) -> Result<Channel, String> {
        let engine = self.relayers[0].engine(&CrashPoint::default(), Assignment::nothing());
        let opened = engine.make(self.request(port, ordering), CancellationToken::new());
        match opened.await {
            Ok(Made::Channel(opened)) => Ok(Channel::of(&opened)),
            Ok(other) => Err(format!("{other:?} was made instead of a channel")),
            Err(error) => Err(format!("no channel without faults: {error}")),
        }
    }

    fn request(&self, port: &PortId, ordering: Ordering) -> tern_core::ledger::HandshakeRequest {
        request(self.place.sides.each_ref().map(Side::id), port, ordering)
    }

    fn start_faults(&self, tasks: &mut JoinSet<()>) {
        self.place.chaos.set(true);
        for side in &self.place.sides {
            tasks.spawn(run_fault_schedule(side.clone(), self.place.chaos.clone()));
        }
    }

    fn stop_faults(&self) {
        self.place.chaos.set(false);
        self.place.sides.iter().for_each(clear_faults);
    }

    /// Starts and crashes the relayers several times under faults. The last start
    /// is returned running.
    async fn run_under_faults(&mut self) -> Result<Vec<Running>, String> {
        let mut fault_tasks = JoinSet::new();
        self.start_faults(&mut fault_tasks);
        let rng = self.place.chaos.rng.clone();
        let users = tokio::spawn(users(self.place.clone(), self.channels.clone()));
        let strangers = tokio::spawn(self.strangers.clone().run(self.place.clone()));
        let channels = &self.channels;
        let relayers = self.relayers.iter_mut();
        let runs = relayers.map(|relayer| relayer.start_and_crash(channels));
        futures::future::try_join_all(runs).await?;
        // The last start is under faults in half of the worlds.
        let last =
            |relayer: &mut Relayer| rng.chance(50).then(|| relayer.start(CrashPoint::default()));
        let last: Vec<Option<Running>> = self.relayers.iter_mut().map(last).collect();
        users.await.map_err(|panic| panic.to_string())?;
        strangers.await.map_err(|panic| panic.to_string())?;
        if last.iter().any(Option::is_some) {
            sleep(Duration::from_millis(rng.below(10_000))).await;
        }
        drop(fault_tasks);
        self.stop_faults();
        let last = last.into_iter().zip(&mut self.relayers);
        let running = last
            .map(|(last, relayer)| last.unwrap_or_else(|| relayer.start(CrashPoint::default())));
        Ok(running.collect())
    }

    /// Another relayer with a node without faults, in some worlds.
    fn other_relayer(&self) -> Option<OtherRelayer> {
        if !self.place.chaos.occurs(Fault::OtherRelayer, 60) {
            return None;
        }
        let chain = |side: &Side| side.chain(OTHER_RELAYER);
        let mut parts = self.place.parts(Store::none(), View::default(), chain);
        parts.observer = self.other_signed.observer();
        let engine = Engine::start(parts, Assignment::Everything);
        let stop = CancellationToken::new();
        let running = engine.run(stop.clone());
        Some((stop, tokio::spawn(running)))
    }

    /// How long after the last packet the relayers' ledgers agree with the chains.
    pub fn grace(&self) -> Duration {
        // An empty store may have been filled from a lagging node, and a lying node has told
        // of packets that were never sent. The next comparison of packets corrects that.
        let was_lost = self.relayers.iter().any(|relayer| relayer.store_was_lost);
        Duration::from_secs(match was_lost || self.has(Fault::LiedEvent) {
            true => 11 + RECONCILE_EVERY.as_secs(),
            false => 11,
        })
    }
}
