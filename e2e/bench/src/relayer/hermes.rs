//! Hermes, with settings for busy channels: those that were fastest of what was tried. The
//! README has them with the reasons. Everything else is as in its own example configuration.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{create_channel, HermesChain, HermesConfig, OTHER};

use super::{Channel, Implementation, Nodes, Running};
use crate::environment::Environment;

const RUN_LIMIT: Duration = Duration::from_secs(600);

pub struct Hermes {
    binary: PathBuf,
    home: PathBuf,
}

impl Hermes {
    pub fn new(environment: &Environment, binary: &Path) -> Result<Self> {
        let home = environment.folder().join("bench-hermes");
        std::fs::create_dir_all(&home)?;
        let hermes = Self {
            binary: binary.to_owned(),
            home,
        };
        hermes.configure(environment, &environment.nodes(), None)?;
        let words = hermes.home.join("mnemonic");
        std::fs::write(&words, OTHER.1)?;
        for endpoint in &environment.endpoints {
            let words = words.to_string_lossy();
            hermes.run(&[
                "keys",
                "add",
                "--chain",
                endpoint.id,
                "--mnemonic-file",
                &words,
            ])?;
        }
        Ok(hermes)
    }

    /// What `hermes version` says.
    pub fn version(binary: &Path) -> Result<String> {
        let output = Command::new(binary).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn configure(
        &self,
        environment: &Environment,
        nodes: &Nodes,
        channel: Option<&Channel>,
    ) -> Result<()> {
        let chains = environment.endpoints.iter().enumerate();
        let chains = chains.map(|(at, endpoint)| HermesChain {
            id: endpoint.id,
            prefix: endpoint.prefix,
            denom: endpoint.denom,
            rpc: nodes.rpc[at],
            grpc: nodes.grpc[at],
            channel: channel.map(|channel| channel.0[at].as_str()),
        });
        let config = HermesConfig {
            key: OTHER.0,
            keys: &self.home.join("keys"),
            misbehaviour: false,
            clear_interval: 1000,
            clear_limit: 1000,
            max_msg_num: 100,
            max_tx_size: 500_000,
            // A full transaction takes 10 million.
            default_gas: 15_000_000,
            max_block_time: "2s",
            batch_delay: "200ms",
            trusted_node: false,
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
        let output = tern_e2e::run(command.args(args), RUN_LIMIT)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "hermes {args:?}: {printed}");
        let result = printed.lines().rev().find_map(|line| {
            let mut line: Value = serde_json::from_str(line).ok()?;
            (line["status"] == "success").then(|| line["result"].take())
        });
        result.with_context(|| format!("hermes {args:?} printed {printed}"))
    }
}

impl Implementation for Hermes {
    fn name(&self) -> &'static str {
        "hermes"
    }

    fn mnemonic(&self) -> &'static str {
        OTHER.1
    }

    fn open_channel(&self, environment: &Environment, nodes: &Nodes) -> Result<Channel> {
        self.configure(environment, nodes, None)?;
        let [a, b] = &environment.endpoints;
        let opened = self.run(&create_channel(a.id, b.id))?;
        let id = |side: &str| opened[side]["channel_id"].as_str().map(str::to_owned);
        match (id("a_side"), id("b_side")) {
            (Some(on_akash), Some(on_kava)) => Ok(Channel([on_akash, on_kava])),
            _ => anyhow::bail!("`hermes create channel` printed {opened}"),
        }
    }

    fn start(
        &self,
        environment: &Environment,
        nodes: &Nodes,
        channel: Option<&Channel>,
    ) -> Result<Running> {
        self.configure(environment, nodes, channel)?;
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.config()).arg("start");
        let log = self.home.join("hermes.log");
        Running::start(command, log, ("Hermes has started", 1))
    }
}
