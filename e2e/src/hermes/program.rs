//! Hermes as an operator runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use serde_json::Value;

use crate::process::{self, Process, Signal};
use crate::wait;

const INSTALL: &str = "Hermes is needed: `apt-get install libclang-dev protobuf-compiler`, then \
     `cargo install ibc-relayer-cli --version 1.10.5 --locked`. `HERMES` names it if it is not \
     on the PATH.";
const START_LIMIT: Duration = Duration::from_secs(60);
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// The program, with a configuration and keys.
pub struct Hermes {
    program: PathBuf,
    config: PathBuf,
    folder: PathBuf,
}

impl Hermes {
    /// Finds Hermes, and gives it this configuration and a key for each chain.
    pub fn prepare(
        folder: &Path,
        config: &str,
        key: (&str, &str),
        chains: &[&str],
    ) -> Result<Self> {
        let program = std::env::var_os("HERMES").unwrap_or_else(|| "hermes".into());
        let hermes = Self {
            program: program.into(),
            config: folder.join("hermes.toml"),
            folder: folder.to_owned(),
        };
        if Command::new(&hermes.program)
            .arg("version")
            .output()
            .is_err()
        {
            bail!("{INSTALL}");
        }
        std::fs::write(&hermes.config, config)?;
        let mnemonic = folder.join("hermes.mnemonic");
        std::fs::write(&mnemonic, key.1)?;
        let mnemonic = mnemonic.to_string_lossy();
        for chain in chains {
            let key = ["--chain", chain, "--key-name", key.0];
            let add = ["keys", "add", "--mnemonic-file", &mnemonic];
            hermes.run(&[&add[..], &key[..]].concat())?;
        }
        Ok(hermes)
    }

    /// Runs a command that must succeed; returns what it prints.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        let output = process::run(&mut self.command(args), RUN_LIMIT)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "hermes {args:?}: {printed}{log}");
        Ok(printed)
    }

    /// Starts relaying; dropping what is returned kills it. `time` names the log.
    pub fn start(&self, time: &str) -> Result<Relaying> {
        let log = self.folder.join(format!("hermes-{time}.log"));
        let process = Process::start_with_log(&mut self.command(&["start"]), &log)?;
        let started = wait::until("Hermes to start", START_LIMIT, || {
            let printed = std::fs::read_to_string(&log).unwrap_or_default();
            Ok(printed.contains("Hermes has started").then_some(()))
        });
        started.with_context(|| format!("see {}", log.display()))?;
        Ok(Relaying { process, log })
    }

    /// Fails if Hermes sees anything pending on a channel.
    pub fn nothing_pending(&self, chain: &str, port: &str, channel: &str) -> Result<()> {
        let query = ["--json", "query", "packet", "pending", "--port", port];
        let printed =
            self.run(&[&query[..], &["--chain", chain, "--channel", channel]].concat())?;
        let mut answers = printed.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line.get("result").cloned()
        });
        let answer = answers.next_back().with_context(|| printed.clone())?;
        for end in ["src", "dst"] {
            for list in ["unreceived_packets", "unreceived_acks"] {
                let list = answer[end][list].as_array();
                ensure!(
                    list.is_some_and(Vec::is_empty),
                    "{chain}, {channel}: {printed}"
                );
            }
        }
        Ok(())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).args(args);
        command
    }
}

/// `hermes start`, running.
pub struct Relaying {
    process: Process,
    log: PathBuf,
}

impl Relaying {
    /// With a backlog of events it does not end when it is told to: then it is killed.
    pub fn stop(mut self) -> Result<()> {
        self.process.signal(Signal::Interrupt)?;
        match self.process.wait(START_LIMIT) {
            Ok(_) => Ok(()),
            Err(_) => self.process.kill(),
        }
    }

    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// The newest lines of its log.
    pub fn tail(&self) -> String {
        process::tail(&self.log, 20)
    }

    /// How many errors it has logged.
    pub fn errors(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("ERROR")).count()
    }
}
