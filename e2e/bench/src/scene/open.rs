//! A channel opened, with clients and a connection.

use std::time::Instant;

use anyhow::{Context, Result};
use tendermint::Time;

use super::{figures, Scene, StageKind, Take};
use crate::carry::Way;
use crate::journal::{seconds, Journal};
use crate::measure::{Figure, Unit};
use crate::relayer::Contestant;
use crate::stage::{End, Gates, Stage};

pub const NEAR: Scene = Scene {
    name: "open",
    about: "a channel opened with clients and connection, nodes on this host",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| play(stage, contestant, take, Way::Direct),
};

pub const FAR: Scene = Scene {
    name: "far-open",
    about: "the same, every connection to the nodes with 80 ms round trip",
    stage: StageKind::Real,
    alone: false,
    play: |stage, contestant, take| {
        play(stage, contestant, take, Way::Gated(super::far::ROUND_TRIP))
    },
};

/// The last step, on the chain at the other end.
const LAST: &str = "channel_open_confirm";

fn play(stage: &Stage, contestant: &Contestant, take: Take, way: Way) -> Result<Vec<Figure>> {
    let gates = match way {
        Way::Direct => None,
        Way::Gated(round_trip) => Some(Gates::open(stage, round_trip)?),
    };
    let nodes = gates.as_ref().map_or(stage.nodes(), Gates::nodes);
    let mut kava = Journal::from_now(stage.site(End::Kava))?;
    let (start, began) = (seconds(Time::now()), Instant::now());
    contestant.relayer.open_channel(stage, &nodes)?;
    let took = seconds(Time::now()) - start;
    kava.read()?;
    let last = kava.handshake(LAST).context("the channel is not open")?;
    let open = kava.committed(last)? - start;
    let mut figures = vec![
        Figure::new("start to open", Unit::Blocks, (last - kava.begin) as f64),
        Figure::new("start to open", Unit::Seconds, open),
        Figure::new("command", Unit::Seconds, took),
    ];
    if let Some(gates) = gates {
        let calls = gates.tally.since(began);
        figures.push(Figure::new("requests", Unit::Count, calls.len() as f64));
        take.notes
            .write("calls.txt", &figures::calls(&calls, began))?;
    }
    Ok(figures)
}
