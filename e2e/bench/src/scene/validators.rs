//! Chains with as many validators as public ones have.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{DevSettings, End, Stage};

pub const VALIDATORS: Scene = Scene {
    name: "validators-100",
    about: "development chains of 100 validators: 100 packets in one block, requests counted",
    stage: StageKind::Dev(DevSettings {
        validators: 100,
        channels: 0,
    }),
    alone: false,
    play,
};

const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let count = take.count(100);
    let mut shift = Shift::begin(stage, contestant, Way::Gated(Duration::ZERO))?;
    let load = Load::burst(stage, contestant, End::Akash, count);
    let carried = shift.carry(&load, LIMIT)?;
    shift.end()?;
    take.notes
        .write("calls.txt", &figures::time_line(&carried))?;
    let mut figures = vec![figures::time(&carried), figures::blocks(&carried)];
    figures.extend(figures::cost(&carried, load.count()));
    figures.extend(figures::requests(&carried, load.count()));
    Ok(figures)
}
