//! Tern, as it is built beside this program or by somebody else, with its default
//! settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tern_e2e::{tern_binary, Tern as Home, OTHER, RELAYER};

use super::{Channel, Implementation, Nodes, Relayer, Running};
use crate::environment::{configure, home, End, Environment, Setting};

const SETTING: Setting = Setting { key: RELAYER };
const OTHER_SETTING: Setting = Setting { key: OTHER };

pub struct Tern {
    home: Home,
    setting: Setting,
    /// Another build of Tern; `None` is the one beside this program.
    binary: Option<PathBuf>,
    /// A command that runs the daemon, such as `perf record -o FILE --`. Usually empty.
    under: Vec<String>,
}

impl Tern {
    pub fn new(environment: &Environment, under: &[String]) -> Result<Self> {
        Ok(Self {
            home: home(environment, "bench-tern", SETTING)?,
            setting: SETTING,
            binary: None,
            under: under.to_vec(),
        })
    }

    /// Another build, such as that of an earlier commit. Its daemon is measured; its
    /// channel is opened by the build beside this program.
    pub fn other(environment: &Environment, binary: &Path) -> Result<Self> {
        Ok(Self {
            home: home(environment, "bench-other", OTHER_SETTING)?,
            setting: OTHER_SETTING,
            binary: Some(binary.to_owned()),
            under: vec![],
        })
    }

    /// Relays what a failed round has left pending on a relayer's channel, so that the next
    /// round does not begin with it.
    pub fn clear(environment: &Environment, relayer: &Relayer) -> Result<()> {
        let Some(channel) = &relayer.channel else {
            return Ok(());
        };
        let home = home(environment, "bench-clear", SETTING)?;
        for end in End::BOTH {
            home.json(&[
                "packet",
                "clear",
                environment.endpoint(end).id,
                channel.id(end),
            ])?;
        }
        Ok(())
    }
}

impl Implementation for Tern {
    fn name(&self) -> &'static str {
        match self.binary {
            None => "tern",
            Some(_) => "other tern",
        }
    }

    fn mnemonic(&self) -> &'static str {
        self.setting.key.1
    }

    fn open_channel(&self, environment: &Environment, nodes: &Nodes) -> Result<Channel> {
        configure(environment, &self.home, self.setting, nodes)?;
        let [a, b] = &environment.endpoints;
        let opened = self.home.json(&["channel", "open", a.id, b.id])?;
        if self.binary.is_some() {
            // Another build may have another format.
            let store = self.home.home.join("store");
            std::fs::remove_dir_all(&store)
                .with_context(|| format!("cannot remove {}", store.display()))?;
        }
        // `chain_1` is the first by name, which is akash.
        let id = |chain: &str| opened["channels"][0][chain]["channel_id"].as_str();
        let id = |chain: &str| id(chain).map(str::to_owned);
        match (id("chain_1"), id("chain_2")) {
            (Some(on_akash), Some(on_kava)) => Ok(Channel([on_akash, on_kava])),
            _ => anyhow::bail!("`tern channel open` printed {opened}"),
        }
    }

    fn start(
        &self,
        environment: &Environment,
        nodes: &Nodes,
        _: Option<&Channel>,
    ) -> Result<Running> {
        configure(environment, &self.home, self.setting, nodes)?;
        let binary = match &self.binary {
            None => tern_binary()?,
            Some(binary) => binary.clone(),
        };
        let mut command = match self.under.split_first() {
            None => Command::new(binary),
            Some((program, args)) => {
                let mut command = Command::new(program);
                command.args(args).arg(binary);
                command
            }
        };
        command.arg("--home").arg(&self.home.home).arg("start");
        command.env_remove("TERN_LOG");
        command.env("TERN_LOG_FORMAT", "text");
        let log = self.home.home.join("tern.log");
        Running::start(command, log, (": following ", 2))
    }
}
