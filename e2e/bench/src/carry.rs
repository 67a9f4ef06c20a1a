//! A relayer at work: started, given packets, watched until all have come home.

use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};
use tern_e2e::wait;

use crate::footprint::Footprint;
use crate::journal::{Journal, Step, TxSeen};
use crate::proxy::{Call, Counts};
use crate::relayer::{Contestant, Running};
use crate::stage::{End, Gates, Stage};
use crate::trip::{trips, Trip};

/// Blocks a relayer is given after it says that it is ready.
const SETTLE_BLOCKS: u64 = 3;

/// How the relayer reaches the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Direct,
    /// Through gates that count, and delay by this round trip.
    Gated(Duration),
}

/// Packets to be carried from one end: `txs` transactions of `each` transfers.
#[derive(Clone, Debug)]
pub struct Load {
    pub from: End,
    /// The packets take turns on them.
    pub channels: Vec<String>,
    pub each: u32,
    pub txs: u32,
    /// From one transaction to the next.
    pub pause: Duration,
}

impl Load {
    /// All at once, on the contestant's channels.
    pub fn burst(stage: &Stage, contestant: &Contestant, from: End, count: u32) -> Self {
        Self {
            from,
            channels: contestant.channels(stage, from),
            each: count,
            txs: 1,
            pause: Duration::ZERO,
        }
    }

    pub fn count(&self) -> usize {
        (self.each * self.txs) as usize
    }
}

/// A relayer that runs.
pub struct Shift<'a> {
    stage: &'a Stage,
    contestant: &'a Contestant,
    gates: Option<Gates>,
    running: Running,
    began: Instant,
}

/// What came of one load.
pub struct Carried {
    pub trips: Vec<Trip>,
    /// When the last send and the last acknowledgement were committed, in seconds
    /// since 1970.
    pub sent: f64,
    pub acknowledged: f64,
    /// The relayer's own transactions on both chains.
    pub txs: Vec<TxSeen>,
    /// What it asked of the nodes meanwhile, if there were gates.
    pub calls: Vec<Call>,
    pub counts: Counts,
    pub began: Instant,
    pub footprint: Footprint,
}

impl<'a> Shift<'a> {
    /// Starts the relayer and waits until it has come to rest.
    pub fn begin(stage: &'a Stage, contestant: &'a Contestant, way: Way) -> Result<Self> {
        let mut shift = Self::start(stage, contestant, way)?;
        shift.ready()?;
        stage.pass_blocks(SETTLE_BLOCKS)?;
        Ok(shift)
    }

    /// Starts the relayer, and returns at once.
    pub fn start(stage: &'a Stage, contestant: &'a Contestant, way: Way) -> Result<Self> {
        let gates = match way {
            Way::Direct => None,
            Way::Gated(round_trip) => Some(Gates::open(stage, round_trip)?),
        };
        let nodes = gates.as_ref().map_or(stage.nodes(), Gates::nodes);
        Ok(Self {
            began: Instant::now(),
            stage,
            contestant,
            running: contestant
                .relayer
                .start(stage, &nodes, contestant.own.as_ref())?,
            gates,
        })
    }

    /// Sends, and waits until every packet is acknowledged.
    pub fn carry(&mut self, load: &Load, limit: Duration) -> Result<Carried> {
        let mut both = self.carry_all(std::slice::from_ref(load), limit)?;
        both.pop().context("no load")
    }

    /// The same with loads at once. Transactions, calls and footprint are of all
    /// together, and the same in each.
    pub fn carry_all(&mut self, loads: &[Load], limit: Duration) -> Result<Vec<Carried>> {
        let mut journals = self.stage.journals()?;
        let began = Instant::now();
        let before = self.counts();
        std::thread::scope(|scope| {
            let sending: Vec<_> = loads
                .iter()
                .map(|load| scope.spawn(|| self.send(load)))
                .collect();
            let sent = sending.into_iter().map(|sending| {
                let sent = sending.join();
                sent.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            sent.collect::<Result<Vec<()>>>()
        })?;
        let footprint = self.watch(loads, &mut journals, limit)?;
        let calls = self.gates.as_ref().map(|gates| gates.tally.since(began));
        let counts = self.counts().since(before);
        let carried = loads.iter().map(|load| {
            let mut carried = self.collect(load, &journals)?;
            carried.calls = calls.clone().unwrap_or_default();
            carried.counts = counts;
            carried.began = began;
            carried.footprint = footprint;
            Ok(carried)
        });
        carried.collect()
    }

    /// Waits for packets that were sent before, in blocks of these journals. Calls
    /// are all since the start.
    pub fn finish(
        &mut self,
        load: &Load,
        journals: &mut [Journal; 2],
        limit: Duration,
    ) -> Result<Carried> {
        let footprint = self.watch(std::slice::from_ref(load), journals, limit)?;
        let mut carried = self.collect(load, journals)?;
        carried.calls = self.calls();
        carried.counts = self.counts();
        carried.began = self.began;
        carried.footprint = footprint;
        Ok(carried)
    }

    pub fn footprint(&self) -> Result<Footprint> {
        Footprint::of(self.running.id())
    }

    /// Waits until the relayer says that it relays.
    pub fn ready(&mut self) -> Result<()> {
        self.running.ready()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// When the process was started.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Everything it has asked of the nodes, if there are gates.
    pub fn calls(&self) -> Vec<Call> {
        let gates = self.gates.as_ref();
        gates.map_or_else(Vec::new, |gates| gates.tally.since(self.began))
    }

    pub fn end(self) -> Result<()> {
        self.running.stop()
    }

    fn counts(&self) -> Counts {
        let gates = self.gates.as_ref();
        gates.map(|gates| gates.tally.counts()).unwrap_or_default()
    }

    fn send(&self, load: &Load) -> Result<()> {
        let begin = Instant::now();
        for number in 0..load.txs {
            let due = load.pause * number;
            wait::pause(due.saturating_sub(begin.elapsed()));
            self.stage.send(load.from, &load.channels, load.each)?;
        }
        Ok(())
    }

    /// Reads blocks until everything is acknowledged.
    fn watch(
        &mut self,
        loads: &[Load],
        journals: &mut [Journal; 2],
        limit: Duration,
    ) -> Result<Footprint> {
        let mut footprint = self.footprint()?;
        let mut done = 0;
        let all: usize = loads.iter().map(Load::count).sum();
        let watched = wait::until("every packet to be acknowledged", limit, || {
            for journal in &mut *journals {
                journal.read()?;
            }
            let end = |load: &Load| {
                let journal = &journals[load.from.index()];
                if journal.count(Step::TimedOut, &load.channels) > 0 {
                    bail!("packets timed out");
                }
                Ok(journal.count(Step::Acknowledged, &load.channels))
            };
            done = loads.iter().map(end).sum::<Result<usize>>()?;
            footprint = footprint.and(Footprint::of(self.running.id())?);
            Ok((done >= all).then_some(()))
        });
        watched.with_context(|| format!("{done} of {all} acknowledged"))?;
        self.running.alive()?;
        Ok(footprint)
    }

    fn collect(&self, load: &Load, journals: &[Journal; 2]) -> Result<Carried> {
        let src = &journals[load.from.index()];
        let dst = &journals[load.from.other().index()];
        let trips = trips(&src.blocks, &dst.blocks, &load.channels);
        let sent = trips.iter().map(|trip| trip.sent).max();
        let acknowledged = trips.iter().filter_map(|trip| trip.acknowledged).max();
        let of_relayer = |end: End| {
            let payer = &self.contestant.addresses[end.index()];
            let txs = journals[end.index()].blocks.iter();
            let txs = txs.flat_map(|block| &block.txs);
            txs.filter(move |tx| tx.payer == *payer).cloned()
        };
        Ok(Carried {
            sent: src.committed(sent.context("nothing was sent")?)?,
            acknowledged: src.committed(acknowledged.context("nothing came back")?)?,
            trips,
            txs: End::BOTH.into_iter().flat_map(of_relayer).collect(),
            calls: Vec::new(),
            counts: Counts::default(),
            began: Instant::now(),
            footprint: Footprint::default(),
        })
    }
}
