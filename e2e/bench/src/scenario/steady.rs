//! A steady stream of packets for a minute.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{End, Environment};
use crate::measure::{quantile, Figure, Unit};
use crate::packets::PacketRecord;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const STEADY: Scenario = Scenario {
    name: "steady",
    about: "20 packets a second for a minute: how many blocks each took",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run,
};

/// Four transactions of five transfers in a second.
const EACH: usize = 5;
const PAUSE: Duration = Duration::from_millis(250);
const TXS: usize = 240;
const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let mut session = Session::begin(environment, relayer, Access::Direct)?;
    let load = Load {
        each: EACH,
        at_once: EACH,
        pause: PAUSE,
        ..Load::burst(environment, relayer, End::Akash, EACH * options.count(TXS))
    };
    let relayed = session.relay(&load, LIMIT)?;
    session.end()?;
    let blocks = relayed.records.iter().filter_map(PacketRecord::blocks);
    let blocks: Vec<f64> = blocks.map(|blocks| blocks as f64).collect();
    let at = |name: &str, part: f64| {
        let blocks = quantile(&blocks, part).unwrap_or_default();
        Figure::new(name, Unit::Blocks, blocks)
    };
    let mut figures = vec![at("median", 0.5), at("p95", 0.95), at("p99", 0.99)];
    figures.push(at("longest", 1.0));
    figures.extend(figures::cost(&relayed, load.count));
    figures.extend(relayed.footprint.figures());
    Ok(figures)
}
