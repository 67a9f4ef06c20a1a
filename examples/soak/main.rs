//! Hours of packets and faults, and what they cost: whether memory, open files and the
//! store stay where they are.
//!
//! ```sh
//! cargo run --release --example soak -- --minutes 60
//! cargo run --release --example soak -- --minutes 30 --rate 250 --burst 3 --fault-every 0
//! ```
//!
//! Two development chains, proxies before their nodes and `tern start` are processes of
//! their own on loopback sockets. In the first third of the time every other fault ends
//! the relayer; the process that is running then is watched until the end. The exit code
//! is 0 only if no packet was lost and nothing grew.

mod chain;
mod fault;
mod network;
mod proxy;
mod sample;
mod summary;
mod tally;
mod verdict;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tern_e2e::{interrupt, tern_binary, wait};
use tokio::runtime::Runtime;

use crate::chain::ChainArgs;
use crate::fault::Fault;
use crate::network::Network;
use crate::sample::Sample;
use crate::summary::{Minute, Summary};
use crate::tally::Totals;
use crate::verdict::trends;

/// Between two looks at the clock.
const PAUSE: Duration = Duration::from_millis(200);
/// After the last packet was sent, for those that are open.
const DRAIN_LIMIT: Duration = Duration::from_secs(300);
/// Looks at the relayer in a run: often enough for medians of its thirds.
const SAMPLES: u32 = 720;
const SAMPLE_EVERY_MIN: Duration = Duration::from_secs(1);
/// A fault that lasts is over after this time, or a third of the time to the next one.
const FAULT_MAX: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(name = "soak", subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    args: Args,
}

#[derive(Subcommand)]
enum Part {
    /// One of the chains; the soak starts it.
    #[command(hide = true)]
    Chain(ChainArgs),
}

#[derive(clap::Args)]
struct Args {
    /// How long packets are sent
    #[arg(long, default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Packets a second, half on each chain
    #[arg(long, default_value = "20")]
    rate: f64,
    /// Send for so many minutes, pause for as many, and so on
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    burst: Option<u32>,
    /// Seconds between two faults; 0 for none
    #[arg(long, default_value = "60", value_name = "SECONDS")]
    fault_every: u32,
    /// Time between two blocks of a chain
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration, value_name = "TIME")]
    block_time: Duration,
    /// How much memory may grow from the second to the last third, in percent. In a
    /// short run caches are not full by then
    #[arg(long, default_value = "10", value_name = "PERCENT")]
    memory_percent: f64,
    /// Write every sample to this file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Keep logs and the home folder
    #[arg(long)]
    keep: bool,
    /// The program [default: it is built as the soak was]
    #[arg(long, value_name = "FILE")]
    tern: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.part {
        Some(Part::Chain(args)) => Runtime::new()
            .map_err(Into::into)
            .and_then(|runtime| runtime.block_on(chain::run(args)).map(|()| true)),
        None => soak(&cli.args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn soak(args: &Args) -> Result<bool> {
    interrupt::handle_signals()?;
    let tern = match &args.tern {
        Some(tern) => tern.clone(),
        None => tern_binary()?,
    };
    let runtime = Runtime::new()?;
    let folder = tempfile::Builder::new().prefix("tern-soak-").tempdir()?;
    let path = folder.path().to_owned();
    println!("logs and home folder: {}", path.display());
    let watched = Network::start(&runtime, &path, tern, args.block_time);
    let watched = watched.and_then(|network| Run::new(args, network)?.finish());
    let is_well = match &watched {
        Ok(summary) => {
            print!("{summary}");
            summary.is_well()
        }
        Err(_) => false,
    };
    if args.keep || !is_well {
        println!("logs and home folder are kept: {}", folder.keep().display());
    }
    watched.map(|_| is_well)
}

/// A soak under way.
struct Run<'a> {
    args: &'a Args,
    network: Network,
    start: Instant,
    samples: Vec<Sample>,
    csv: Option<File>,
    faults: usize,
    /// What is wrong now, and when it is over.
    fault: Option<(Fault, Duration)>,
    is_sending: bool,
}

impl<'a> Run<'a> {
    fn new(args: &'a Args, network: Network) -> Result<Self> {
        let create = |path: &PathBuf| {
            let mut file = File::create(path).with_context(|| path.display().to_string())?;
            writeln!(file, "{}", Sample::CSV_HEAD)?;
            anyhow::Ok(file)
        };
        Ok(Self {
            args,
            network,
            start: Instant::now(),
            samples: Vec::new(),
            csv: args.csv.as_ref().map(create).transpose()?,
            faults: 0,
            fault: None,
            is_sending: false,
        })
    }

    fn finish(mut self) -> Result<Summary> {
        println!("{}", Minute::HEAD);
        let length = Duration::from_secs(60) * self.args.minutes;
        let sample_every = (length / SAMPLES).max(SAMPLE_EVERY_MIN);
        let (mut next_sample, mut minutes) = (sample_every, 0);
        let mut now = Duration::ZERO;
        let mut last_fault = None;
        while now < length {
            interrupt::check()?;
            self.network.check()?;
            self.send(now)?;
            last_fault = self.fault(now, length)?.or(last_fault);
            if now >= next_sample {
                self.sample(now)?;
                next_sample = now + sample_every;
            }
            if now.as_secs() / 60 > minutes {
                minutes = now.as_secs() / 60;
                self.print(minutes, last_fault.take())?;
            }
            wait::pause(PAUSE);
            now = self.start.elapsed();
        }
        if let Some((fault, _)) = self.fault.take() {
            self.network.end(fault)?;
        }
        self.network.send(0.0)?;
        self.drain()?;
        self.print(self.start.elapsed().as_secs() / 60, None)?;
        self.network.stop_relayer()?;
        let percent = self.args.memory_percent;
        let trends = trends(&self.samples, length.as_secs_f64(), percent);
        Ok(Summary::new(self.network.totals(), trends, self.faults))
    }

    /// Orders the packets of this moment.
    fn send(&mut self, now: Duration) -> Result<()> {
        let is_due = match self.args.burst {
            Some(minutes) => (now.as_secs() / 60 / u64::from(minutes)).is_multiple_of(2),
            None => true,
        };
        if is_due != self.is_sending {
            self.network
                .send(if is_due { self.args.rate } else { 0.0 })?;
            self.is_sending = is_due;
        }
        Ok(())
    }

    /// Ends a fault that is over, and begins the next one that is due.
    fn fault(&mut self, now: Duration, length: Duration) -> Result<Option<Fault>> {
        if let Some((fault, _)) = self.fault.take_if(|(_, until)| *until <= now) {
            self.network.end(fault)?;
        }
        let every = Duration::from_secs(self.args.fault_every.into());
        let next = every * (self.faults as u32 + 1);
        if every.is_zero() || self.fault.is_some() || now < next {
            return Ok(None);
        }
        let fault = Fault::nth(self.faults, now < length / 3);
        self.faults += 1;
        self.network.begin(fault)?;
        self.fault = Some((fault, now + FAULT_MAX.min(every / 3)));
        Ok(Some(fault))
    }

    fn sample(&mut self, now: Duration) -> Result<()> {
        let (process, home) = (self.network.relayer(), self.network.home());
        let sample = Sample::take(now.as_secs_f64(), process, home)?;
        if let Some(csv) = &mut self.csv {
            writeln!(csv, "{}", sample.csv())?;
        }
        self.samples.push(sample);
        Ok(())
    }

    fn print(&self, minute: u64, fault: Option<Fault>) -> Result<()> {
        let [a, b] = self.network.totals();
        let minute = Minute {
            minute,
            totals: a.and(&b),
            sample: self.samples.last().copied().unwrap_or_default(),
            fault,
        };
        println!("{minute}");
        Ok(std::io::stdout().flush()?)
    }

    /// Waits until every packet has ended; those that have not are lost.
    fn drain(&mut self) -> Result<()> {
        let end = Instant::now() + DRAIN_LIMIT;
        // What was ordered last is in a block, or will be in the next.
        let settled = self.network.totals().map(|totals| totals.height + 2);
        while Instant::now() < end {
            interrupt::check()?;
            self.network.check()?;
            let totals = self.network.totals();
            let is_done = |(now, settled): (&Totals, u64)| now.open == 0 && now.height >= settled;
            if totals.iter().zip(settled).all(is_done) {
                break;
            }
            wait::pause(PAUSE);
        }
        Ok(())
    }
}
