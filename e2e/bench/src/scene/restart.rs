//! A start with packets pending, as after a night without a relayer.

use std::time::Duration;

use anyhow::Result;
use tendermint::Time;
use tern_e2e::wait;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::journal::{seconds, Step};
use crate::measure::{Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{End, Stage};

pub const ONE: Scene = Scene {
    name: "restart",
    about: "500 packets pending: from the process' start to its first tx and to the last ack",
    stage: StageKind::Real,
    alone: false,
    play,
};
pub const C300: Scene = Scene {
    name: "restart-300",
    about: "the same with the packets on 300 channels of development chains",
    stage: super::channels::C300.stage,
    ..ONE
};

const SENT_LIMIT: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(300);

fn play(stage: &Stage, contestant: &Contestant, take: Take) -> Result<Vec<Figure>> {
    let load = Load::burst(stage, contestant, End::Akash, take.count(500));
    let mut journals = stage.journals()?;
    stage.send(load.from, &load.channels, load.each)?;
    wait::until("the packets to be in a block", SENT_LIMIT, || {
        let src = &mut journals[load.from.index()];
        src.read()?;
        Ok((src.count(Step::Sent, &load.channels) == load.count()).then_some(()))
    })?;
    // Old enough not to be news when the relayer comes.
    stage.pass_blocks(2)?;
    let start = Time::now();
    let mut shift = Shift::start(stage, contestant, Way::Gated(Duration::ZERO))?;
    shift.ready()?;
    let ready = shift.began().elapsed();
    let carried = shift.finish(&load, &mut journals, LIMIT)?;
    shift.end()?;
    take.notes
        .write("calls.txt", &figures::time_line(&carried))?;
    let took = carried.acknowledged - seconds(start);
    let requests = carried.calls.len() as f64 / load.count() as f64;
    let mut figures = vec![
        Figure::new("start to last ack", Unit::Seconds, took),
        Figure::new("start to ready", Unit::Seconds, ready.as_secs_f64()),
        figures::first_tx(&carried)?,
        Figure::new("requests a packet", Unit::Count, requests),
    ];
    figures.extend(figures::cost(&carried, load.count()));
    Ok(figures)
}
