//! Many packets at once, with nodes that are far away.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{End, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const FAR: Scenario = Scenario {
    name: "far",
    about:
        "100 packets in 2 transactions at once, every connection to the nodes with 80 ms round trip",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run,
};

/// Every connection has a round trip of 80 ms.
pub const ACCESS: Access = Access::Proxied(Duration::from_millis(80));
const LIMIT: Duration = Duration::from_secs(600);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let count = options.count(100);
    let mut session = Session::begin(environment, relayer, ACCESS)?;
    let relayed = session.relay(&Load::burst(environment, relayer, End::Akash, count), LIMIT)?;
    session.end()?;
    options
        .notes
        .write("calls.txt", &figures::time_line(&relayed))?;
    let mut figures = vec![figures::time(&relayed), figures::blocks(&relayed)];
    figures.extend(figures::cost(&relayed, count));
    figures.extend(figures::requests(&relayed, count));
    Ok(figures)
}
