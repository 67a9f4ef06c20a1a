//! The simulation as a program: many seeds with progress and a summary, or one
//! seed with a log.
//!
//! ```sh
//! cargo run --release --example sim -- --seeds 1000
//! cargo run --release --example sim -- --pairing attested --seed 7 --log debug
//! ```

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

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

use clap::Parser;
use pairing::Pairing;
use tokio::time::Instant;

/// Runs the relayer between two simulated chains and injects faults.
#[derive(Parser)]
struct Args {
    /// The kinds of the two chains; default: both pairings, one after the other.
    #[arg(long)]
    pairing: Option<Pairing>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run only this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Log filter for the relayer, such as `debug`; best with one seed.
    #[arg(long)]
    log: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(filter) = &args.log {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_timer(SimulatedTime::default())
            .with_writer(std::io::stderr)
            .init();
    }
    let seeds = match args.seed {
        Some(seed) => seed..seed + 1,
        None => args.from..args.from + args.seeds,
    };
    let pairings = match args.pairing {
        Some(pairing) => vec![pairing],
        None => Pairing::ALL.to_vec(),
    };
    let mut all_well = true;
    for pairing in pairings {
        all_well &= run_seeds(pairing, seeds.clone());
    }
    match all_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Runs seeds of one pairing with progress and a summary; false if one failed.
fn run_seeds(pairing: Pairing, seeds: std::ops::Range<u64>) -> bool {
    let name = pairing.name();
    let all = seeds.end - seeds.start;
    let done = AtomicU64::new(0);
    let summary = run::run_all(pairing, seeds, |run| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(why) = &run.result {
            println!("{name} seed {} failed: {why}", run.seed);
            println!(
                "  cargo run --release --example sim -- --pairing {name} --seed {} --log debug",
                run.seed
            );
        }
        if done.is_multiple_of(100) {
            println!("{done} of {all} seeds");
        }
        if all == 1 {
            println!("transcript {}", run.transcript);
        }
    });
    print!("{}", summary.counts);
    println!("never: {:?}", summary.counts.missing(pairing));
    println!(
        "{name}: {} seeds, {} failed",
        summary.runs,
        summary.failed.len()
    );
    summary.failed.is_empty()
}

/// Simulated seconds since the first log line.
#[derive(Default)]
struct SimulatedTime(OnceLock<Instant>);

impl tracing_subscriber::fmt::time::FormatTime for SimulatedTime {
    fn format_time(
        &self,
        writer: &mut tracing_subscriber::fmt::format::Writer<'_>,
    ) -> std::fmt::Result {
        let now = Instant::now();
        let passed = now - *self.0.get_or_init(|| now);
        write!(writer, "{:9.3}", passed.as_secs_f64())
    }
}
