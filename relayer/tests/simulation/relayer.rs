//! A relayer under test: an engine that crashes and is started again, with its key,
//! its store, and the nodes it asks.

use std::sync::Arc;
use std::time::Duration;

use tern::engine::{Engine, EngineError, EngineHandle, Memory, Store};
use tern_chains::{Event, Packet};
use tern_core::ledger::View;
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::channels::{Channel, Channels};
use super::crash_point::CrashPoint;
use super::estimates::Estimates;
use super::fault_counts::Fault;
use super::faulty::FaultyChain;
use super::in_flight::InFlight;
use super::memory_watch::MemoryWatch;
use super::node::RelayedChain;
use super::place::Place;
use super::side::Side;
use super::signed_log::SignedLog;

/// Less than a heavy packet takes.
pub const GAS_MAX: u64 = 4_000_000;

pub struct Relayer {
    pub key: u8,
    pub signed_log: SignedLog,
    pub estimates: Estimates,
    /// The store was lost once, and with it the packets that had ended by then.
    pub store_was_lost: bool,
    pub policy: Policy,
    /// The most gas of a transaction, where the operator has set it.
    pub gas_max: Option<u64>,
    pub memory_watch: MemoryWatch,
    /// How often its engine was started.
    pub starts: u64,
    memory: Memory,
    place: Place,
}

/// A relayer's engine while it runs.
pub struct Running {
    pub stop: CancellationToken,
    pub handle: EngineHandle,
    task: JoinHandle<Option<Result<(), EngineError>>>,
}

impl Relayer {
    pub fn new(key: u8, place: &Place) -> Self {
        let rng = &place.chaos.rng;
        let policy = policy(place);
        Self {
            key,
            signed_log: SignedLog::default(),
            estimates: Estimates::default(),
            store_was_lost: false,
            gas_max: rng.chance(50).then_some(GAS_MAX),
            memory_watch: MemoryWatch::new(&policy),
            policy,
            starts: 0,
            memory: Memory::default(),
            place: place.clone(),
        }
    }

    /// The ledger as it is on disk.
    pub fn store(&self) -> (Store, View) {
        Store::simulated(&self.memory, self.policy.packets_in_memory_max)
    }

    pub fn engine(&self, crash_point: &CrashPoint, assignment: Assignment) -> Engine {
        let (store, view) = self.store();
        let ids = self.place.sides.iter().map(Side::id);
        self.signed_log.begin(&view, ids);
        let chain = |side: &Side| {
            let chain: Arc<dyn RelayedChain> = Arc::new(FaultyChain {
                near: side.own.chain(self.key),
                near_node: Arc::clone(&side.own),
                node: Arc::clone(&side.node),
                lagging: side.lagging.chain(self.key),
                node_faults: side.node_faults.clone(),
                chaos: self.place.chaos.clone(),
                crash_point: crash_point.clone(),
                in_flight: InFlight::default(),
                estimates: self.estimates.clone(),
            });
            chain
        };
        let mut parts = self.place.parts(store, view, chain);
        for lane in parts.lanes.values_mut() {
            lane.gas_max = self.gas_max;
        }
        parts.policy = self.policy.clone();
        parts.observer = self.signed_log.observer();
        Engine::start(parts, assignment)
    }

    pub fn start(&mut self, crash_point: CrashPoint) -> Running {
        self.starts += 1;
        let stop = CancellationToken::new();
        let engine = self.engine(&crash_point, Assignment::Everything);
        let handle = engine.handle();
        self.memory_watch.start(handle.clone());
        let running = engine.run(stop.clone());
        let task = tokio::spawn(async move { crash_point.run(running).await });
        Running { stop, handle, task }
    }

    /// Starts and crashes several times.
    pub async fn start_and_crash(&mut self, channels: &Channels) -> Result<(), String> {
        let rng = self.place.chaos.rng.clone();
        for _ in 0..1 + rng.below(4) {
            let steps = match rng.below(3) {
                0 => Some(rng.below(100)),
                1 => Some(rng.below(1_000)),
                _ => None,
            };
            let mut running = self.start(CrashPoint::of(steps));
            let run_time = Duration::from_millis(500 + rng.below(10_000));
            match timeout(run_time, &mut running.task).await {
                Ok(crashed) => match crashed.map_err(|panic| panic.to_string())? {
                    None => {}
                    Some(end) => return Err(format!("the engine ended by itself: {end:?}")),
                },
                Err(_) => {
                    running.task.abort();
                    let _ = running.task.await;
                }
            }
            self.crash();
            if self.place.chaos.occurs(Fault::LostStore, 15) {
                self.lose_store();
            }
            if self.place.chaos.allows(Fault::Unfindable) && rng.chance(60) {
                self.lose_blocks(channels).await;
            }
            if rng.chance(30) {
                sleep(Duration::from_millis(rng.below(10_000))).await;
            }
        }
        match (
            self.place.chaos.has(Fault::ClosedWithLostStore),
            &channels.ordered,
        ) {
            (true, Some(ordered)) => self.lose_store_once_closed(ordered).await,
            _ => Ok(()),
        }
    }

    /// Runs until a timeout has closed the channel while others of its packets are open;
    /// then the store is lost.
    async fn lose_store_once_closed(&mut self, ordered: &Channel) -> Result<(), String> {
        const SECONDS_MAX: u64 = 40;
        let running = self.start(CrashPoint::default());
        for _ in 0..SECONDS_MAX {
            sleep(Duration::from_secs(1)).await;
            for at in 0..2 {
                let is_closed = self.place.is_closed(ordered, at).await;
                if is_closed && !self.place.open(ordered, at).await.is_empty() {
                    running.task.abort();
                    let _ = running.task.await;
                    self.lose_store();
                    let counts = &self.place.chaos.fault_counts;
                    counts.fault(Fault::ClosedWithLostStore);
                    return Ok(());
                }
            }
        }
        running.end().await
    }

    /// The store is lost, and of one block with packets that are open, or with
    /// acknowledgements that are not delivered, no node knows any more.
    async fn lose_blocks(&mut self, channels: &Channels) {
        let at = self.place.chaos.rng.below(2) as usize;
        let side = &self.place.sides[at];
        let open = [
            self.place.open(&channels.transfer, at).await,
            self.place.open(&channels.transfer, 1 - at).await,
        ];
        let is_needed = |event: &Event| {
            let (packet, from) = packet_of(event, at)?;
            let is_open = open[from ^ at].contains(&packet.sequence);
            (packet.src == channels.transfer.end(from) && is_open).then_some(())
        };
        // Behind a packet of an ordered channel all others would wait.
        let is_ordered = |event: &Event| {
            let (packet, from) = packet_of(event, at)?;
            let ordered = channels.ordered.as_ref()?;
            (packet.src == ordered.end(from)).then_some(())
        };
        let blocks = side.blocks().await;
        let lost = blocks.iter().rev().find(|block| {
            let has =
                |is: &dyn Fn(&Event) -> Option<()>| block.events.iter().any(|e| is(e).is_some());
            has(&is_needed) && !has(&is_ordered)
        });
        if let Some(block) = lost {
            side.node_faults.lose_block(block.height);
            self.place.chaos.fault_counts.fault(Fault::Unfindable);
            self.lose_store();
        }
    }

    /// The relayer's machine crashes while a channel is opened: nothing is lost that
    /// was written.
    pub fn crash_softly(&self) {
        self.place.chaos.fault_counts.fault(Fault::Crashed);
        self.memory.crash(self.memory.unflushed());
    }

    /// The relayer's machine crashes.
    fn crash(&mut self) {
        let counts = &self.place.chaos.fault_counts;
        counts.fault(Fault::Crashed);
        let unflushed = self.memory.unflushed();
        let kept = self.place.chaos.rng.below(unflushed as u64 + 1) as usize;
        if kept < unflushed {
            counts.fault(Fault::LostTail);
        }
        self.memory.crash(kept);
        // Nothing of it had ever reached the disk.
        let (_, view) = self.store();
        let mut ids = self.place.sides.iter().map(Side::id);
        self.store_was_lost |= ids.any(|id| view.head(&id).is_none());
    }

    pub fn lose_store(&mut self) {
        self.memory = Memory::default();
        self.store_was_lost = true;
    }
}

impl Running {
    /// Ends the engine in order.
    pub async fn end(self) -> Result<(), String> {
        self.stop.cancel();
        match self.task.await {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(error))) => Err(error.to_string()),
            Ok(None) => Err("it crashed without faults".into()),
            Err(panic) => Err(panic.to_string()),
        }
    }
}

/// The packet that an event of a side is about, and the side it was sent from.
fn packet_of(event: &Event, at: usize) -> Option<(&Packet, usize)> {
    match event {
        Event::SendPacket(packet) => Some((packet, at)),
        Event::WriteAcknowledgement { packet, .. } => Some((packet, 1 - at)),
        _ => None,
    }
}

/// The limits of a world: in some they are so small that they are met.
fn policy(place: &Place) -> Policy {
    let rng = &place.chaos.rng;
    let policy = Policy {
        packets_in_memory_max: rng.choose(&[4, 10_000]),
        // Above what a packet waits for without being parked.
        backoff_blocks_max: rng.choose(&[24, 256]),
        // With this fault validators do sign two headers: clients would be frozen for ever.
        freezes_forked_clients: !place.chaos.has(Fault::LiedEquivocation),
        ..Policy::default()
    };
    match rng.chance(50) {
        true => policy,
        false => Policy {
            batch_items_max: 6,
            batch_items_min: 2,
            items_unsent_max: 12,
            items_in_flight_max: 8,
            ..policy
        },
    }
}
