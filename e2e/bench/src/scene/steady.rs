//! A steady stream of packets for a minute.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::{quantile, Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{End, Stage};
use crate::trip::Trip;

pub const STEADY: Scene = Scene {
    name: "steady",
    about: "20 packets a second for a minute: how many blocks each took",
    stage: StageKind::Real,
    alone: false,
    play,
};

/// Four transactions of five transfers in a second.
const EACH: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);
const TXS: u32 = 240;
const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let mut shift = Shift::begin(stage, contestant, Way::Direct)?;
    let load = Load {
        txs: take.count(TXS),
        pause: PAUSE,
        ..Load::burst(stage, contestant, End::Akash, EACH)
    };
    let carried = shift.carry(&load, LIMIT)?;
    shift.end()?;
    let blocks = carried.trips.iter().filter_map(Trip::blocks);
    let blocks: Vec<f64> = blocks.map(|blocks| blocks as f64).collect();
    let at = |name: &str, part: f64| {
        let blocks = quantile(&blocks, part).unwrap_or_default();
        Figure::new(name, Unit::Blocks, blocks)
    };
    let mut figures = vec![at("median", 0.5), at("p95", 0.95), at("p99", 0.99)];
    figures.push(at("longest", 1.0));
    figures.extend(figures::cost(&carried, load.count()));
    figures.extend(carried.footprint.figures());
    Ok(figures)
}
