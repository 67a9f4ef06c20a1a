//! Chains with as many validators as public ones have.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{DevSettings, End, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const VALIDATORS: Scenario = Scenario {
    name: "validators-100",
    about: "development chains of 100 validators: 100 packets at once, requests counted",
    environment: EnvironmentKind::Dev(DevSettings {
        validators: 100,
        channels: 0,
    }),
    tern_only: false,
    run,
};

const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let count = options.count(100);
    let mut session = Session::begin(environment, relayer, Access::Proxied(Duration::ZERO))?;
    let load = Load::burst(environment, relayer, End::Akash, count);
    let relayed = session.relay(&load, LIMIT)?;
    session.end()?;
    options
        .notes
        .write("calls.txt", &figures::time_line(&relayed))?;
    let mut figures = vec![figures::time(&relayed), figures::blocks(&relayed)];
    figures.extend(figures::cost(&relayed, load.count));
    figures.extend(figures::requests(&relayed, load.count));
    Ok(figures)
}
