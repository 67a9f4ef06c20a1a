//! Child processes that end with their owner.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{guard, wait};

/// Between two looks at a process that is to end.
const END_PAUSE: Duration = Duration::from_millis(20);

/// A running program. Dropping it ends it, and so does our own end.
pub struct Process {
    child: Child,
}

/// A signal, by the name `kill` knows it.
#[derive(Clone, Copy)]
pub enum Signal {
    Hangup,
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

    /// Adds its output to a file that this program writes.
    pub fn start_with_copied_log(command: &mut Command, log: &Path) -> Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Self::start(command)?;
        let (out, errors) = (process.child.stdout.take(), process.child.stderr.take());
        let copy = |mut from: Box<dyn Read + Send>| -> Result<()> {
            let mut file = File::options().create(true).append(true).open(log)?;
            // Ends with the process.
            std::thread::spawn(move || std::io::copy(&mut from, &mut file));
            Ok(())
        };
        copy(Box::new(out.context("no output")?))?;
        copy(Box::new(errors.context("no output")?))?;
        Ok(process)
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
            Signal::Hangup => "-HUP",
            Signal::Interrupt => "-INT",
            Signal::Term => "-TERM",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let id = self.child.id().to_string();
        Command::new("kill").args([name, &id]).status()?;
        Ok(())
    }

    /// Asks it to end and waits for that, also if we are interrupted; kills it if it does not
    /// end within `limit`.
    pub fn end(&mut self, limit: Duration) -> Result<()> {
        self.signal(Signal::Term)?;
        let start = Instant::now();
        while self.ended()?.is_none() && start.elapsed() < limit {
            wait::pause(END_PAUSE);
        }
        self.kill()
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

/// Runs a program to its end. It is killed if that takes too long, or if we end.
pub fn run(command: &mut Command, limit: Duration) -> Result<Output> {
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdout(stdout.try_clone()?);
    command.stderr(stderr.try_clone()?);
    let status = Process::start(command)?.wait(limit)?;
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes).map(|_| bytes)
    };
    Ok(Output {
        status,
        stdout: read(&mut stdout)?,
        stderr: read(&mut stderr)?,
    })
}

/// The last lines of a file.
pub fn tail(log: &Path, lines_max: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(lines_max)..].join("\n")
}
