//! A start with packets pending, as after some time without a relayer.

use std::time::Duration;

use anyhow::Result;
use tendermint::Time;
use tern_e2e::wait;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::blocks::{seconds, Step};
use crate::environment::{End, Environment};
use crate::measure::{Figure, Unit};
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const ONE: Scenario = Scenario {
    name: "restart",
    about:
        "500 packets of 10 transactions pending: from the start to the first tx and the last ack",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run,
};
pub const C300: Scenario = Scenario {
    name: "restart-300",
    about: "the same with the packets on 300 channels of development chains",
    environment: super::channels::C300.environment,
    ..ONE
};

const SENT_LIMIT: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let load = Load::burst(environment, relayer, End::Akash, options.count(500));
    let mut readers = environment.readers()?;
    load.send(environment)?;
    wait::until("the packets to be in a block", SENT_LIMIT, || {
        let src = &mut readers[load.from.index()];
        src.read()?;
        Ok((src.count(Step::Sent, &load.channels) == load.count).then_some(()))
    })?;
    // The relayer's first block has none of them.
    environment.pass_blocks(2)?;
    let start = Time::now();
    let mut session = Session::start(environment, relayer, Access::Proxied(Duration::ZERO))?;
    session.ready()?;
    let ready = session.began().elapsed();
    let relayed = session.finish(&load, &mut readers, LIMIT)?;
    session.end()?;
    options
        .notes
        .write("calls.txt", &figures::time_line(&relayed))?;
    let took = relayed.acknowledged - seconds(start);
    let requests = relayed.calls.len() as f64 / load.count as f64;
    let mut figures = vec![
        Figure::new("start to last ack", Unit::Seconds, took),
        Figure::new("start to ready", Unit::Seconds, ready.as_secs_f64()),
        figures::first_tx(&relayed)?,
        Figure::new("requests a packet", Unit::Count, requests),
    ];
    figures.extend(figures::cost(&relayed, load.count));
    Ok(figures)
}
