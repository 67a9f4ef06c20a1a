//! A second node of a chain, without voting power: for what may happen to the node that
//! Tern asks while the chain goes on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{bail, Context, Result};

use crate::chain::TestChain;
use crate::ports::free_ports;
use crate::settings::ConfigFile::{App, Client, Comet};
use crate::wait;

const SYNC_LIMIT: Duration = Duration::from_secs(60);
/// It usually takes 15 to 30 s.
const REJOIN_LIMIT: Duration = Duration::from_secs(45);
const REJOIN_TRIES: u32 = 3;

impl TestChain {
    /// Prepares another full node of this running chain. It has this node as its only
    /// peer, and a configuration of its own that starts as a copy.
    pub fn follower(&self, name: &str) -> Result<Self> {
        let [rpc_port, grpc_port, p2p_port] = free_ports()?;
        let folder = self.home.parent().context("a home has a parent")?;
        let home = folder.join(format!("{}-{name}", self.spec.id));
        for part in ["config", "keyring-test"] {
            copy_folder(&self.home.join(part), &home.join(part))?;
        }
        fs::create_dir_all(home.join("data"))?;
        // It makes keys of its own at its start.
        for key in ["node_key.json", "priv_validator_key.json"] {
            fs::remove_file(home.join("config").join(key))?;
        }
        let follower = Self {
            log: folder.join(format!("{}-{name}.log", self.spec.id)),
            spec: self.spec.clone(),
            rpc_port,
            grpc_port,
            p2p_port,
            eth_ports: None,
            home,
            process: None,
        };
        let address = |port: u16| format!("\"tcp://127.0.0.1:{port}\"");
        follower.set(Comet, "rpc", "laddr", &address(rpc_port))?;
        follower.set(Comet, "p2p", "laddr", &address(p2p_port))?;
        follower.set(
            App,
            "grpc",
            "address",
            &format!("\"127.0.0.1:{grpc_port}\""),
        )?;
        follower.set(Client, "", "node", &address(rpc_port))?;
        follower.connect_to(Some(self))?;
        Ok(follower)
    }

    /// Two nodes have the chain's validator key from here on and do not know of each other:
    /// each makes blocks of its own at the same heights. The first is down for a moment.
    pub fn fork(&mut self, name: &str) -> Result<Self> {
        const KEY: &str = "config/priv_validator_key.json";
        let mut fork = self.follower(name)?;
        fork.connect_to(None)?;
        self.down()?;
        fs::copy(self.home.join(KEY), fork.home.join(KEY))?;
        copy_folder(&self.home.join("data"), &fork.home.join("data"))?;
        self.up()?;
        fork.up()?;
        Ok(fork)
    }

    /// From its next start on the node has this peer, or none.
    pub fn connect_to(&self, peer: Option<&Self>) -> Result<()> {
        let peer = match peer {
            Some(peer) => {
                let status = peer.rpc("/status")?;
                let id = status["node_info"]["id"].as_str().context("no node id")?;
                format!("{id}@127.0.0.1:{}", peer.p2p_port)
            }
            None => String::new(),
        };
        self.set(Comet, "p2p", "persistent_peers", &format!("\"{peer}\""))
    }

    /// Waits until the node says that it has caught up with its peers.
    pub fn synced(&self) -> Result<()> {
        wait::until("the node to catch up", SYNC_LIMIT, || {
            let status = self.rpc("/status")?;
            Ok((status["sync_info"]["catching_up"] == false).then_some(()))
        })
        .with_context(|| self.tail())
    }

    /// Waits until the node has a block that was made after this call. A node whose peer went
    /// away and came back does not always find it by itself: then it is started again.
    pub fn follows(&mut self, peer: &Self) -> Result<()> {
        for _ in 0..REJOIN_TRIES {
            let height = peer.height()? + 1;
            let found = wait::until("the node to get new blocks", REJOIN_LIMIT, || {
                Ok((self.height()? >= height).then_some(()))
            });
            if found.is_ok() {
                return Ok(());
            }
            self.down()?;
            self.up()?;
        }
        bail!("the node finds its peer no more:\n{}", self.tail())
    }

    /// Keeps a copy of the data of a node that is down.
    pub fn take_snapshot(&self) -> Result<()> {
        copy_folder(&self.home.join("data"), &self.home.join("snapshot"))
    }

    /// Puts the copy in the place of the data of a node that is down.
    pub fn restore_snapshot(&self) -> Result<()> {
        fs::remove_dir_all(self.home.join("data"))?;
        copy_folder(&self.home.join("snapshot"), &self.home.join("data"))
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("no {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
