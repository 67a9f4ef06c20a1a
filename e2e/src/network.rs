//! Chains and a home for `tern` beside them.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::chain::{ChainSpec, TestChain};
use crate::tern::{self, Tern};
use crate::{interrupt, process, wait, OTHER, POOR, RELAYER, USER};

/// Chains share two cores: one network at a time in each test program.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
const REMOVE_LIMIT: Duration = Duration::from_secs(10);

/// What a home's configuration says, apart from addresses.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The key that relays.
    pub key: &'static str,
    /// The gas price's amount, such as `0.025`.
    pub gas_price: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            key: RELAYER.0,
            gas_price: "0.025",
        }
    }
}

/// Running chains, and a home with keys and a configuration for them.
pub struct Network {
    pub chains: Vec<TestChain>,
    /// The relayer's home.
    pub tern: Tern,
    /// The home of somebody who sends tokens, at a gas price of zero: so
    /// balances add up without fees.
    pub user: Tern,
    folder: Option<TempDir>,
    _turn: MutexGuard<'static, ()>,
}

impl Network {
    /// `akash-a` and `kava-a`, started.
    pub fn two() -> Result<Self> {
        Self::of(vec![ChainSpec::akash(), ChainSpec::kava()])
    }

    pub fn of(specs: Vec<ChainSpec>) -> Result<Self> {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::Builder::new().prefix("tern-e2e-").tempdir()?;
        let root = folder.path().to_owned();
        let started: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = specs
                .into_iter()
                .map(|spec| scope.spawn(|| TestChain::start(spec, &root)))
                .collect();
            starting.into_iter().map(|chain| chain.join()).collect()
        });
        let chains = started
            .into_iter()
            .map(|chain| chain.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<_>>>()?;
        let network = Self {
            chains,
            tern: Tern {
                home: root.join("home"),
            },
            user: Tern {
                home: root.join("user"),
            },
            folder: Some(folder),
            _turn: turn,
        };
        network.with_homes()
    }

    /// Starts one more chain. The homes are made anew, and know it.
    pub fn with(mut self, spec: ChainSpec) -> Result<Self> {
        self.chains.push(TestChain::start(spec, &self.path())?);
        for Tern { home } in [&self.tern, &self.user] {
            std::fs::remove_dir_all(home)?;
        }
        self.with_homes()
    }

    fn with_homes(mut self) -> Result<Self> {
        self.tern = self.home("home", Setup::default())?;
        let free = Setup {
            key: USER.0,
            gas_price: "0",
        };
        self.user = self.home("user", free)?;
        Ok(self)
    }

    /// A home with all keys and a configuration for these chains.
    pub fn home(&self, name: &str, setup: Setup) -> Result<Tern> {
        let home = self.path().join(name);
        std::fs::create_dir_all(&home)?;
        std::fs::write(home.join("config.toml"), self.config(setup)?)?;
        let tern = Tern { home };
        for (key, mnemonic) in [RELAYER, USER, OTHER, POOR] {
            let file = self.path().join(format!("{key}.mnemonic"));
            std::fs::write(&file, mnemonic)?;
            for chain in &self.chains {
                let file = file.to_string_lossy();
                let args = [
                    "keys",
                    "add",
                    chain.spec.id,
                    "--name",
                    key,
                    "--mnemonic-file",
                    &file,
                ];
                tern.json(&args)?;
            }
        }
        Ok(tern)
    }

    fn config(&self, setup: Setup) -> Result<String> {
        let mut text = String::new();
        for chain in &self.chains {
            let (spec, rpc, grpc) = (&chain.spec, chain.rpc_port, chain.grpc_port);
            writeln!(text, "[[chain]]\nid = \"{}\"", spec.id)?;
            writeln!(text, "rpc = \"http://127.0.0.1:{rpc}\"")?;
            writeln!(text, "grpc = \"http://127.0.0.1:{grpc}\"")?;
            writeln!(text, "account_prefix = \"{}\"", spec.prefix)?;
            writeln!(text, "key_type = \"{}\"", spec.version.key_type())?;
            writeln!(text, "gas_price = \"{}{}\"", setup.gas_price, spec.denom)?;
            writeln!(text, "key = \"{}\"\n", setup.key)?;
        }
        Ok(text)
    }

    /// The end of a scenario that went well: the chains end, and nothing is kept.
    pub fn passed(mut self) -> Result<()> {
        self.chains.clear();
        let Some(folder) = self.folder.take() else {
            return Ok(());
        };
        let folder = folder.keep();
        // A daemon that is still there may write in the midst of it.
        wait::until(
            "the folder to be removed",
            REMOVE_LIMIT,
            || match std::fs::remove_dir_all(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(())),
                removed => removed.map(Some).map_err(Into::into),
            },
        )
    }

    /// The folder of everything; removed by [`Network::passed`].
    pub fn path(&self) -> PathBuf {
        self.folder
            .as_ref()
            .map(TempDir::path)
            .map(Path::to_owned)
            .unwrap_or_default()
    }

    pub fn chain(&self, id: &str) -> Result<&TestChain> {
        let chain = self.chains.iter().find(|chain| chain.spec.id == id);
        chain.with_context(|| format!("there is no chain {id}"))
    }

    pub fn chain_mut(&mut self, id: &str) -> Result<&mut TestChain> {
        let chain = self.chains.iter_mut().find(|chain| chain.spec.id == id);
        chain.with_context(|| format!("there is no chain {id}"))
    }

    /// The address of one of the keys on a chain.
    pub fn address(&self, chain: &str, key: &str) -> Result<String> {
        let keys = self.tern.json(&["keys", "list", chain])?;
        let keys = keys
            .as_array()
            .or(keys["keys"].as_array())
            .context("no list of keys")?;
        let key = keys.iter().find(|listed| listed["name"] == key);
        let address = key.and_then(|key| key["address"].as_str());
        Ok(address
            .with_context(|| format!("no key in {keys:?}"))?
            .to_owned())
    }

    /// Opens a transfer channel between akash and kava; returns both ends' ids.
    pub fn open_channel(&self, tern: &Tern) -> Result<(String, String)> {
        self.open_channel_between(tern, ["akash-a", "kava-a"])
    }

    /// Opens a transfer channel between two chains; returns both ends' ids, in their order.
    pub fn open_channel_between(&self, tern: &Tern, chains: [&str; 2]) -> Result<(String, String)> {
        let opened = tern.json(&["channel", "open", chains[0], chains[1]])?;
        let id = |chain: &str| -> Result<String> {
            let end = if opened["chain_1"]["chain_id"] == chain {
                "chain_1"
            } else {
                "chain_2"
            };
            let id = opened["channels"][0][end]["channel_id"].as_str();
            Ok(id.context("no channel id")?.to_owned())
        };
        Ok((id(chains[0])?, id(chains[1])?))
    }

    /// Sends `count` transfers; does not wait for them.
    pub fn send(
        &self,
        src: &str,
        channel: &str,
        coin: &str,
        receiver: &str,
        count: u32,
    ) -> Result<Value> {
        let count = count.to_string();
        let args = ["transfer", src, channel, coin, receiver, "--count", &count];
        self.user.json(&args)
    }

    /// Waits until no packet of the channel is open on either chain.
    pub fn settled(&self, on_akash: &str, on_kava: &str, limit: Duration) -> Result<()> {
        let (akash, kava) = (self.chain("akash-a")?, self.chain("kava-a")?);
        let mut asked_at = (0, 0);
        wait::until("every packet to be done", limit, || {
            // Counting costs more than a moment: once in each block.
            let now = (akash.height()?, kava.height()?);
            if now == asked_at {
                return Ok(None);
            }
            asked_at = now;
            let open =
                akash.commitments("transfer", on_akash)? + kava.commitments("transfer", on_kava)?;
            Ok((open == 0).then_some(()))
        })
    }
}

impl Drop for Network {
    /// Whatever way this was left without [`Network::passed`], it is a failure.
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else {
            return;
        };
        if interrupt::is_interrupted() {
            // Nothing failed: nothing is kept.
            self.chains.clear();
            return;
        }
        let homes = std::fs::read_dir(folder.path()).into_iter().flatten();
        let logs = homes.flatten().map(|home| tern::log(&home.path()));
        for log in logs.filter(|log| log.exists()) {
            eprintln!("--- {}\n{}", log.display(), process::tail(&log, 40));
        }
        for chain in &self.chains {
            eprintln!("--- {}\n{}", chain.spec.id, chain.tail());
        }
        eprintln!("--- logs and homes are kept in {}", folder.keep().display());
    }
}
