//! Many channels, most of them idle, as on a hub.

use std::time::Duration;

use anyhow::Result;
use std::time::Instant;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::footprint::processor_time;
use crate::measure::{Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{DevSettings, End, Stage};

pub const C300: Scene = Scene {
    alone: false,
    ..scene(
        "channels-300",
        "development chains with 300 channels: what it takes idle, then 600 packets on all",
        300,
    )
};
pub const C100: Scene = scene("channels-100", "the same with 100 channels", 100);
pub const C1000: Scene = scene("channels-1000", "the same with 1,000", 1_000);
pub const C10000: Scene = scene("channels-10000", "the same with 10,000", 10_000);

const fn scene(name: &'static str, about: &'static str, channels: usize) -> Scene {
    Scene {
        name,
        about,
        stage: StageKind::Dev(DevSettings {
            validators: 1,
            channels,
        }),
        alone: true,
        play,
    }
}

const PACKETS: u32 = 600;
/// Blocks over which idleness is measured.
const IDLE_BLOCKS: u64 = 20;
const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let mut shift = Shift::start(stage, contestant, Way::Gated(Duration::ZERO))?;
    shift.ready()?;
    let ready = shift.began().elapsed();
    let to_start = shift.calls().len() as f64;
    // What was put off until after the start must not count as idleness.
    stage.pass_blocks(if take.small { 2 } else { 10 })?;
    let (since, used) = (Instant::now(), processor_time(shift.id())?);
    let blocks = if take.small { 3 } else { IDLE_BLOCKS };
    stage.pass_blocks(blocks)?;
    let used = processor_time(shift.id())? - used;
    let calls = shift.calls().into_iter().filter(|call| call.at >= since);
    let calls = calls.count() as f64;
    let idle = shift.footprint()?;
    let load = Load::burst(stage, contestant, End::Akash, take.count(PACKETS));
    let carried = shift.carry(&load, LIMIT)?;
    shift.end()?;
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
        figures::time(&carried),
    ];
    figures.extend(carried.footprint.figures());
    figures.extend(
        figures::requests(&carried, load.count())
            .into_iter()
            .take(1),
    );
    Ok(figures)
}
