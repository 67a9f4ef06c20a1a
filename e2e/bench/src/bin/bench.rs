//! `bench`: runs the scenarios and writes their figures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use clap::{Parser, ValueEnum};
use tern_bench::environment::Environment;
use tern_bench::in_process;
use tern_bench::measure::{Figure, Measure, Outcome};
use tern_bench::relayer::{Hermes, Implementation, Relayer, Tern};
use tern_bench::report::{markdown, svg, terminal, Report};
use tern_bench::scenario::{Notes, RunOptions, Scenario, SCENARIOS, SMOKE};
use tern_e2e::{interrupt, tern_binary};

/// Measures Tern on real chains, beside another relayer if asked.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// A relayer to measure in turn with Tern
    #[arg(long, value_name = "NAME")]
    peer: Option<Peer>,
    /// The peer's program [default for hermes: the one on the path]
    #[arg(long, default_value = "hermes", value_name = "FILE")]
    peer_binary: PathBuf,
    /// Scenarios to run [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    scenario: Vec<String>,
    /// How often each scenario is run
    #[arg(long, default_value = "3", value_name = "N")]
    rounds: u32,
    /// Where the results go
    #[arg(long, default_value = "target/bench", value_name = "DIR")]
    out: PathBuf,
    /// One round of a few packets, to see that it all works
    #[arg(long)]
    smoke: bool,
    /// Run Tern's daemon under a profiler: what is before `tern start` on its
    /// command line. Memory and threads then are the profiler's
    #[arg(
        long,
        value_delimiter = ' ',
        value_name = "COMMAND",
        allow_hyphen_values = true
    )]
    under: Vec<String>,
    /// List the scenarios and exit
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Peer {
    Hermes,
    /// Another build of Tern, such as that of an earlier commit
    Tern,
}

impl Args {
    fn rounds(&self) -> u32 {
        if self.smoke {
            1
        } else {
            self.rounds
        }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(_) if interrupt::is_interrupted() => ExitCode::from(interrupt::EXIT_CODE),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no round failed.
fn run(args: &Args) -> Result<bool> {
    if args.list {
        let on_chains = SCENARIOS
            .iter()
            .map(|scenario| (scenario.name, scenario.about));
        let in_process = in_process::SCENARIOS
            .iter()
            .map(|scenario| (scenario.name, scenario.about));
        for (name, about) in on_chains.chain(in_process) {
            println!("{name:<22} {about}");
        }
        return Ok(true);
    }
    let (on_chains, in_process) = chosen(args)?;
    interrupt::handle_signals()?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    if let Some(Peer::Hermes) = args.peer {
        eprintln!("peer: {}", Hermes::version(&args.peer_binary)?);
    }
    if !on_chains.is_empty() {
        eprintln!("building tern");
        tern_binary()?;
    }
    let mut measures = Vec::new();
    for scenarios in on_chains.chunk_by(|a, b| a.environment == b.environment) {
        let environment = scenarios[0].environment.start()?;
        run_all(args, &environment, scenarios, &mut measures)?;
        environment.passed()?;
    }
    for scenario in in_process {
        for round in 1..=args.rounds() {
            let outcome = outcome(scenario.name, "tern", round, scenario.run(args.smoke))?;
            measures.push(measure(scenario.name, "tern", round, outcome));
            write(&args.out, &measures)?;
        }
    }
    let report = Report::of(&measures);
    println!("{}", terminal(&report));
    println!("results: {}", args.out.display());
    Ok(!report.has_failures())
}

type Chosen = (Vec<&'static Scenario>, Vec<&'static in_process::Scenario>);

/// The scenarios that were named, or all; of a smoke test, a few.
fn chosen(args: &Args) -> Result<Chosen> {
    let smoke: Vec<String> = SMOKE.iter().map(|name| (*name).to_owned()).collect();
    let names = match (args.smoke, args.scenario.is_empty()) {
        (true, true) => &smoke,
        _ => &args.scenario,
    };
    let is_chosen = |name: &str| names.is_empty() || names.iter().any(|chosen| chosen == name);
    let on_chains = SCENARIOS.iter().filter(|scenario| is_chosen(scenario.name));
    let in_process = in_process::SCENARIOS.iter();
    let in_process = in_process.filter(|scenario| is_chosen(scenario.name));
    let chosen: Chosen = (on_chains.collect(), in_process.collect());
    let known: Vec<&str> = SCENARIOS
        .iter()
        .map(|scenario| scenario.name)
        .chain(in_process::SCENARIOS.iter().map(|scenario| scenario.name))
        .collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("there is no scenario `{name}`: see --list"),
        None => Ok(chosen),
    }
}

/// Runs scenarios on one environment, with the relayers in turn.
fn run_all(
    args: &Args,
    environment: &Environment,
    scenarios: &[&Scenario],
    measures: &mut Vec<Measure>,
) -> Result<()> {
    let mut relayers = vec![Relayer::new(
        environment,
        Box::new(Tern::new(environment, &args.under)?),
    )?];
    let with_peer = scenarios.iter().any(|scenario| !scenario.tern_only);
    if let Some(peer) = args.peer.filter(|_| with_peer) {
        let binary = &args.peer_binary;
        let peer: Box<dyn Implementation> = match peer {
            Peer::Hermes => Box::new(Hermes::new(environment, binary)?),
            Peer::Tern => Box::new(Tern::other(environment, binary)?),
        };
        relayers.push(Relayer::new(environment, peer)?);
    }
    for scenario in scenarios {
        for round in 1..=args.rounds() {
            let relayers = relayers.iter();
            for relayer in relayers.take(if scenario.tern_only { 1 } else { 2 }) {
                measures.push(run_one(args, environment, scenario, relayer, round)?);
                // After each round: a long run may be interrupted.
                write(&args.out, measures)?;
            }
        }
    }
    Ok(())
}

fn run_one(
    args: &Args,
    environment: &Environment,
    scenario: &Scenario,
    relayer: &Relayer,
    round: u32,
) -> Result<Measure> {
    let name = relayer.name();
    let notes = Notes {
        folder: args.out.clone(),
        prefix: format!("{}-{name}-{round}", scenario.name),
    };
    let options = RunOptions {
        small: args.smoke,
        notes: &notes,
    };
    let outcome = outcome(
        scenario.name,
        name,
        round,
        (scenario.run)(environment, relayer, options),
    )?;
    if let Outcome::Failed(_) = outcome {
        // The next round must not begin with packets of this one.
        Tern::clear(environment, relayer)?;
    }
    Ok(measure(scenario.name, name, round, outcome))
}

/// Prints the result of a round. Fails only if the program has been interrupted.
fn outcome(
    scenario: &str,
    relayer: &str,
    round: u32,
    result: Result<Vec<Figure>>,
) -> Result<Outcome> {
    interrupt::check()?;
    let (text, outcome) = match result {
        Ok(figures) => {
            let headline = figures.first().map(|figure| {
                let Figure { name, unit, value } = figure;
                format!("{name}: {value:.2} {}", unit.symbol())
            });
            (headline.unwrap_or_default(), Outcome::Done(figures))
        }
        Err(error) => {
            let why = format!("{error:#}");
            (format!("FAILED: {why}"), Outcome::Failed(why))
        }
    };
    eprintln!("{scenario} · round {round} · {relayer} · {text}");
    Ok(outcome)
}

fn measure(scenario: &str, relayer: &str, round: u32, outcome: Outcome) -> Measure {
    Measure {
        scenario: scenario.to_owned(),
        relayer: relayer.to_owned(),
        round,
        outcome,
    }
}

fn write(out: &Path, measures: &[Measure]) -> Result<()> {
    let report = Report::of(measures);
    let files = [
        ("measures.json", serde_json::to_string_pretty(measures)?),
        ("report.json", serde_json::to_string_pretty(&report)?),
        ("report.md", markdown(&report)),
        ("report.svg", svg(&report)),
    ];
    for (name, text) in files {
        let file = out.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
