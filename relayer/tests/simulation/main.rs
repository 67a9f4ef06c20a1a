//! The true engine between two chains in process, in simulated time, while
//! everything around it fails on purpose.
//!
//! A seed decides what goes wrong and when (`tally` has the list). Then the
//! faults stop, and what must be so is asked of both chains and of the store
//! (`oracle`).
//!
//! `TERN_SIM_SEED=7` replays one seed, `TERN_SIM_SEEDS=1000` runs more. For long
//! runs with progress and a log: `cargo run --release --example sim`.

mod chaos;
mod dice;
mod faulty;
mod fuse;
mod journal;
mod oracle;
mod run;
mod side;
mod tally;
mod users;
mod weather;
mod world;

const SEEDS: u64 = 300;

#[test]
fn whatever_fails_every_packet_ends_exactly_once() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        text.parse::<u64>().ok()
    };
    let seeds = match number("TERN_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TERN_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let is_all = seeds.end >= SEEDS;
    let summary = run::run_all(seeds, |_| ());
    let failed = summary.failed.iter().map(|life| {
        format!(
            "seed {}: {}\n  TERN_SIM_SEED={0} cargo test -p tern --test simulation",
            life.seed,
            life.result.as_ref().err().map_or("", String::as_str)
        )
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    // A fault that never strikes would prove nothing.
    let missing = summary.counts.missing();
    assert!(!is_all || missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn a_seed_lives_the_same_life_twice() {
    for seed in 0..6 {
        assert_eq!(run::run(seed), run::run(seed));
    }
}
