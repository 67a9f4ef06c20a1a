//! Runs seeds on all cores, each on its own runtime with its own clock.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::fault_counts::Counts;
use super::pairing::Pairing;
use super::side::Side;
use super::world::World;

/// What one seed's run ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub pairing: Pairing,
    pub seed: u64,
    pub counts: Counts,
    /// A hash over all blocks of both chains: equal runs have the same.
    pub transcript: String,
    pub result: Result<(), String>,
}

/// The results of many runs.
#[derive(Default)]
pub struct Summary {
    pub runs: u64,
    pub counts: Counts,
    pub failed: Vec<Run>,
}

/// Runs all seeds; `watch` is called after each.
pub fn run_all(pairing: Pairing, seeds: Range<u64>, watch: impl Fn(&Run) + Sync) -> Summary {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicU64::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return;
                }
                let run = run(pairing, seed);
                watch(&run);
                let mut summary = summary.lock().unwrap();
                summary.runs += 1;
                summary.counts.add(&run.counts);
                if run.result.is_err() {
                    summary.failed.push(run);
                }
            });
        }
    });
    let mut summary = summary.into_inner().unwrap();
    summary.failed.sort_by_key(|run| run.seed);
    summary
}

/// Runs one seed.
pub fn run(pairing: Pairing, seed: u64) -> Run {
    /// In simulated time.
    const RUN_TIME_MAX: Duration = Duration::from_secs(7_200);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(pairing, seed);
        let running = AssertUnwindSafe(tokio::time::timeout(RUN_TIME_MAX, world.run()));
        let result = match futures::FutureExt::catch_unwind(running).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("not done within two hours of simulated time".into()),
            Err(_) => Err("the world panicked".into()),
        };
        Run {
            pairing,
            seed,
            counts: world.place.chaos.fault_counts.snapshot(),
            transcript: transcript(&world.place.sides),
            result,
        }
    })
}

fn transcript(sides: &[Side; 2]) -> String {
    let mut hash = Sha256::new();
    for side in sides {
        for block in side.node.block_hashes() {
            hash.update(block);
        }
    }
    hex::encode(&hash.finalize()[..8])
}
