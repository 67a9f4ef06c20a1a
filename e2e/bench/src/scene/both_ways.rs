//! Packets both ways at once.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const BOTH_WAYS: Scene = Scene {
    name: "both-ways",
    about: "250 packets each way at once, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play,
};

const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let count = take.count(250);
    let loads = End::BOTH.map(|end| Load::burst(stage, contestant, end, count));
    let mut shift = Shift::begin(stage, contestant, Way::Direct)?;
    let carried = shift.carry_all(&loads, LIMIT)?;
    shift.end()?;
    // The slower way is when all is done.
    let time = |carried| figures::time(carried).value;
    let slower = carried.iter().max_by(|a, b| time(a).total_cmp(&time(b)));
    let mut figures = Vec::new();
    if let Some(slower) = slower {
        figures.extend([figures::time(slower), figures::blocks(slower)]);
        figures.extend(figures::cost(slower, 2 * count as usize));
    }
    Ok(figures)
}
