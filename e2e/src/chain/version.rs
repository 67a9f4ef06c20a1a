//! The versions of ibc-go that chains run, and all that differs between their programs.
//!
//! V10 is `chaind`, the chain of our own. The others are `simd`, the application that ibc-go
//! itself is tested with, `evmd`, which has an EVM, and those of cross-chain validation: their
//! homes are made by their own commands, and then given the settings that `chaind prepare` writes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{ensure, Result};
use tern_cosmos_core::{AccountFormat, Key, KeyType, DEFAULT_HD_PATH};

use super::{ChainSpec, TestChain, START_LIMIT};
use crate::settings::ConfigFile::{App, Client, Comet};
use crate::{binaries, process, OTHER, RELAYER, USER};

/// The key of the one validator, which the home makes itself.
pub(super) const VALIDATOR: &str = "validator";
/// What it has, all of it staked: 100 units of voting power.
const STAKE: &str = "100000000";
/// Where wallets of Ethereum have their first key.
const ETHEREUM_HD_PATH: &str = "m/44'/60'/0'/0/0";

/// What a chain runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IbcGo {
    /// v7, Cosmos SDK 0.47, CometBFT 0.37.
    V7,
    /// v8, Cosmos SDK 0.50, CometBFT 0.38.
    V8,
    /// v10, Cosmos SDK 0.53, CometBFT 0.38.
    #[default]
    V10,
    /// v11, Cosmos SDK 0.54, CometBFT 0.39.
    V11,
    /// v11 with an EVM: cosmos/evm 0.7, Cosmos SDK 0.54, CometBFT 0.39.
    V11Evm,
    /// v10, Cosmos SDK 0.50: its validators validate other chains, too (ICS-28).
    Provider,
    /// The same versions: its validators are those of a provider.
    Consumer,
}

impl IbcGo {
    pub(crate) fn program(self) -> Result<PathBuf> {
        match self {
            Self::V7 => binaries::simd_v7(),
            Self::V8 => binaries::simd_v8(),
            Self::V10 => binaries::chaind(),
            Self::V11 => binaries::simd_v11(),
            Self::V11Evm => binaries::evmd(),
            Self::Provider => binaries::ics_provider(),
            Self::Consumer => binaries::ics_consumer(),
        }
    }

    /// The type of the keys of its accounts.
    pub fn key_type(self) -> KeyType {
        match self {
            Self::V11Evm => KeyType::CosmosEvm,
            _ => KeyType::Secp256k1,
        }
    }

    /// The commands about the genesis have one of their own above them, from v8 on.
    fn genesis<'a>(self, args: &[&'a str]) -> Vec<&'a str> {
        let above = if self == Self::V7 {
            None
        } else {
            Some("genesis")
        };
        above.into_iter().chain(args.iter().copied()).collect()
    }
}

impl ChainSpec {
    /// The same chain on this version. Addresses of `simd` have one prefix, whatever is asked.
    #[must_use]
    pub fn on(self, version: IbcGo) -> Self {
        let prefix = match version {
            IbcGo::V10 => self.prefix,
            IbcGo::Consumer => "consumer",
            _ => "cosmos",
        };
        Self {
            version,
            prefix,
            ..self
        }
    }

    /// A key of this chain, from its name and mnemonic.
    pub fn key(&self, (_, mnemonic): (&str, &str)) -> Result<Key> {
        let key_type = self.version.key_type();
        let path = match key_type.is_ethereum() {
            false => DEFAULT_HD_PATH,
            true => ETHEREUM_HD_PATH,
        };
        let format = AccountFormat::new(self.prefix, key_type);
        Ok(Key::from_mnemonic(mnemonic, path, format)?)
    }
}

impl TestChain {
    /// Makes the home of a chain that runs `simd` or `evmd`.
    pub(super) fn prepare_simd(&self) -> Result<()> {
        self.init()?;
        self.add_validator()?;
        self.configure_simd()
    }

    /// A genesis in which the accounts have what they have, and no validator.
    pub(super) fn init(&self) -> Result<()> {
        let spec = &self.spec;
        ensure!(
            spec.evidence_blocks.is_none()
                && (spec.authority.is_none() || spec.version == IbcGo::V11Evm),
            "only chains of our own have an authority, or keep less evidence"
        );
        let init = ["init", spec.id, "--default-denom", spec.denom];
        self.command(&[&init[..], &["--chain-id", spec.id]].concat())?;
        for key in [RELAYER, USER, OTHER] {
            self.add_account(spec.key(key)?.address(), spec.coins)?;
        }
        Ok(())
    }

    fn add_account(&self, account: &str, coins: &str) -> Result<()> {
        let genesis = self.spec.version.genesis(&["add-genesis-account"]);
        let add = [account, coins, "--keyring-backend", "test"];
        self.command(&[&genesis[..], &add].concat())
    }

    /// A validator of its own.
    fn add_validator(&self) -> Result<()> {
        let spec = &self.spec;
        let version = spec.version;
        let chain_id = ["--chain-id", spec.id];
        let keyring = ["--keyring-backend", "test"];
        self.command(&[&["keys", "add", VALIDATOR][..], &keyring].concat())?;
        let stake = format!("{STAKE}{}", spec.denom);
        self.add_account(VALIDATOR, &stake)?;
        let validator = version.genesis(&["gentx", VALIDATOR, &stake]);
        self.command(&[&validator[..], &chain_id, &keyring].concat())?;
        self.command(&version.genesis(&["collect-gentxs"]))
    }

    /// Its addresses are on this host and no others, and blocks come as fast as elsewhere.
    pub(super) fn configure_simd(&self) -> Result<()> {
        let spec = &self.spec;
        let quoted = |text: &str| format!("\"{text}\"");
        let tcp = |port: u16| quoted(&format!("tcp://127.0.0.1:{port}"));
        let grpc = quoted(&format!("127.0.0.1:{}", self.grpc_port));
        let (off, on) = ("false".to_owned(), "true".to_owned());
        for (file, section, key, value) in [
            (Comet, "rpc", "laddr", tcp(self.rpc_port)),
            (Comet, "rpc", "pprof_laddr", quoted("")),
            (Comet, "p2p", "laddr", tcp(self.p2p_port)),
            (Comet, "p2p", "pex", off.clone()),
            (Comet, "p2p", "addr_book_strict", off.clone()),
            (Comet, "p2p", "allow_duplicate_ip", on),
            (
                Comet,
                "consensus",
                "timeout_commit",
                quoted(spec.block_time),
            ),
            (Comet, "tx_index", "indexer", quoted(spec.indexer)),
            (
                App,
                "",
                "minimum-gas-prices",
                quoted(&format!("0{}", spec.denom)),
            ),
            (App, "grpc", "address", grpc),
            (App, "grpc-web", "enable", off),
            (Client, "", "chain-id", quoted(spec.id)),
            (Client, "", "keyring-backend", quoted("test")),
            (Client, "", "node", tcp(self.rpc_port)),
        ] {
            self.set(file, section, key, &value)?;
        }
        Ok(())
    }

    /// Runs the chain's program on the home, to its end.
    fn command(&self, args: &[&str]) -> Result<()> {
        let mut command = Command::new(self.spec.version.program()?);
        command.args(args).arg("--home").arg(&self.home);
        let ended = process::run(&mut command, START_LIMIT)?;
        let errors = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{args:?} failed: {errors}");
        Ok(())
    }
}
