//! How time and memory grow with the packets that are pending when the relayer starts.

use std::time::Duration;

use anyhow::Result;
use tendermint::Time;
use tern_e2e::wait;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::blocks::{seconds, Step};
use crate::environment::{DevSettings, End, Environment};
use crate::measure::{Figure, Unit};
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const P1000: Scenario = Scenario {
    run: |environment, relayer, options| run(environment, relayer, options, 1_000),
    ..scenario(
        "pending-1000",
        "a development chain with 1,000 packets pending, on 10 channels",
    )
};
pub const P10000: Scenario = Scenario {
    run: |environment, relayer, options| run(environment, relayer, options, 10_000),
    ..scenario("pending-10000", "the same with 10,000")
};
pub const P100000: Scenario = Scenario {
    run: |environment, relayer, options| run(environment, relayer, options, 100_000),
    ..scenario("pending-100000", "the same with 100,000")
};

const fn scenario(name: &'static str, about: &'static str) -> Scenario {
    Scenario {
        name,
        about,
        environment: EnvironmentKind::Dev(DevSettings {
            validators: 1,
            channels: 10,
        }),
        tern_only: true,
        run: |environment, relayer, options| run(environment, relayer, options, 1_000),
    }
}

/// Sent with pauses: the chain does not answer while it makes a block of many thousands.
const AT_ONCE: usize = 500;
const PAUSE: Duration = Duration::from_millis(250);
const SENT_LIMIT: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(1_800);

fn run(
    environment: &Environment,
    relayer: &Relayer,
    options: RunOptions,
    packets: usize,
) -> Result<Vec<Figure>> {
    let load = Load {
        at_once: AT_ONCE,
        pause: PAUSE,
        ..Load::burst(environment, relayer, End::Akash, options.count(packets))
    };
    let mut readers = environment.readers()?;
    load.send(environment)?;
    wait::until("the packets to be in blocks", SENT_LIMIT, || {
        let src = &mut readers[load.from.index()];
        src.read()?;
        Ok((src.count(Step::Sent, &load.channels) == load.count).then_some(()))
    })?;
    environment.pass_blocks(2)?;
    let start = seconds(Time::now());
    let mut session = Session::start(environment, relayer, Access::Proxied(Duration::ZERO))?;
    let relayed = session.finish(&load, &mut readers, LIMIT)?;
    session.end()?;
    options
        .notes
        .write("calls.txt", &figures::time_line(&relayed))?;
    let took = relayed.acknowledged - start;
    let packets = load.count as f64;
    let mut figures = vec![
        Figure::new("start to last ack", Unit::Seconds, took),
        figures::first_tx(&relayed)?,
        Figure::new("packets", Unit::PerSecond, packets / took),
        Figure::new(
            "requests a packet",
            Unit::Count,
            relayed.calls.len() as f64 / packets,
        ),
    ];
    figures.extend(relayed.footprint.figures());
    Ok(figures)
}
