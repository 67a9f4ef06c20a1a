//! Tern, as it is built beside this program, with its default settings.

use std::process::Command;

use anyhow::Result;
use tern_e2e::{tern_binary, Network, Setup, Tern as Home, RELAYER};

use super::{Channel, Nodes, Relayer, Running};
use crate::stage::{End, Stage};

pub struct Tern {
    home: Home,
    /// The configuration with the nodes' own ports.
    config: String,
    own: Nodes,
}

impl Tern {
    pub fn new(stage: &Stage) -> Result<Self> {
        let home = stage.network.home("bench-tern", Setup::default())?;
        Ok(Self {
            config: std::fs::read_to_string(home.home.join("config.toml"))?,
            home,
            own: stage.nodes(),
        })
    }

    /// Relays what a failed round has left on a channel, before the next one.
    pub fn clear(network: &Network, channel: &Channel) -> Result<()> {
        for end in End::BOTH {
            let chain = network.chains[end.index()].spec.id;
            let args = ["packet", "clear", chain, channel.id(end)];
            network.tern.json(&args)?;
        }
        Ok(())
    }

    fn configure(&self, nodes: &Nodes) -> Result<()> {
        let address = |port: u16| format!("http://127.0.0.1:{port}\"");
        let mut config = self.config.clone();
        let own = self.own.rpc.iter().chain(&self.own.grpc);
        for (own, port) in own.zip(nodes.rpc.iter().chain(&nodes.grpc)) {
            config = config.replace(&address(*own), &address(*port));
        }
        std::fs::write(self.home.home.join("config.toml"), config)?;
        Ok(())
    }
}

impl Relayer for Tern {
    fn name(&self) -> &'static str {
        "tern"
    }

    fn key(&self) -> &'static str {
        RELAYER.0
    }

    fn open_channel(&self, nodes: &Nodes) -> Result<Channel> {
        self.configure(nodes)?;
        let opened = self.home.json(&["channel", "open", "akash-a", "kava-a"])?;
        // The registry's order is that of the chains' names: ours.
        let id = |chain: &str| opened["channels"][0][chain]["channel_id"].as_str();
        let id = |chain: &str| id(chain).map(str::to_owned);
        match (id("chain_1"), id("chain_2")) {
            (Some(on_akash), Some(on_kava)) => Ok(Channel([on_akash, on_kava])),
            _ => anyhow::bail!("`tern channel open` said {opened}"),
        }
    }

    fn start(&self, nodes: &Nodes, _: &Channel) -> Result<Running> {
        self.configure(nodes)?;
        let mut command = Command::new(tern_binary()?);
        command.arg("--home").arg(&self.home.home).arg("start");
        command.env_remove("TERN_LOG");
        let log = self.home.home.join("tern.log");
        Running::start(command, log, (": following ", 2))
    }
}
