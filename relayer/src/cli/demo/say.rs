//! What is shown: each line with the time since the start. With `--json` it goes
//! to stderr, since stdout holds one JSON object then.

use std::fmt::Display;
use std::time::Instant;

use crate::output;

pub struct Say {
    start: Instant,
    json: bool,
}

impl Say {
    pub fn start(json: bool) -> Self {
        Self {
            start: Instant::now(),
            json,
        }
    }

    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The headline of a step.
    pub fn step(&self, what: impl Display) -> anyhow::Result<()> {
        self.text(format!("\n{:6.1} s  {what}", self.seconds()))
    }

    /// Something that happened in it.
    pub fn line(&self, what: impl Display) -> anyhow::Result<()> {
        self.text(format!("{:6.1} s    {what}", self.seconds()))
    }

    /// Text without a time.
    pub fn text(&self, text: impl Display) -> anyhow::Result<()> {
        match self.json {
            true => {
                output::note(text);
                Ok(())
            }
            false => output::line(text),
        }
    }
}
