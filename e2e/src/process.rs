//! Child processes that end with their owner.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::wait;

/// A running program whose output goes to a file. Dropping it ends it.
pub struct Process {
    child: Child,
    pub log: PathBuf,
}

/// A signal, by the name `kill` knows it.
#[derive(Clone, Copy)]
pub enum Signal {
    Term,
    Stop,
    Continue,
}

impl Process {
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let errors = out.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the end.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        wait::until("the end of a process", limit, || self.ended())
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let name = match signal {
            Signal::Term => "-TERM",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let pid = self.child.id().to_string();
        Command::new("kill").args([name, &pid]).status()?;
        Ok(())
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    /// The last lines of its output.
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be killed.
        let _ = self.kill();
    }
}
