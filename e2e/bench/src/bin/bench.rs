//! `bench`: plays the scenes and writes what came of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use clap::{Parser, ValueEnum};
use tern_bench::in_process;
use tern_bench::measure::{Figure, Measure, Outcome};
use tern_bench::relayer::{Contestant, Hermes, Tern};
use tern_bench::report::{markdown, svg, terminal, Report};
use tern_bench::scene::{Notes, Scene, Take, SCENES, SMOKE};
use tern_bench::stage::Stage;
use tern_e2e::tern_binary;

/// Measures Tern on real chains, beside another relayer if asked.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// A relayer to measure in turn with Tern
    #[arg(long, value_name = "NAME")]
    peer: Option<Peer>,
    /// The peer's program
    #[arg(long, default_value = "hermes", value_name = "FILE")]
    peer_binary: PathBuf,
    /// Which scenes to play [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    scene: Vec<String>,
    /// How often each scene is played
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
    /// Names the scenes and ends
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Peer {
    Hermes,
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
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no round failed.
fn run(args: &Args) -> Result<bool> {
    if args.list {
        let staged = SCENES.iter().map(|scene| (scene.name, scene.about));
        let in_process = in_process::SCENES
            .iter()
            .map(|scene| (scene.name, scene.about));
        for (name, about) in staged.chain(in_process) {
            println!("{name:<16} {about}");
        }
        return Ok(true);
    }
    let (staged, in_process) = chosen(args)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    if let Some(Peer::Hermes) = args.peer {
        eprintln!("peer: {}", Hermes::version(&args.peer_binary)?);
    }
    if !staged.is_empty() {
        eprintln!("building tern");
        tern_binary()?;
    }
    let mut measures = Vec::new();
    for scenes in staged.chunk_by(|a, b| a.stage == b.stage) {
        let stage = scenes[0].stage.raise()?;
        play_all(args, &stage, scenes, &mut measures)?;
        stage.passed()?;
    }
    for scene in in_process {
        for round in 1..=args.rounds() {
            let outcome = told(scene.name, "tern", round, scene.play(args.smoke));
            measures.push(measure(scene.name, "tern", round, outcome));
            write(&args.out, &measures)?;
        }
    }
    let report = Report::of(&measures);
    println!("{}", terminal(&report));
    println!("results: {}", args.out.display());
    Ok(!report.has_failures())
}

type Chosen = (Vec<&'static Scene>, Vec<&'static in_process::Scene>);

/// The scenes that were named, or all; of a smoke test, a few.
fn chosen(args: &Args) -> Result<Chosen> {
    let smoke: Vec<String> = SMOKE.iter().map(|name| (*name).to_owned()).collect();
    let names = match (args.smoke, args.scene.is_empty()) {
        (true, true) => &smoke,
        _ => &args.scene,
    };
    let is_chosen = |name: &str| names.is_empty() || names.iter().any(|chosen| chosen == name);
    let staged = SCENES.iter().filter(|scene| is_chosen(scene.name));
    let in_process = in_process::SCENES.iter();
    let in_process = in_process.filter(|scene| is_chosen(scene.name));
    let chosen: Chosen = (staged.collect(), in_process.collect());
    let known: Vec<&str> = SCENES
        .iter()
        .map(|scene| scene.name)
        .chain(in_process::SCENES.iter().map(|scene| scene.name))
        .collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("there is no scene `{name}`: see --list"),
        None => Ok(chosen),
    }
}

/// Plays scenes on one stage, relayers in turn.
fn play_all(
    args: &Args,
    stage: &Stage,
    scenes: &[&Scene],
    measures: &mut Vec<Measure>,
) -> Result<()> {
    let mut contestants = vec![Contestant::new(
        stage,
        Box::new(Tern::new(stage, &args.under)?),
    )?];
    let with_peer = scenes.iter().any(|scene| !scene.alone);
    if let (Some(Peer::Hermes), true) = (args.peer, with_peer) {
        let hermes = Hermes::new(stage, &args.peer_binary)?;
        contestants.push(Contestant::new(stage, Box::new(hermes))?);
    }
    for scene in scenes {
        for round in 1..=args.rounds() {
            let contestants = contestants.iter();
            for contestant in contestants.take(if scene.alone { 1 } else { 2 }) {
                measures.push(play(args, stage, scene, contestant, round)?);
                // Written as it goes: a long run may be ended before its end.
                write(&args.out, measures)?;
            }
        }
    }
    Ok(())
}

fn play(
    args: &Args,
    stage: &Stage,
    scene: &Scene,
    contestant: &Contestant,
    round: u32,
) -> Result<Measure> {
    let name = contestant.name();
    let notes = Notes {
        folder: args.out.clone(),
        prefix: format!("{}-{name}-{round}", scene.name),
    };
    let take = Take {
        small: args.smoke,
        notes: &notes,
    };
    let outcome = told(
        scene.name,
        name,
        round,
        (scene.play)(stage, contestant, take),
    );
    if let Outcome::Failed(_) = outcome {
        // What is left would be carried in the next round.
        Tern::clear(stage, contestant)?;
    }
    Ok(measure(scene.name, name, round, outcome))
}

/// Says how a round went.
fn told(scene: &str, relayer: &str, round: u32, played: Result<Vec<Figure>>) -> Outcome {
    let (said, outcome) = match played {
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
    eprintln!("{scene} · round {round} · {relayer} · {said}");
    outcome
}

fn measure(scene: &str, relayer: &str, round: u32, outcome: Outcome) -> Measure {
    Measure {
        scene: scene.to_owned(),
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
