//! One packet at a time, each after the one before it has come home.

use std::time::Duration;

use anyhow::Result;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::measure::{median, Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const NEAR: Scene = Scene {
    name: "one",
    about: "one packet, nodes on this host: from the send's commit to the ack's",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take, Way::Direct),
};

pub const FAR: Scene = Scene {
    name: "far-one",
    about: "one packet, every connection to the nodes with 80 ms round trip",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| {
        play(stage, contestant, take, Way::Gated(super::far::ROUND_TRIP))
    },
};

/// Packets a round: each meets another moment of the other chain's block.
const PACKETS: u32 = 4;
const LIMIT: Duration = Duration::from_secs(90);

fn play(stage: &Stage, contestant: &Contestant, take: Take, way: Way) -> Result<Vec<Figure>> {
    let mut shift = Shift::begin(stage, contestant, way)?;
    let (mut seconds, mut blocks) = (Vec::new(), Vec::new());
    let mut calls = Vec::new();
    for number in 0..if take.small { 1 } else { PACKETS } {
        let carried = shift.carry(&Load::burst(stage, contestant, End::Akash, 1), LIMIT)?;
        seconds.push(figures::time(&carried).value);
        blocks.push(figures::blocks(&carried).value);
        if let Way::Gated(_) = way {
            calls.push(carried.calls.len() as f64);
            let name = format!("{}.txt", number + 1);
            take.notes.write(&name, &figures::time_line(&carried))?;
        }
    }
    shift.end()?;
    let middle = |values: &[f64]| median(values).unwrap_or_default();
    let mut figures = vec![
        Figure::new("send to ack", Unit::Seconds, middle(&seconds)),
        Figure::new("send to ack", Unit::Blocks, middle(&blocks)),
    ];
    if !calls.is_empty() {
        figures.push(Figure::new("requests", Unit::Count, middle(&calls)));
    }
    Ok(figures)
}
