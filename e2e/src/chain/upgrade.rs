//! A chain that halts for an upgrade, and goes on as its next revision: with its state as
//! genesis, and with no block and no proof of before.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tendermint::Time;

use super::TestChain;
use crate::settings::ConfigFile;
use crate::wait;

const HALT_LIMIT: Duration = Duration::from_secs(180);
/// What a validator has signed of the new revision: nothing.
const NOTHING_SIGNED: &str = r#"{"height": "0", "round": 0, "step": 0}"#;

impl TestChain {
    /// Waits until the node refuses to go on at the height of its upgrade. It still answers.
    pub fn halted_for_upgrade(&self, last_height: u64) -> Result<()> {
        wait::until("the chain to halt for its upgrade", HALT_LIMIT, || {
            let log = fs::read_to_string(&self.log)?;
            let is_halted = log.contains("UPGRADE") && log.contains("CONSENSUS FAILURE");
            Ok((is_halted && self.height()? == last_height).then_some(()))
        })
    }

    /// Goes on from the state before the halt under another id, at `initial_height`. Returns
    /// when it makes blocks.
    pub fn go_over(&mut self, id: &'static str, initial_height: u64) -> Result<()> {
        // A node whose consensus has failed need not end when it is asked to.
        let _ = self.down();
        self.kill()?;
        let exported = self.home.join("exported.json");
        let document = exported.to_string_lossy().into_owned();
        self.chaind(&["export", "--output-document", &document])?;
        let mut genesis: Value = serde_json::from_str(&fs::read_to_string(&exported)?)?;
        genesis["chain_id"] = id.into();
        genesis["genesis_time"] = Time::now().to_rfc3339().into();
        // Before v8 it is written as a string.
        genesis["initial_height"] = match genesis["initial_height"].is_string() {
            true => initial_height.to_string().into(),
            false => initial_height.into(),
        };
        let genesis = serde_json::to_string(&genesis)?;
        fs::write(self.home.join("config/genesis.json"), genesis)?;
        let data = self.home.join("data");
        fs::remove_dir_all(&data)?;
        fs::create_dir(&data)?;
        fs::write(data.join("priv_validator_state.json"), NOTHING_SIGNED)?;
        self.set(ConfigFile::Client, "", "chain-id", &format!("\"{id}\""))?;
        self.spec.id = id;
        self.up().with_context(|| format!("{id} does not go on"))
    }
}
