//! Many channels, most of them idle, as on a hub.

use std::time::Duration;

use anyhow::Result;
use std::time::Instant;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{DevSettings, End, Environment};
use crate::footprint::processor_time;
use crate::measure::{Figure, Unit};
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const C300: Scenario = Scenario {
    tern_only: false,
    ..scenario(
        "channels-300",
        "development chains with 300 channels: idle, then 600 packets in 12 transactions",
        300,
    )
};
pub const C100: Scenario = scenario("channels-100", "the same with 100 channels", 100);
pub const C1000: Scenario = scenario("channels-1000", "the same with 1,000", 1_000);
pub const C10000: Scenario = scenario("channels-10000", "the same with 10,000", 10_000);

const fn scenario(name: &'static str, about: &'static str, channels: usize) -> Scenario {
    Scenario {
        name,
        about,
        environment: EnvironmentKind::Dev(DevSettings {
            validators: 1,
            channels,
        }),
        tern_only: true,
        run,
    }
}

const PACKETS: usize = 600;
/// Blocks over which idleness is measured.
const IDLE_BLOCKS: u64 = 20;
const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let mut session = Session::start(environment, relayer, Access::Proxied(Duration::ZERO))?;
    session.ready()?;
    let ready = session.began().elapsed();
    let to_start = session.calls().len() as f64;
    // Work that a relayer puts off until after its start does not count as idle.
    environment.pass_blocks(if options.small { 2 } else { 10 })?;
    let (since, used) = (Instant::now(), processor_time(session.id())?);
    let blocks = if options.small { 3 } else { IDLE_BLOCKS };
    environment.pass_blocks(blocks)?;
    let used = processor_time(session.id())? - used;
    let calls = session.calls().into_iter().filter(|call| call.at >= since);
    let calls = calls.count() as f64;
    let idle = session.footprint()?;
    let load = Load::burst(environment, relayer, End::Akash, options.count(PACKETS));
    let relayed = session.relay(&load, LIMIT)?;
    session.end()?;
    let per_block = |value: f64| value / blocks as f64;
    let mut figures = vec![
        Figure::new("memory, idle", Unit::MiB, idle.resident),
        Figure::new("memory of its own, idle", Unit::MiB, idle.private),
        Figure::new("threads, idle", Unit::Count, idle.threads),
        Figure::new("start to ready", Unit::Seconds, ready.as_secs_f64()),
        Figure::new("requests to be ready", Unit::Count, to_start),
        Figure::new("requests a block, idle", Unit::Count, per_block(calls)),
        Figure::new(
            "processor a block, idle",
            Unit::Milliseconds,
            per_block(1e3 * used),
        ),
        figures::time(&relayed),
    ];
    figures.extend(relayed.footprint.figures());
    figures.extend(figures::requests(&relayed, load.count).into_iter().take(1));
    Ok(figures)
}
