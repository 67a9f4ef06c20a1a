//! What the steps of packets took, by pair of chains and by path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Histogram};

use crate::ledger::EndKey;

/// Upper bounds of what a step takes, in seconds and in blocks of the chain it ends on.
const SECONDS: [f64; 12] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 86_400.0,
];
const BLOCKS: [f64; 10] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 5_000.0];

/// A step of a packet whose time is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// From its send to its receive.
    Receive,
    /// From its receive to its acknowledgement on the source.
    Acknowledge,
    /// From its send to its timeout.
    TimeOut,
}

/// What steps from one chain to another took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub src: ChainId,
    pub dst: ChainId,
    pub step: Step,
    /// By block times.
    pub seconds: Histogram,
    /// Of the chain where the step ends, from its newest block when the step began.
    pub blocks: Histogram,
}

/// All that was taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    between_chains: BTreeMap<(ChainId, ChainId, Step), Latency>,
    of_paths: BTreeMap<(EndKey, Step), Latency>,
}

impl Latencies {
    /// Takes what a step of a packet took.
    pub(super) fn observe(
        &mut self,
        src: &EndKey,
        dst: &ChainId,
        step: Step,
        seconds: f64,
        blocks: f64,
    ) {
        let between = (src.chain.clone(), dst.clone(), step);
        let between = self.between_chains.entry(between);
        let of_path = self.of_paths.entry((src.clone(), step));
        let empty = || Latency::new(&src.chain, dst, step);
        for latency in [between.or_insert_with(empty), of_path.or_insert_with(empty)] {
            latency.seconds.observe(seconds);
            latency.blocks.observe(blocks);
        }
    }

    pub(super) fn between_chains(&self) -> impl Iterator<Item = &Latency> {
        self.between_chains.values()
    }

    pub(super) fn of_path(&self, src: &EndKey) -> impl Iterator<Item = &Latency> {
        let steps = [Step::Receive, Step::Acknowledge, Step::TimeOut];
        let src = src.clone();
        let latencies = steps.into_iter();
        latencies.filter_map(move |step| self.of_paths.get(&(src.clone(), step)))
    }

    /// Forgets other paths.
    pub(super) fn retain_paths(&mut self, is_kept: impl Fn(&EndKey) -> bool) {
        self.of_paths.retain(|(src, _), _| is_kept(src));
    }
}

impl Latency {
    fn new(src: &ChainId, dst: &ChainId, step: Step) -> Self {
        Self {
            src: src.clone(),
            dst: dst.clone(),
            step,
            seconds: Histogram::new(&SECONDS),
            blocks: Histogram::new(&BLOCKS),
        }
    }
}
