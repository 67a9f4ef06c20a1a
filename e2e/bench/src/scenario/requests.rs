//! The requests that a relayer makes for a burst.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{End, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const REQUESTS: Scenario = Scenario {
    name: "requests",
    about: "500 packets at once in 10 transactions, through proxies that count requests",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run,
};

const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let count = options.count(500);
    let mut session = Session::begin(environment, relayer, Access::Proxied(Duration::ZERO))?;
    let relayed = session.relay(&Load::burst(environment, relayer, End::Akash, count), LIMIT)?;
    session.end()?;
    options
        .notes
        .write("calls.txt", &figures::time_line(&relayed))?;
    Ok(figures::requests(&relayed, count))
}
