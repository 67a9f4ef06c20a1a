//! Many seeds, on all cores; each on a clock and a runtime of its own.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::side::Side;
use super::tally::Counts;
use super::world::World;

/// One seed's life, as far as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub seed: u64,
    pub counts: Counts,
    /// Of every block of both chains: equal lives have equal ones.
    pub transcript: String,
    pub result: Result<(), String>,
}

/// What came of many.
#[derive(Default)]
pub struct Summary {
    pub lives: u64,
    pub counts: Counts,
    pub failed: Vec<Life>,
}

/// Lives through all of them; `watch` is told of each.
pub fn run_all(seeds: Range<u64>, watch: impl Fn(&Life) + Sync) -> Summary {
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
                let life = run(seed);
                watch(&life);
                let mut summary = summary.lock().unwrap();
                summary.lives += 1;
                summary.counts.add(&life.counts);
                if life.result.is_err() {
                    summary.failed.push(life);
                }
            });
        }
    });
    let mut summary = summary.into_inner().unwrap();
    summary.failed.sort_by_key(|life| life.seed);
    summary
}

/// Lives through one seed.
pub fn run(seed: u64) -> Life {
    /// Of simulated time.
    const LIFE_MAX: Duration = Duration::from_secs(7_200);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed);
        let living = AssertUnwindSafe(tokio::time::timeout(LIFE_MAX, world.live()));
        let result = match futures::FutureExt::catch_unwind(living).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("not done within two hours of simulated time".into()),
            Err(_) => Err("the world panicked".into()),
        };
        Life {
            seed,
            counts: world.chaos.tally.counts(),
            transcript: transcript(&world.sides),
            result,
        }
    })
}

fn transcript(sides: &[Side; 2]) -> String {
    let mut hash = Sha256::new();
    for side in sides {
        side.node.read(|chain| {
            for block in chain.blocks_from(0) {
                hash.update(block.id.hash.as_bytes());
            }
        });
    }
    hex::encode(&hash.finalize()[..8])
}
