//! `tern` as an operator runs it: commands with a time limit, and the daemon.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::chain::TestChain;
use crate::process::{self, Process, Signal};
use crate::{binaries, wait};

/// No command takes longer, even on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_secs(180);

/// A home directory to run `tern` with.
#[derive(Clone, Debug)]
pub struct Tern {
    pub home: PathBuf,
}

/// Where the daemon's log goes: that of every daemon of a home.
pub(crate) fn log(home: &Path) -> PathBuf {
    home.join("tern.log")
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

    /// Replaces text in the configuration, which must be there.
    pub fn reconfigure(&self, from: &str, to: &str) -> Result<()> {
        let path = self.home.join("config.toml");
        let config = std::fs::read_to_string(&path)?;
        ensure!(config.contains(from), "no `{from}` in {config}");
        Ok(std::fs::write(&path, config.replace(from, to))?)
    }

    /// From its next start on Tern serves HTTP, on a free port.
    pub fn serve_http(&self) -> Result<()> {
        self.configure_more("\n[http]\nlisten = \"127.0.0.1:0\"\n")
    }

    /// The same, and who has this token may act.
    pub fn serve_http_with_token(&self, token: &str) -> Result<()> {
        self.write_token(token)?;
        self.serve_http()?;
        self.configure_more("token_file = \"token\"\n")
    }

    /// From its next start, or reload, on this is the token.
    pub fn write_token(&self, token: &str) -> Result<()> {
        let path = self.home.join("token");
        std::fs::write(&path, token)?;
        Ok(std::fs::set_permissions(
            &path,
            std::fs::Permissions::from_mode(0o600),
        )?)
    }

    fn configure_more(&self, text: &str) -> Result<()> {
        let path = self.home.join("config.toml");
        let config = std::fs::read_to_string(&path)?;
        Ok(std::fs::write(&path, config + text)?)
    }

    /// From its next start on Tern asks `to` where it asked the port `from`.
    pub fn redirect(&self, from: u16, to: u16) -> Result<()> {
        self.reconfigure(&format!(":{from}\""), &format!(":{to}\""))
    }

    /// From its next start on Tern asks `to` where it asked the node `from`.
    pub fn ask_instead(&self, from: &TestChain, to: &TestChain) -> Result<()> {
        self.redirect(from.rpc_port, to.rpc_port)?;
        self.redirect(from.grpc_port, to.grpc_port)
    }

    /// Starts a command and returns at once.
    pub fn spawn(&self, args: &[&str]) -> Result<Running> {
        let folder = tempfile::tempdir_in(self.home.parent().unwrap_or(&self.home))?.keep();
        let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
        let mut command = self.command(args)?;
        command.stdout(File::create(&stdout)?);
        command.stderr(File::create(&stderr)?);
        Ok(Running {
            process: Process::start(&mut command)?,
            stdout,
            stderr,
            args: format!("{args:?}"),
        })
    }

    /// Starts the daemon.
    pub fn start(&self) -> Result<Daemon> {
        let log = log(&self.home);
        let mut command = self.command(&["start"])?;
        let begin = std::fs::metadata(&log).map_or(0, |metadata| metadata.len() as usize);
        Ok(Daemon {
            process: Process::start_with_log(&mut command, &log)?,
            log,
            begin,
        })
    }

    /// Starts the daemon where no file can become longer than so many bytes: a write beyond
    /// fails as on a full disk. Its log is not limited.
    pub fn start_with_file_limit(&self, bytes: u64) -> Result<Daemon> {
        // In units of 512 bytes. The default of the signal would end the program.
        const SCRIPT: &str = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
        let log = log(&self.home);
        let begin = std::fs::metadata(&log).map_or(0, |metadata| metadata.len() as usize);
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]);
        command.arg((bytes / 512).to_string());
        command.arg(binaries::tern()?).arg("--home").arg(&self.home);
        command.arg("start").env_remove("TERN_LOG");
        command.env("TERN_LOG_FORMAT", "text");
        Ok(Daemon {
            process: Process::start_with_copied_log(&mut command, &log)?,
            log,
            begin,
        })
    }

    fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(binaries::tern()?);
        command.arg("--home").arg(&self.home).args(args);
        // What the scenarios read in the log must not depend on the shell.
        command.env_remove("TERN_LOG");
        command.env("TERN_LOG_FORMAT", "text");
        Ok(command)
    }
}

/// A command under way.
pub struct Running {
    process: Process,
    stdout: PathBuf,
    stderr: PathBuf,
    args: String,
}

impl Running {
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let ended = self.process.wait(limit);
        ended.with_context(|| format!("tern {}: {}", self.args, self.said()))
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
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

/// A running `tern start`.
pub struct Daemon {
    process: Process,
    log: PathBuf,
    /// Where its own part of the log begins.
    begin: usize,
}

impl Daemon {
    /// `kill -9`.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM; returns how it ended.
    pub fn terminate(self, limit: Duration) -> Result<ExitStatus> {
        self.stop(Signal::Term, limit)
    }

    /// Sends a signal that asks it to end; returns how it ended.
    pub fn stop(mut self, signal: Signal, limit: Duration) -> Result<ExitStatus> {
        self.process.signal(signal)?;
        let ended = self.process.wait(limit);
        ended.with_context(|| process::tail(&self.log, 40))
    }

    /// SIGHUP: it reads its configuration again.
    pub fn hang_up(&mut self) -> Result<()> {
        self.process.signal(Signal::Hangup)
    }

    /// Waits until its log says this.
    pub fn says(&self, text: &str, limit: Duration) -> Result<()> {
        let said = wait::until(&format!("`{text}` in the daemon's log"), limit, || {
            Ok(self.log().contains(text).then_some(()))
        });
        said.with_context(|| process::tail(&self.log, 40))
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        let mut log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.split_off(self.begin.min(log.len()))
    }

    /// The port where it serves HTTP.
    pub fn http_port(&self) -> Result<u16> {
        const SAYS: &str = "served by HTTP";
        self.says(SAYS, COMMAND_LIMIT)?;
        let log = self.log();
        let line = log.lines().find(|line| line.contains(SAYS));
        let address = line.and_then(|line| line.split("127.0.0.1:").nth(1));
        let digits = address.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        let digits: String = digits.with_context(|| format!("no address in {log}"))?;
        Ok(digits.parse()?)
    }

    /// Waits until it follows all of its chains.
    pub fn follows(&self, chains: usize, limit: Duration) -> Result<()> {
        let follows = wait::until("the daemon to follow its chains", limit, || {
            Ok((self.log().matches(": following ").count() >= chains).then_some(()))
        });
        follows.with_context(|| process::tail(&self.log, 40))
    }

    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Waits until it ends by itself.
    pub fn ends(&mut self, limit: Duration) -> Result<ExitStatus> {
        let ended = self.process.wait(limit);
        ended.with_context(|| process::tail(&self.log, 40))
    }
}
