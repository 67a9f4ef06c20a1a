//! The scenarios: each is a load and the figures that are taken of it.

mod both_ways;
mod burst;
mod channels;
mod far;
mod figures;
mod one;
mod open;
mod pending;
mod requests;
mod restart;
mod steady;
mod validators;

use anyhow::Result;

use crate::environment::{DevSettings, Environment};
use crate::measure::Figure;
use crate::relayer::Relayer;

/// Run once a round for each relayer.
pub struct Scenario {
    pub name: &'static str,
    /// For `--list`.
    pub about: &'static str,
    pub environment: EnvironmentKind,
    /// A peer would take too long, and is left out.
    pub tern_only: bool,
    pub run: fn(&Environment, &Relayer, RunOptions) -> Result<Vec<Figure>>,
}

/// The environment that a scenario needs. Scenarios with equal ones share one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EnvironmentKind {
    Real,
    Dev(DevSettings),
}

impl EnvironmentKind {
    pub fn start(self) -> Result<Environment> {
        match self {
            Self::Real => Environment::real(),
            Self::Dev(settings) => Environment::dev(settings),
        }
    }
}

/// How much is sent, and where to write what is not a figure.
#[derive(Clone, Copy)]
pub struct RunOptions<'a> {
    /// A few packets only: to see that it works.
    pub small: bool,
    pub notes: &'a Notes,
}

impl RunOptions<'_> {
    fn count(&self, packets: usize) -> usize {
        if self.small {
            packets.min(5)
        } else {
            packets
        }
    }
}

/// Files with the requests and packets of one round.
pub struct Notes {
    pub folder: std::path::PathBuf,
    /// What the files' names begin with.
    pub prefix: String,
}

impl Notes {
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let file = self.folder.join(format!("{}-{name}", self.prefix));
        Ok(std::fs::write(file, text)?)
    }
}

/// For `--smoke`: real chains and development chains, with proxies.
pub const SMOKE: &[&str] = &["far", "channels-300"];

/// Every scenario, in the order in which they are run: those with equal environments
/// together.
pub const SCENARIOS: &[Scenario] = &[
    one::NEAR,
    one::FAR,
    burst::BURST,
    burst::LARGE,
    burst::ONE_TRANSACTION,
    requests::REQUESTS,
    open::NEAR,
    open::FAR,
    far::FAR,
    steady::STEADY,
    both_ways::BOTH_WAYS,
    restart::ONE,
    validators::VALIDATORS,
    channels::C300,
    restart::C300,
    channels::C100,
    channels::C1000,
    channels::C10000,
    pending::P1000,
    pending::P10000,
    pending::P100000,
];
