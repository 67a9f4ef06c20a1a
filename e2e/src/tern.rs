//! `tern` as an operator runs it: commands with a time limit, and the daemon.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::process::{Process, Signal};
use crate::{binaries, wait};

/// No command takes longer, even on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_secs(180);

/// A home directory to run `tern` with.
#[derive(Clone, Debug)]
pub struct Tern {
    pub home: PathBuf,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("not JSON: {}\n{}", self.stdout, self.stderr))
    }

    /// Everything it said.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Tern {
    /// Runs a command to its end, whatever that is.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        let mut running = self.spawn(args)?;
        let code = running.wait(COMMAND_LIMIT)?;
        running.output(code)
    }

    /// Runs a command that must succeed, with `--json`.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let output = self.run(&[args, &["--json"]].concat())?;
        ensure!(
            output.code == Some(0),
            "tern {args:?} ended with {:?}: {}",
            output.code,
            output.text()
        );
        output.json()
    }

    /// Runs a command that must fail; returns what it said.
    pub fn fails(&self, args: &[&str]) -> Result<Output> {
        let output = self.run(args)?;
        ensure!(
            output.code != Some(0),
            "tern {args:?} did not fail: {}",
            output.text()
        );
        Ok(output)
    }

    /// Starts a command and returns at once.
    pub fn spawn(&self, args: &[&str]) -> Result<Running> {
        let folder = tempfile::tempdir_in(self.home.parent().unwrap_or(&self.home))?.keep();
        let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
        let mut command = Command::new(binaries::tern()?);
        command.arg("--home").arg(&self.home).args(args);
        let child = command
            .stdin(std::process::Stdio::null())
            .stdout(std::fs::File::create(&stdout)?)
            .stderr(std::fs::File::create(&stderr)?)
            .spawn()?;
        Ok(Running {
            child,
            stdout,
            stderr,
            args: format!("{args:?}"),
        })
    }

    /// Starts the daemon.
    pub fn start(&self) -> Result<Daemon> {
        let log = self.home.join("tern.log");
        let mut command = Command::new(binaries::tern()?);
        command.arg("--home").arg(&self.home).arg("start");
        Ok(Daemon {
            process: Process::start(&mut command, &log)?,
        })
    }
}

/// A command under way.
pub struct Running {
    child: std::process::Child,
    stdout: PathBuf,
    stderr: PathBuf,
    args: String,
}

impl Running {
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let ended = wait::until("a command's end", limit, || Ok(self.child.try_wait()?));
        ended.with_context(|| format!("tern {}: {}", self.args, self.said()))
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub fn output(&self, status: ExitStatus) -> Result<Output> {
        Ok(Output {
            code: status.code(),
            stdout: std::fs::read_to_string(&self.stdout)?,
            stderr: std::fs::read_to_string(&self.stderr)?,
        })
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        format!("{}{}", read(&self.stdout), read(&self.stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, or ended now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `tern start`.
pub struct Daemon {
    process: Process,
}

impl Daemon {
    /// `kill -9`.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM; returns how it ended.
    pub fn terminate(mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.signal(Signal::Term)?;
        self.process.wait(limit)
    }

    /// Waits until its log says this.
    pub fn says(&self, text: &str, limit: Duration) -> Result<()> {
        let said = wait::until(&format!("`{text}` in the daemon's log"), limit, || {
            Ok(self.log().contains(text).then_some(()))
        });
        said.with_context(|| self.process.tail())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.process.log).unwrap_or_default()
    }

    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }
}
