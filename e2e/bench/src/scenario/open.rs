//! A channel opened, with clients and a connection.

use std::time::Instant;

use anyhow::{Context, Result};
use tendermint::Time;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::blocks::{seconds, BlockReader};
use crate::environment::{End, Environment, Proxies};
use crate::measure::{Figure, Unit};
use crate::relayer::Relayer;
use crate::session::Access;

pub const NEAR: Scenario = Scenario {
    name: "open",
    about: "a channel opened with clients and connection, nodes on this host",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run: |environment, relayer, options| run(environment, relayer, options, Access::Direct),
};

pub const FAR: Scenario = Scenario {
    name: "far-open",
    about: "the same, every connection to the nodes with 80 ms round trip",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run: |environment, relayer, options| run(environment, relayer, options, super::far::ACCESS),
};

/// The last step, on the chain at the other end.
const LAST: &str = "channel_open_confirm";

fn run(
    environment: &Environment,
    relayer: &Relayer,
    options: RunOptions,
    access: Access,
) -> Result<Vec<Figure>> {
    let proxies = match access {
        Access::Direct => None,
        Access::Proxied(round_trip) => Some(Proxies::open(environment, round_trip)?),
    };
    let nodes = proxies.as_ref().map_or(environment.nodes(), Proxies::nodes);
    let mut kava = BlockReader::from_now(environment.endpoint(End::Kava))?;
    let (start, began) = (seconds(Time::now()), Instant::now());
    relayer.implementation.open_channel(environment, &nodes)?;
    let took = seconds(Time::now()) - start;
    kava.read()?;
    let last = kava.handshake(LAST).context("the channel is not open")?;
    let open = kava.committed(last)? - start;
    let mut figures = vec![
        Figure::new("start to open", Unit::Blocks, (last - kava.begin) as f64),
        Figure::new("start to open", Unit::Seconds, open),
        Figure::new("command", Unit::Seconds, took),
    ];
    if let Some(proxies) = proxies {
        let calls = proxies.recorder.since(began);
        figures.push(Figure::new("requests", Unit::Count, calls.len() as f64));
        options
            .notes
            .write("calls.txt", &figures::calls(&calls, began))?;
    }
    Ok(figures)
}
