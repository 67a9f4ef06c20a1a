//! `bench`: plays the scenes and writes what came of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tern_bench::measure::{Measure, Outcome};
use tern_bench::relayer::{Contestant, Hermes, Tern};
use tern_bench::report::{markdown, svg, terminal, Report};
use tern_bench::scene::{Notes, Scene, Take, SCENES};
use tern_bench::stage::Stage;

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
    /// Names the scenes and ends
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Peer {
    Hermes,
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
        for scene in SCENES {
            println!("{:<14} {}", scene.name, scene.about);
        }
        return Ok(true);
    }
    let scenes = chosen(&args.scene)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    if let Some(Peer::Hermes) = args.peer {
        eprintln!("peer: {}", Hermes::version(&args.peer_binary)?);
    }
    let mut measures = Vec::new();
    for scenes in scenes.chunk_by(|a, b| a.stage == b.stage) {
        let stage = scenes[0].stage.raise()?;
        play_all(args, &stage, scenes, &mut measures)?;
        stage.passed()?;
    }
    let report = Report::of(&measures);
    println!("{}", terminal(&report));
    println!("results: {}", args.out.display());
    Ok(!report.has_failures())
}

/// Plays scenes on one stage, relayers in turn.
fn play_all(
    args: &Args,
    stage: &Stage,
    scenes: &[&Scene],
    measures: &mut Vec<Measure>,
) -> Result<()> {
    let mut contestants = vec![Contestant::new(stage, Box::new(Tern::new(stage)?))?];
    let with_peer = scenes.iter().any(|scene| !scene.alone);
    if let (Some(Peer::Hermes), true) = (args.peer, with_peer) {
        let hermes = Hermes::new(stage, &args.peer_binary)?;
        contestants.push(Contestant::new(stage, Box::new(hermes))?);
    }
    let rounds = if args.smoke { 1 } else { args.rounds };
    for scene in scenes {
        for round in 1..=rounds {
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

fn chosen(names: &[String]) -> Result<Vec<&'static Scene>> {
    if names.is_empty() {
        return Ok(SCENES.iter().collect());
    }
    let scenes = names.iter().map(|name| {
        let scene = SCENES.iter().find(|scene| scene.name == name);
        scene.with_context(|| format!("there is no scene `{name}`: see --list"))
    });
    scenes.collect()
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
    let outcome = match (scene.play)(stage, contestant, take) {
        Ok(figures) => {
            let headline = figures.first();
            let headline =
                headline.map(|f| format!("{}: {:.2} {}", f.name, f.value, f.unit.symbol()));
            eprintln!(
                "{} · round {round} · {name} · {}",
                scene.name,
                headline.unwrap_or_default()
            );
            Outcome::Done(figures)
        }
        Err(error) => {
            eprintln!(
                "{} · round {round} · {name} · FAILED: {error:#}",
                scene.name
            );
            // What is left would be carried in the next round.
            Tern::clear(stage, contestant)?;
            Outcome::Failed(format!("{error:#}"))
        }
    };
    Ok(Measure {
        scene: scene.name.to_owned(),
        relayer: name.to_owned(),
        round,
        outcome,
    })
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
