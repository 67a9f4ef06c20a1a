//! One packet at a time, each after the acknowledgement of the one before it.

use std::time::Duration;

use anyhow::Result;

use super::{figures, EnvironmentKind, RunOptions, Scenario};
use crate::environment::{End, Environment};
use crate::measure::{median, Figure, Unit};
use crate::relayer::Relayer;
use crate::session::{Access, Load, Session};

pub const NEAR: Scenario = Scenario {
    name: "one",
    about: "one packet, nodes on this host: from the send's commit to the ack's",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run: |environment, relayer, options| run(environment, relayer, options, Access::Direct),
};

pub const FAR: Scenario = Scenario {
    name: "far-one",
    about: "one packet, every connection to the nodes with 80 ms round trip",
    environment: EnvironmentKind::Real,
    tern_only: false,
    run: |environment, relayer, options| run(environment, relayer, options, super::far::ACCESS),
};

/// Packets a round: each is sent at another moment of the other chain's block.
const PACKETS: u32 = 4;
const LIMIT: Duration = Duration::from_secs(90);

fn run(
    environment: &Environment,
    relayer: &Relayer,
    options: RunOptions,
    access: Access,
) -> Result<Vec<Figure>> {
    let mut session = Session::begin(environment, relayer, access)?;
    let (mut seconds, mut blocks) = (Vec::new(), Vec::new());
    let mut calls = Vec::new();
    for number in 0..if options.small { 1 } else { PACKETS } {
        let relayed = session.relay(&Load::burst(environment, relayer, End::Akash, 1), LIMIT)?;
        seconds.push(figures::time(&relayed).value);
        blocks.push(figures::blocks(&relayed).value);
        if let Access::Proxied(_) = access {
            calls.push(relayed.calls.len() as f64);
            let name = format!("{}.txt", number + 1);
            options.notes.write(&name, &figures::time_line(&relayed))?;
        }
    }
    session.end()?;
    let middle = |values: &[f64]| median(values).unwrap_or_default();
    let mut figures = vec![
        Figure::new("send to ack", Unit::Seconds, middle(&seconds)),
        Figure::new("send to ack", Unit::Blocks, middle(&blocks)),
    ];
    if !calls.is_empty() {
        figures.push(Figure::new("requests", Unit::Count, middle(&calls)));
    }
    Ok(figures)
}
