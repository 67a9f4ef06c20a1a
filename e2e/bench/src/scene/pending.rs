//! How time and memory grow with what is pending when the relayer comes.

use std::time::Duration;

use anyhow::Result;
use tendermint::Time;
use tern_e2e::wait;

use super::{figures, Scene, StageKind, Take};
use crate::carry::{Load, Shift, Way};
use crate::journal::{seconds, Step};
use crate::measure::{Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{DevSettings, End, Stage};

pub const P1000: Scene = Scene {
    play: |stage, contestant, take| play(stage, contestant, take, 2),
    ..scene(
        "pending-1000",
        "a development chain with 1,000 packets pending, on 10 channels",
    )
};
pub const P10000: Scene = Scene {
    play: |stage, contestant, take| play(stage, contestant, take, 20),
    ..scene("pending-10000", "the same with 10,000")
};
pub const P100000: Scene = Scene {
    play: |stage, contestant, take| play(stage, contestant, take, 200),
    ..scene("pending-100000", "the same with 100,000")
};

const fn scene(name: &'static str, about: &'static str) -> Scene {
    Scene {
        name,
        about,
        stage: StageKind::Dev(DevSettings {
            validators: 1,
            channels: 10,
        }),
        alone: true,
        play: |stage, contestant, take| play(stage, contestant, take, 1),
    }
}

const EACH: u32 = 500;
const PAUSE: Duration = Duration::from_millis(250);
const SENT_LIMIT: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(1_800);

fn play(stage: &Stage, contestant: &Contestant, take: Take, txs: u32) -> Result<Vec<Figure>> {
    let mut load = Load::burst(stage, contestant, End::Akash, take.count(EACH));
    load.txs = if take.small { 1 } else { txs };
    let mut journals = stage.journals()?;
    for _ in 0..load.txs {
        stage.send(load.from, &load.channels, load.each)?;
        // A block of all at once would keep the chain from answering.
        wait::pause(PAUSE);
    }
    wait::until("the packets to be in blocks", SENT_LIMIT, || {
        let src = &mut journals[load.from.index()];
        src.read()?;
        Ok((src.count(Step::Sent, &load.channels) == load.count()).then_some(()))
    })?;
    stage.pass_blocks(2)?;
    let start = seconds(Time::now());
    let mut shift = Shift::start(stage, contestant, Way::Gated(Duration::ZERO))?;
    let carried = shift.finish(&load, &mut journals, LIMIT)?;
    shift.end()?;
    take.notes
        .write("calls.txt", &figures::time_line(&carried))?;
    let took = carried.acknowledged - start;
    let packets = load.count() as f64;
    let mut figures = vec![
        Figure::new("start to last ack", Unit::Seconds, took),
        figures::first_tx(&carried)?,
        Figure::new("packets", Unit::PerSecond, packets / took),
        Figure::new(
            "requests a packet",
            Unit::Count,
            carried.calls.len() as f64 / packets,
        ),
    ];
    figures.extend(carried.footprint.figures());
    Ok(figures)
}
