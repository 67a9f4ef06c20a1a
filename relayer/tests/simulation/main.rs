//! The true engine between two chains in process, in simulated time, while
//! everything around it fails on purpose.
//!
//! A seed decides what goes wrong and when: nodes that do not answer, answer late,
//! fall back in height or lie; broadcasts that get lost on the way there or on the
//! way back; chains that halt; transactions refused or too short of gas; a stranger
//! who uses the relayer's key; another relayer who is faster; crashes of the engine,
//! with the store as it was last flushed. Then the faults stop, and everything must
//! have come to its end exactly once.
//!
//! `TERN_SIM_SEEDS=1000` runs more, `TERN_SIM_SEED=7` replays one.

mod chaos;
mod world;

use std::time::Duration;

use world::World;

const SEEDS: u64 = 60;

#[test]
fn whatever_fails_every_packet_ends_exactly_once() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("TERN_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TERN_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let workers = 2;
    let lives: Vec<(u64, Result<u64, String>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = seeds.clone().filter(move |seed| seed % workers == worker);
                scope.spawn(move || mine.map(|seed| (seed, run(seed))).collect::<Vec<_>>())
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    let failed = lives
        .iter()
        .filter_map(|(seed, life)| life.as_ref().err().map(|why| format!("seed {seed}: {why}")));
    let failed: Vec<_> = failed.collect();
    assert!(
        failed.is_empty(),
        "replay with TERN_SIM_SEED:\n{}",
        failed.join("\n")
    );
    // A world in which nothing is sent would prove nothing.
    let sent: u64 = lives
        .iter()
        .filter_map(|(_, life)| life.as_ref().ok())
        .sum();
    assert!(
        sent > lives.len() as u64,
        "only {sent} packets in {} worlds",
        lives.len()
    );
}

/// One seed's life; returns how many packets were sent in it.
fn run(seed: u64) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let limit = Duration::from_secs(3_600);
    runtime.block_on(async {
        match tokio::time::timeout(limit, World::live(seed)).await {
            Ok(result) => result,
            Err(_) => Err("not done within an hour of simulated time".into()),
        }
    })
}
