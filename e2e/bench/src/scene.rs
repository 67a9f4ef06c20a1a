//! The scenes: a load, and what is looked at.

mod both_ways;
mod burst;
mod far;
mod figures;
mod one;
mod open;
mod requests;
mod restart;
mod steady;

use anyhow::Result;

use crate::measure::Figure;
use crate::relayer::Contestant;
use crate::stage::Stage;

/// What is played, once a round for each relayer.
pub struct Scene {
    pub name: &'static str,
    /// For `--list`.
    pub about: &'static str,
    pub play: fn(&Stage, &Contestant, Take) -> Result<Vec<Figure>>,
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

/// Every scene on real chains, in the order in which they are played.
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
    restart::RESTART,
];
