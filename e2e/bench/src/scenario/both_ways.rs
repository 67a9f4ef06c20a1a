//! Packets both ways at once.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{End, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const BOTH_WAYS: Scenario = Scenario {
    name: "both-ways",
    about: "250 packets each way at once, in 5 transactions each; nodes on this host",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run,
};

const LIMIT: Duration = Duration::from_secs(300);

fn run(environment: &Environment, relayer: &Relayer, options: RunOptions) -> Result<Vec<Figure>> {
    let count = options.count(250);
    let loads = End::BOTH.map(|end| Load::burst(environment, relayer, end, count));
    let mut session = Session::begin(environment, relayer, Access::Direct)?;
    let relayed = session.relay_all(&loads, LIMIT)?;
    session.end()?;
    // The slower way is when all is done.
    let time = |relayed| figures::time(relayed).value;
    let slower = relayed.iter().max_by(|a, b| time(a).total_cmp(&time(b)));
    let mut figures = Vec::new();
    if let Some(slower) = slower {
        figures.extend([figures::time(slower), figures::blocks(slower)]);
        figures.extend(figures::cost(slower, 2 * count));
    }
    Ok(figures)
}
