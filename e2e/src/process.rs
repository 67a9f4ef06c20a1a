//! Child processes that end with their owner.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{guard, wait};

/// A running program. Dropping it ends it, and so does our own end.
pub struct Process {
    child: Child,
}

/// A signal, by the name `kill` knows it.
#[derive(Clone, Copy)]
pub enum Signal {
    Interrupt,
    Term,
    Stop,
    Continue,
}

impl Process {
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {command:?}"))?;
        let process = Self { child };
        guard::watch(process.child.id())?;
        Ok(process)
    }

    /// Adds its output to a file.
    pub fn start_with_log(command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("cannot write {}", log.display()))?;
        let errors = out.try_clone()?;
        Self::start(command.stdout(out).stderr(errors))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let ended = self.child.try_wait()?;
        if ended.is_some() {
            guard::release(self.child.id())?;
        }
        Ok(ended)
    }

    /// Waits for the end.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        wait::until("the end of a process", limit, || self.ended())
    }

    /// Does nothing if it has ended: its id may be another process's by now.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        let name = match signal {
            Signal::Interrupt => "-INT",
            Signal::Term => "-TERM",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let id = self.child.id().to_string();
        Command::new("kill").args([name, &id]).status()?;
        Ok(())
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.child.kill()?;
            self.child.wait()?;
            guard::release(self.child.id())?;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be killed.
        let _ = self.kill();
    }
}

/// The last lines of a file.
pub fn tail(log: &Path, lines_max: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(lines_max)..].join("\n")
}
