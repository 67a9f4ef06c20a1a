//! The output of the demo: lines with the time since the start. With `--json` they
//! go to stderr, because stdout has one JSON object then.

use std::fmt::Display;
use std::time::Instant;

use crate::output;

pub struct Transcript {
    start: Instant,
    json: bool,
}

impl Transcript {
    pub fn new(json: bool) -> Self {
        Self {
            start: Instant::now(),
            json,
        }
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Prints the headline of a step.
    pub fn step(&self, text: impl Display) -> anyhow::Result<()> {
        self.text(format!("\n{:6.1} s  {text}", self.seconds()))
    }

    /// Prints a line within a step.
    pub fn line(&self, text: impl Display) -> anyhow::Result<()> {
        self.text(format!("{:6.1} s    {text}", self.seconds()))
    }

    /// Prints text without a time.
    pub fn text(&self, text: impl Display) -> anyhow::Result<()> {
        if self.json {
            output::note(text);
            Ok(())
        } else {
            output::line(text)
        }
    }
}
