//! A running relayer: started, given packets, watched until all are acknowledged.

use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};
use tern_e2e::wait;

use crate::blocks::{BlockReader, Step, TxSeen};
use crate::environment::{End, Environment, Proxies};
use crate::footprint::Footprint;
use crate::packets::{packet_records, PacketRecord};
use crate::proxy::{Call, Counts};
use crate::relayer::{Relayer, Running};

/// Blocks that a relayer has to become idle.
const SETTLE_BLOCKS: u64 = 3;
const FIRST_LIMIT: Duration = Duration::from_secs(120);

/// How the relayer reaches the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access {
    Direct,
    /// Through proxies that count requests, and delay by this round trip.
    Proxied(Duration),
}

/// Most packets that a transaction of a load has: what a user's or an exchange's largest
/// transactions have. More in one is measured by `burst-one-transaction` alone.
const EACH_MAX: usize = 50;

/// Packets to be sent from one end.
#[derive(Clone, Debug)]
pub struct Load {
    pub from: End,
    /// The packets take turns on them.
    pub channels: Vec<String>,
    /// All packets.
    pub count: usize,
    /// Most packets in one transaction.
    pub each: usize,
    /// Packets that are sent at once.
    pub at_once: usize,
    /// From one sending to the next.
    pub pause: Duration,
}

impl Load {
    /// All at once, from several accounts, on the relayer's channels.
    pub fn burst(environment: &Environment, relayer: &Relayer, from: End, count: usize) -> Self {
        Self {
            from,
            channels: relayer.channels(environment, from),
            count,
            each: EACH_MAX,
            at_once: count,
            pause: Duration::ZERO,
        }
    }

    /// Sends all, with the pauses.
    pub fn send(&self, environment: &Environment) -> Result<()> {
        let begin = Instant::now();
        for (number, first) in (0..self.count).step_by(self.at_once.max(1)).enumerate() {
            let due = self.pause * u32::try_from(number)?;
            wait::pause(due.saturating_sub(begin.elapsed()));
            let count = self.at_once.min(self.count - first);
            environment.send(self, first, count)?;
        }
        Ok(())
    }
}

/// A running relayer, and the proxies that it uses.
pub struct Session<'a> {
    environment: &'a Environment,
    relayer: &'a Relayer,
    proxies: Option<Proxies>,
    running: Running,
    began: Instant,
}

/// How one load was relayed.
pub struct Relayed {
    pub records: Vec<PacketRecord>,
    /// When the last send and the last acknowledgement were committed, in seconds
    /// since 1970.
    pub sent: f64,
    pub acknowledged: f64,
    /// The relayer's own transactions on both chains.
    pub txs: Vec<TxSeen>,
    /// Its requests meanwhile, if there are proxies.
    pub calls: Vec<Call>,
    pub counts: Counts,
    pub began: Instant,
    pub footprint: Footprint,
}

impl<'a> Session<'a> {
    /// Starts the relayer and waits until it has relayed a packet and is idle.
    ///
    /// Without the packet a burst would be the first that Hermes sees of the channel. It would
    /// then also search all of it as pending from before its start, once for each packet.
    pub fn begin(
        environment: &'a Environment,
        relayer: &'a Relayer,
        access: Access,
    ) -> Result<Self> {
        let mut session = Self::start(environment, relayer, access)?;
        session.ready()?;
        environment.pass_blocks(SETTLE_BLOCKS)?;
        let first = Load::burst(environment, relayer, End::Akash, 1);
        session
            .relay(&first, FIRST_LIMIT)
            .context("the first packet")?;
        environment.pass_blocks(SETTLE_BLOCKS)?;
        Ok(session)
    }

    /// Starts the relayer, and returns at once.
    pub fn start(
        environment: &'a Environment,
        relayer: &'a Relayer,
        access: Access,
    ) -> Result<Self> {
        let proxies = match access {
            Access::Direct => None,
            Access::Proxied(round_trip) => Some(Proxies::open(environment, round_trip)?),
        };
        let nodes = proxies.as_ref().map_or(environment.nodes(), Proxies::nodes);
        Ok(Self {
            began: Instant::now(),
            environment,
            relayer,
            running: relayer
                .implementation
                .start(environment, &nodes, relayer.channel.as_ref())?,
            proxies,
        })
    }

    /// Sends, and waits until every packet is acknowledged.
    pub fn relay(&mut self, load: &Load, limit: Duration) -> Result<Relayed> {
        let mut both = self.relay_all(std::slice::from_ref(load), limit)?;
        both.pop().context("no load")
    }

    /// The same with loads at once. Transactions, calls and footprint are of all
    /// together, and the same in each.
    pub fn relay_all(&mut self, loads: &[Load], limit: Duration) -> Result<Vec<Relayed>> {
        let mut readers = self.environment.readers()?;
        let began = Instant::now();
        let before = self.counts();
        std::thread::scope(|scope| {
            let sending: Vec<_> = loads
                .iter()
                .map(|load| scope.spawn(|| load.send(self.environment)))
                .collect();
            let sent = sending.into_iter().map(|sending| {
                let sent = sending.join();
                sent.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            sent.collect::<Result<Vec<()>>>()
        })?;
        let footprint = self.watch(loads, &mut readers, limit)?;
        let calls = self
            .proxies
            .as_ref()
            .map(|proxies| proxies.recorder.since(began));
        let counts = self.counts().since(before);
        let relayed = loads.iter().map(|load| {
            let mut relayed = self.collect(load, &readers)?;
            relayed.calls = calls.clone().unwrap_or_default();
            relayed.counts = counts;
            relayed.began = began;
            relayed.footprint = footprint;
            Ok(relayed)
        });
        relayed.collect()
    }

    /// Waits for packets that were sent before, in blocks of these readers. Calls
    /// are all since the start.
    pub fn finish(
        &mut self,
        load: &Load,
        readers: &mut [BlockReader; 2],
        limit: Duration,
    ) -> Result<Relayed> {
        let footprint = self.watch(std::slice::from_ref(load), readers, limit)?;
        let mut relayed = self.collect(load, readers)?;
        relayed.calls = self.calls();
        relayed.counts = self.counts();
        relayed.began = self.began;
        relayed.footprint = footprint;
        Ok(relayed)
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

    /// All its requests since its start, if there are proxies.
    pub fn calls(&self) -> Vec<Call> {
        let proxies = self.proxies.as_ref();
        proxies.map_or_else(Vec::new, |proxies| proxies.recorder.since(self.began))
    }

    pub fn end(self) -> Result<()> {
        self.running.stop()
    }

    fn counts(&self) -> Counts {
        let proxies = self.proxies.as_ref();
        proxies
            .map(|proxies| proxies.recorder.counts())
            .unwrap_or_default()
    }

    /// Reads blocks until everything is acknowledged.
    fn watch(
        &mut self,
        loads: &[Load],
        readers: &mut [BlockReader; 2],
        limit: Duration,
    ) -> Result<Footprint> {
        let mut footprint = self.footprint()?;
        let mut done = 0;
        let all: usize = loads.iter().map(|load| load.count).sum();
        let watched = wait::until("every packet to be acknowledged", limit, || {
            for reader in &mut *readers {
                reader.read()?;
            }
            let end = |load: &Load| {
                let reader = &readers[load.from.index()];
                if reader.count(Step::TimedOut, &load.channels) > 0 {
                    bail!("packets timed out");
                }
                Ok(reader.count(Step::Acknowledged, &load.channels))
            };
            done = loads.iter().map(end).sum::<Result<usize>>()?;
            footprint = footprint.and(Footprint::of(self.running.id())?);
            Ok((done >= all).then_some(()))
        });
        watched.with_context(|| format!("{done} of {all} acknowledged"))?;
        self.running.alive()?;
        Ok(footprint)
    }

    fn collect(&self, load: &Load, readers: &[BlockReader; 2]) -> Result<Relayed> {
        let src = &readers[load.from.index()];
        let dst = &readers[load.from.other().index()];
        let records = packet_records(&src.blocks, &dst.blocks, &load.channels);
        let sent = records.iter().map(|record| record.sent).max();
        let acknowledged = records
            .iter()
            .filter_map(|record| record.acknowledged)
            .max();
        let of_relayer = |end: End| {
            let payer = &self.relayer.addresses[end.index()];
            let txs = readers[end.index()].blocks.iter();
            let txs = txs.flat_map(|block| &block.txs);
            txs.filter(move |tx| tx.payer == *payer).cloned()
        };
        Ok(Relayed {
            sent: src.committed(sent.context("nothing was sent")?)?,
            acknowledged: src.committed(acknowledged.context("nothing came back")?)?,
            records,
            txs: End::BOTH.into_iter().flat_map(of_relayer).collect(),
            calls: Vec::new(),
            counts: Counts::default(),
            began: Instant::now(),
            footprint: Footprint::default(),
        })
    }
}
