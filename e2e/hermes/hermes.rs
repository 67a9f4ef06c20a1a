//! Hermes on the development chains.

use std::path::Path;

use anyhow::Result;
use tern_e2e::{Hermes, HermesChain, HermesConfig, RELAYER};

use crate::chains::DevChain;

/// Finds Hermes and gives it a configuration and keys.
pub fn prepare(folder: &Path, chains: &[DevChain; 2]) -> Result<Hermes> {
    let ids = chains.each_ref().map(|chain| chain.id);
    Hermes::prepare(folder, &config(folder, chains), RELAYER, &ids)
}

fn config(folder: &Path, chains: &[DevChain; 2]) -> String {
    let config = HermesConfig {
        key: RELAYER.0,
        keys: &folder.join("hermes-keys"),
        misbehaviour: true,
        clear_interval: 0,
        clear_limit: 50,
        max_msg_num: 30,
        max_tx_size: 180_000,
        default_gas: 100_000,
        max_block_time: "30s",
        batch_delay: "200ms",
        trusted_node: false,
    };
    config.text(&chains.each_ref().map(|chain| HermesChain {
        id: chain.id,
        prefix: chain.prefix,
        denom: chain.denom,
        rpc: chain.rpc.port(),
        grpc: chain.grpc.port(),
        channel: None,
    }))
}
