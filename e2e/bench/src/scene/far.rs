//! Many packets in one block, and nodes that are far away.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const FAR: Scene = Scene {
    name: "far",
    about: "100 packets in one block, every connection to the nodes with 80 ms round trip",
    stage: StageKind::Real,
    alone: false,
    play,
};

pub const ROUND_TRIP: Duration = Duration::from_millis(80);
const LIMIT: Duration = Duration::from_secs(600);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let count = take.count(100);
    let mut shift = Shift::begin(stage, contestant, Way::Gated(ROUND_TRIP))?;
    let carried = shift.carry(&Load::burst(stage, contestant, End::Akash, count), LIMIT)?;
    shift.end()?;
    take.notes
        .write("calls.txt", &figures::time_line(&carried))?;
    let mut figures = vec![figures::time(&carried), figures::blocks(&carried)];
    figures.extend(figures::cost(&carried, count as usize));
    figures.extend(figures::requests(&carried, count as usize));
    Ok(figures)
}
