//! Hermes, with the settings its users have for busy channels: push mode, 50
//! messages a transaction, a filter for its own channel. Everything else is its
//! default, or what its own example configuration says.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{HermesChain, HermesConfig, OTHER};

use super::{Channel, Nodes, Relayer, Running};
use crate::stage::Stage;

pub struct Hermes {
    binary: PathBuf,
    home: PathBuf,
}

impl Hermes {
    pub fn new(stage: &Stage, binary: &Path) -> Result<Self> {
        let home = stage.folder().join("bench-hermes");
        std::fs::create_dir_all(&home)?;
        let hermes = Self {
            binary: binary.to_owned(),
            home,
        };
        hermes.configure(stage, &stage.nodes(), None)?;
        let words = hermes.home.join("mnemonic");
        std::fs::write(&words, OTHER.1)?;
        for site in &stage.sites {
            let words = words.to_string_lossy();
            hermes.run(&["keys", "add", "--chain", site.id, "--mnemonic-file", &words])?;
        }
        Ok(hermes)
    }

    /// What `hermes version` says.
    pub fn version(binary: &Path) -> Result<String> {
        let output = Command::new(binary).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn configure(&self, stage: &Stage, nodes: &Nodes, channel: Option<&Channel>) -> Result<()> {
        let chains = stage.sites.iter().enumerate();
        let chains = chains.map(|(at, site)| HermesChain {
            id: site.id,
            prefix: site.prefix,
            denom: site.denom,
            rpc: nodes.rpc[at],
            grpc: nodes.grpc[at],
            channel: channel.map(|channel| channel.0[at].as_str()),
        });
        let config = HermesConfig {
            key: OTHER.0,
            keys: &self.home.join("keys"),
            misbehaviour: false,
            clear_interval: 100,
            clear_limit: 1000,
            max_msg_num: 50,
        };
        let chains: Vec<HermesChain<'_>> = chains.collect();
        std::fs::write(self.config(), config.text(&chains))?;
        Ok(())
    }

    fn config(&self) -> PathBuf {
        self.home.join("config.toml")
    }

    /// Runs a command that must succeed; returns its result.
    fn run(&self, args: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.config()).arg("--json");
        let output = command.args(args).output();
        let output = output.with_context(|| format!("cannot run {}", self.binary.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "hermes {args:?}: {said}");
        let result = said.lines().rev().find_map(|line| {
            let mut line: Value = serde_json::from_str(line).ok()?;
            (line["status"] == "success").then(|| line["result"].take())
        });
        result.with_context(|| format!("hermes {args:?} said {said}"))
    }
}

impl Relayer for Hermes {
    fn name(&self) -> &'static str {
        "hermes"
    }

    fn mnemonic(&self) -> &'static str {
        OTHER.1
    }

    fn open_channel(&self, stage: &Stage, nodes: &Nodes) -> Result<Channel> {
        self.configure(stage, nodes, None)?;
        let [a, b] = &stage.sites;
        let opened = self.run(&[
            "create",
            "channel",
            "--a-chain",
            a.id,
            "--b-chain",
            b.id,
            "--a-port",
            "transfer",
            "--b-port",
            "transfer",
            "--new-client-connection",
            "--yes",
        ])?;
        let id = |side: &str| opened[side]["channel_id"].as_str().map(str::to_owned);
        match (id("a_side"), id("b_side")) {
            (Some(on_akash), Some(on_kava)) => Ok(Channel([on_akash, on_kava])),
            _ => anyhow::bail!("`hermes create channel` said {opened}"),
        }
    }

    fn start(&self, stage: &Stage, nodes: &Nodes, channel: Option<&Channel>) -> Result<Running> {
        self.configure(stage, nodes, channel)?;
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.config()).arg("start");
        let log = self.home.join("hermes.log");
        Running::start(command, log, ("Hermes has started", 1))
    }
}
