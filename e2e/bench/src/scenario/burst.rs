//! Many packets at once.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, Scenario};
use crate::environment::{End, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const BURST: Scenario = Scenario {
    name: "burst",
    about: "500 packets at once, in 10 transactions of 10 accounts; nodes on this host",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run: |environment, relayer, options| {
        let count = options.count(500);
        let load = Load::burst(environment, relayer, End::Akash, count);
        run(environment, relayer, &load)
    },
};

pub const LARGE: Scenario = Scenario {
    name: "burst-2000",
    about: "the same with 2,000 packets in 40 transactions of 10 accounts",
    run: |environment, relayer, options| {
        let count = options.count(2_000);
        let load = Load::burst(environment, relayer, End::Akash, count);
        run(environment, relayer, &load)
    },
    ..BURST
};

/// Hermes searches a packet's transaction by an index, once for each packet, and gets the
/// whole of it each time.
pub const ONE_TRANSACTION: Scenario = Scenario {
    name: "burst-one-transaction",
    about: "500 packets in a single transaction: an extreme that no wallet sends",
    run: |environment, relayer, options| {
        let count = options.count(500);
        let load = Load {
            each: count,
            ..Load::burst(environment, relayer, End::Akash, count)
        };
        run(environment, relayer, &load)
    },
    ..BURST
};

const LIMIT: Duration = Duration::from_secs(600);

fn run(environment: &Environment, relayer: &Relayer, load: &Load) -> Result<Vec<Figure>> {
    let mut session = Session::begin(environment, relayer, Access::Direct)?;
    let relayed = session.relay(load, LIMIT)?;
    session.end()?;
    let mut figures = vec![figures::time(&relayed), figures::blocks(&relayed)];
    figures.extend(figures::cost(&relayed, load.count));
    figures.extend(relayed.footprint.figures());
    Ok(figures)
}
