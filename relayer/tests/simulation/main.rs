//! Runs the real engine between two in-process chains, of one kind or of two, in
//! simulated time, and injects faults around it.
//!
//! The seed decides which faults happen and when (`fault_counts` has the list).
//! Then the faults stop, and the checks in `oracle` read both chains and the
//! store.
//!
//! `TERN_SIM_SEED=7` replays one seed, `TERN_SIM_SEEDS=1000` runs more. For long
//! runs with progress and a log: `cargo run --release --example sim`.

mod channels;
mod chaos;
mod crash_point;
mod estimates;
mod fault_counts;
mod fault_schedule;
mod faulty;
mod in_flight;
mod lies;
mod memory_watch;
mod node;
mod oracle;
mod pairing;
mod place;
mod poison;
mod relayer;
mod rng;
mod run;
mod side;
mod signed_log;
mod strangers;
mod submit;
mod users;
mod world;

use pairing::Pairing;

#[test]
fn whatever_fails_every_packet_ends_exactly_once() {
    check(Pairing::Cosmos, 300);
}

#[test]
fn between_chains_of_different_kinds_every_packet_ends_exactly_once() {
    check(Pairing::Attested, 200);
}

/// Runs this many seeds, or those that the environment names.
fn check(pairing: Pairing, seeds_default: u64) {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        text.parse::<u64>().ok()
    };
    let seeds = match number("TERN_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TERN_SIM_SEEDS").unwrap_or(seeds_default),
    };
    let is_all = seeds.start == 0 && seeds.end >= seeds_default;
    let summary = run::run_all(pairing, seeds, |_| ());
    let failed = summary.failed.iter().map(|run| {
        format!(
            "{:?} seed {}: {}\n  cargo run --release --example sim -- --pairing {} --seed {1} --log debug",
            run.pairing,
            run.seed,
            run.result.as_ref().err().map_or("", String::as_str),
            run.pairing.name(),
        )
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    // A fault that never happened was not tested.
    let missing = summary.counts.missing(pairing);
    assert!(!is_all || missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn a_seed_replays_the_same_run() {
    for pairing in Pairing::ALL {
        for seed in 0..6 {
            assert_eq!(run::run(pairing, seed), run::run(pairing, seed));
        }
    }
}
