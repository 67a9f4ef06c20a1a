//! Many packets in one block.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const BURST: Scene = Scene {
    name: "burst",
    about: "500 packets in one block, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take, 1),
};

pub const LARGE: Scene = Scene {
    name: "burst-2000",
    about: "2,000 packets in four transactions at once, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take, 4),
};

const LIMIT: Duration = Duration::from_secs(600);

/// More in one transaction is no load but an accident: its events no longer pass
/// every WebSocket.
const EACH: u32 = 500;

fn play(stage: &Stage, contestant: &Contestant, take: Take, txs: u32) -> Result<Vec<Figure>> {
    let load = Load {
        txs,
        ..Load::burst(stage, contestant, End::Akash, take.count(EACH))
    };
    let mut shift = Shift::begin(stage, contestant, Way::Direct)?;
    let carried = shift.carry(&load, LIMIT)?;
    shift.end()?;
    let mut figures = vec![figures::time(&carried), figures::blocks(&carried)];
    figures.extend(figures::cost(&carried, load.count()));
    figures.extend(carried.footprint.figures());
    Ok(figures)
}
