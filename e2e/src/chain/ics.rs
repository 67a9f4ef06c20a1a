//! Cross-chain validation (ICS-28, `e2e/chains/ics`): a provider, and a consumer chain that the
//! provider's validator validates.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{json, Value};
use tendermint::Time;

use super::version::VALIDATOR;
use super::{ChainSpec, IbcGo, TestChain, BLOCK_TIME};
use crate::wait;

const PROVIDER: &str = "provider-a";
const CONSUMER: &str = "consumer-a";
/// What the provider calls its first consumer chain.
pub const CONSUMER_ID: &str = "0";
/// No time: what is launched by nobody yet.
const NEVER: &str = "0001-01-01T00:00:00Z";
const LAUNCH_LIMIT: Duration = Duration::from_secs(60);
const DAY_NS: u64 = 86_400_000_000_000;

impl ChainSpec {
    /// A chain that tells its consumers of its validators after a few blocks.
    pub fn provider() -> Self {
        Self {
            id: PROVIDER,
            version: IbcGo::Provider,
            prefix: "cosmos",
            denom: "stake",
            coins: "1000000000000stake",
            block_time: BLOCK_TIME,
            indexer: "kv",
            authority: None,
            evidence_blocks: None,
            genesis: vec![("/app_state/provider/params/blocks_per_epoch", "3".into())],
        }
    }

    /// The consumer chain of [`TestChain::launch_consumer`], with the genesis that this gave.
    /// A part of its fees, in its own token, is the provider's.
    pub fn consumer(mut genesis: Value) -> Self {
        genesis["params"]["reward_denoms"] = json!(["ucon"]);
        Self {
            id: CONSUMER,
            version: IbcGo::Consumer,
            prefix: "consumer",
            denom: "ucon",
            coins: "1000000000000ucon",
            genesis: vec![("/app_state/ccvconsumer", genesis)],
            ..Self::provider()
        }
    }
}

impl TestChain {
    /// Makes the home of a consumer chain: its validator is the provider's, whose home is beside
    /// it, with the same key.
    pub(super) fn prepare_consumer(&self, folder: &Path) -> Result<()> {
        self.init()?;
        let key = "config/priv_validator_key.json";
        fs::copy(folder.join(PROVIDER).join(key), self.home.join(key))?;
        self.configure_simd()
    }

    /// Creates a consumer chain on this provider, has the validator opt in, and launches it.
    /// Returns what the consumer's genesis is to have of it.
    pub fn launch_consumer(&self) -> Result<Value> {
        let consumer = json!({
            "chain_id": CONSUMER,
            "metadata": { "name": CONSUMER, "description": "a scenario's", "metadata": "{}" },
            "initialization_parameters": initialization(NEVER),
        });
        self.send_as_validator("create-consumer", &self.file("create", &consumer)?)?;
        self.send_as_validator("opt-in", CONSUMER_ID)?;
        // Only now: a chain without validators is not launched.
        let launched = json!({
            "consumer_id": CONSUMER_ID,
            "initialization_parameters": initialization(&Time::now().to_rfc3339()),
        });
        self.send_as_validator("update-consumer", &self.file("update", &launched)?)?;
        wait::until("the consumer chain to be launched", LAUNCH_LIMIT, || {
            let consumer = self.query(&["provider", "consumer-chain", CONSUMER_ID])?;
            Ok((consumer["phase"] == "CONSUMER_PHASE_LAUNCHED").then_some(()))
        })?;
        self.query(&["provider", "consumer-genesis", CONSUMER_ID])
    }

    fn file(&self, name: &str, content: &Value) -> Result<String> {
        let path = self.home.join(format!("{name}.json"));
        fs::write(&path, content.to_string())?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn send_as_validator(&self, message: &str, argument: &str) -> Result<()> {
        let options = ["--from", VALIDATOR, "--gas", "1000000"];
        let message = ["tx", "provider", message, argument];
        self.commit(&[&message[..], &options].concat())
    }

    /// What the provider's staking module has of its validators.
    pub fn validators(&self) -> Result<Vec<Value>> {
        let listed = self.query(&["staking", "validators"])?;
        Ok(listed["validators"].as_array().context("no list")?.clone())
    }

    /// The address of an account that a module of this chain has.
    pub fn module_account(&self, module: &str) -> Result<String> {
        let account = self.query(&["auth", "module-account", module])?;
        let address = account["account"]["value"]["address"].as_str();
        Ok(address.with_context(|| account.to_string())?.to_owned())
    }

    /// The voting powers of the validators of the newest block, the highest first.
    pub fn voting_powers(&self) -> Result<Vec<u64>> {
        let answer = self.rpc("/validators")?;
        let validators = answer["validators"].as_array().context("no list")?;
        let power = |validator: &Value| {
            let power = validator["voting_power"].as_str();
            Ok(power.context("no voting power")?.parse()?)
        };
        validators.iter().map(power).collect()
    }
}

fn initialization(spawn_time: &str) -> Value {
    json!({
        "initial_height": { "revision_number": 0, "revision_height": 1 },
        "genesis_hash": "",
        "binary_hash": "",
        "spawn_time": spawn_time,
        "unbonding_period": 20 * DAY_NS,
        "ccv_timeout_period": 28 * DAY_NS,
        "transfer_timeout_period": DAY_NS,
        "consumer_redistribution_fraction": "0.75",
        "blocks_per_distribution_transmission": 10,
        "historical_entries": 10_000,
        "distribution_transmission_channel": "",
        "connection_id": "",
    })
}
