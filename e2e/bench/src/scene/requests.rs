//! What a burst asks of the nodes, counted.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const REQUESTS: Scene = Scene {
    name: "requests",
    about: "500 packets in one block through gates that count and do not delay",
    stage: StageKind::Real,
    alone: false,
    play,
};

const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let count = take.count(500);
    let mut shift = Shift::begin(stage, contestant, Way::Gated(Duration::ZERO))?;
    let carried = shift.carry(&Load::burst(stage, contestant, End::Akash, count), LIMIT)?;
    shift.end()?;
    take.notes
        .write("calls.txt", &figures::time_line(&carried))?;
    Ok(figures::requests(&carried, count as usize))
}
