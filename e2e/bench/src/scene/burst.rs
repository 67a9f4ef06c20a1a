//! Many packets in one block.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const BURST: Scene = Scene {
    name: "burst",
    about: "500 packets in one block, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take.count(500)),
};

pub const LARGE: Scene = Scene {
    name: "burst-2000",
    about: "2,000 packets in one block, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take.count(2_000)),
};

const LIMIT: Duration = Duration::from_secs(600);

fn play(stage: &Stage, contestant: &Contestant, count: u32) -> Result<Vec<Figure>> {
    let mut shift = Shift::begin(stage, contestant, Way::Direct)?;
    let carried = shift.carry(&Load::burst(stage, contestant, End::Akash, count), LIMIT)?;
    shift.end()?;
    let mut figures = vec![figures::time(&carried), figures::blocks(&carried)];
    figures.extend(figures::cost(&carried, count as usize));
    figures.extend(carried.footprint.figures());
    Ok(figures)
}
