//! The scenes: a load, and what is looked at.

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

use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::{DevSettings, Stage};

/// What is played, once a round for each relayer.
pub struct Scene {
    pub name: &'static str,
    /// For `--list`.
    pub about: &'static str,
    pub stage: StageKind,
    /// Only Tern plays it: a peer would take too long.
    pub alone: bool,
    pub play: fn(&Stage, &Contestant, Take) -> Result<Vec<Figure>>,
}

/// What a scene plays on. Scenes on equal stages share one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageKind {
    Real,
    Dev(DevSettings),
}

impl StageKind {
    pub fn raise(self) -> Result<Stage> {
        match self {
            Self::Real => Stage::real(),
            Self::Dev(settings) => Stage::dev(settings),
        }
    }
}

/// How much is played, and where what is not a figure goes.
#[derive(Clone, Copy)]
pub struct Take<'a> {
    /// A few packets only: to see that it works.
    pub small: bool,
    /// A folder for time lines, and what their names begin with.
    pub notes: &'a Notes,
}

impl Take<'_> {
    fn count(&self, packets: u32) -> u32 {
        if self.small {
            packets.min(5)
        } else {
            packets
        }
    }
}

/// Where a round's notes go.
pub struct Notes {
    pub folder: std::path::PathBuf,
    pub prefix: String,
}

impl Notes {
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let file = self.folder.join(format!("{}-{name}", self.prefix));
        Ok(std::fs::write(file, text)?)
    }
}

/// Played for `--smoke`: real and development chains, gates, and all that counts.
pub const SMOKE: &[&str] = &["far", "channels-300"];

/// Every scene, in the order in which they are played: those of one kind of stage
/// together.
pub const SCENES: &[Scene] = &[
    one::NEAR,
    one::FAR,
    burst::BURST,
    requests::REQUESTS,
    open::NEAR,
    open::FAR,
    far::FAR,
    burst::LARGE,
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
