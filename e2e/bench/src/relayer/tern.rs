//! Tern, as it is built beside this program, with its default settings.

use std::process::Command;

use anyhow::Result;
use tern_e2e::{tern_binary, Tern as Home, RELAYER};

use super::{Channel, Contestant, Nodes, Relayer, Running};
use crate::stage::{configure, home, End, Setting, Stage};

const SETTING: Setting = Setting { key: RELAYER };

pub struct Tern {
    home: Home,
    /// A command that runs the daemon, such as `perf record -o FILE --`; mostly none.
    under: Vec<String>,
}

impl Tern {
    pub fn new(stage: &Stage, under: &[String]) -> Result<Self> {
        Ok(Self {
            home: home(stage, "bench-tern", SETTING)?,
            under: under.to_vec(),
        })
    }

    /// Relays what a failed round has left on a contestant's channel, before the
    /// next one.
    pub fn clear(stage: &Stage, contestant: &Contestant) -> Result<()> {
        let Some(channel) = &contestant.own else {
            return Ok(());
        };
        let home = home(stage, "bench-clear", SETTING)?;
        for end in End::BOTH {
            home.json(&["packet", "clear", stage.site(end).id, channel.id(end)])?;
        }
        Ok(())
    }
}

impl Relayer for Tern {
    fn name(&self) -> &'static str {
        "tern"
    }

    fn mnemonic(&self) -> &'static str {
        SETTING.key.1
    }

    fn open_channel(&self, stage: &Stage, nodes: &Nodes) -> Result<Channel> {
        configure(stage, &self.home, SETTING, nodes)?;
        let [a, b] = &stage.sites;
        let opened = self.home.json(&["channel", "open", a.id, b.id])?;
        // The registry's order is that of the chains' names: ours.
        let id = |chain: &str| opened["channels"][0][chain]["channel_id"].as_str();
        let id = |chain: &str| id(chain).map(str::to_owned);
        match (id("chain_1"), id("chain_2")) {
            (Some(on_akash), Some(on_kava)) => Ok(Channel([on_akash, on_kava])),
            _ => anyhow::bail!("`tern channel open` said {opened}"),
        }
    }

    fn start(&self, stage: &Stage, nodes: &Nodes, _: Option<&Channel>) -> Result<Running> {
        configure(stage, &self.home, SETTING, nodes)?;
        let binary = tern_binary()?;
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
        let log = self.home.home.join("tern.log");
        Running::start(command, log, (": following ", 2))
    }
}
