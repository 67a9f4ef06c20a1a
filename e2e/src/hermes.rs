//! Hermes' configuration, for what is tried or measured beside it.
//!
//! Push mode, packets and client refreshing only, no telemetry. What is not a field here is
//! as in Hermes' own example configuration.

mod program;

use std::fmt::Write as _;
use std::path::Path;

pub use program::{Hermes, Relaying};

/// What the uses of Hermes differ in.
#[derive(Clone, Copy, Debug)]
pub struct HermesConfig<'a> {
    /// The key of every chain, by its name, and where Hermes keeps it.
    pub key: &'a str,
    pub keys: &'a Path,
    pub misbehaviour: bool,
    /// Blocks between two searches for packets that were missed; 0: never.
    pub clear_interval: u32,
    /// Most packets found in one.
    pub clear_limit: u32,
    /// Most messages in a transaction, and most bytes.
    pub max_msg_num: u32,
    pub max_tx_size: u32,
    /// Gas of a transaction whose simulation fails because the one before it is not in a block.
    pub default_gas: u64,
    /// The longest time that a chain takes for a block, such as `30s`. A handshake waits for it
    /// between its steps.
    pub max_block_time: &'a str,
    /// How long events of one block are collected.
    pub batch_delay: &'a str,
    /// Whether headers are taken from the node without verification.
    pub trusted_node: bool,
}

/// The arguments with which Hermes opens a transfer channel, with clients and connection.
pub fn create_channel<'a>(a: &'a str, b: &'a str) -> [&'a str; 12] {
    [
        "create",
        "channel",
        "--a-chain",
        a,
        "--b-chain",
        b,
        "--a-port",
        "transfer",
        "--b-port",
        "transfer",
        "--new-client-connection",
        "--yes",
    ]
}

/// A chain Hermes relays on.
#[derive(Clone, Copy, Debug)]
pub struct HermesChain<'a> {
    pub id: &'a str,
    pub prefix: &'a str,
    pub denom: &'a str,
    /// Ports on this host.
    pub rpc: u16,
    pub grpc: u16,
    /// The one transfer channel to relay on; none: all channels.
    pub channel: Option<&'a str>,
}

impl HermesConfig<'_> {
    /// The text of `config.toml`.
    pub fn text(&self, chains: &[HermesChain<'_>]) -> String {
        let Self {
            misbehaviour,
            clear_interval,
            clear_limit,
            ..
        } = self;
        let mut text = format!(
            "\
[global]
log_level = 'info'
[mode.clients]
enabled = true
refresh = true
misbehaviour = {misbehaviour}
[mode.connections]
enabled = false
[mode.channels]
enabled = false
[mode.packets]
enabled = true
clear_interval = {clear_interval}
clear_limit = {clear_limit}
clear_on_start = true
tx_confirmation = false
[rest]
enabled = false
host = '127.0.0.1'
port = 3000
[telemetry]
enabled = false
host = '127.0.0.1'
port = 3001
"
        );
        for chain in chains {
            self.chain(&mut text, chain);
        }
        text
    }

    fn chain(&self, text: &mut String, chain: &HermesChain<'_>) {
        let HermesChain {
            id,
            prefix,
            denom,
            rpc,
            grpc,
            channel,
        } = chain;
        let (key, keys, messages) = (self.key, self.keys.display(), self.max_msg_num);
        let Self {
            max_tx_size,
            default_gas,
            max_block_time,
            batch_delay,
            trusted_node,
            ..
        } = self;
        *text += &format!(
            "\
[[chains]]
id = '{id}'
type = 'CosmosSdk'
rpc_addr = 'http://127.0.0.1:{rpc}'
grpc_addr = 'http://127.0.0.1:{grpc}'
event_source = {{ mode = 'push', url = 'ws://127.0.0.1:{rpc}/websocket', batch_delay = '{batch_delay}' }}
rpc_timeout = '10s'
account_prefix = '{prefix}'
key_name = '{key}'
key_store_folder = '{keys}'
store_prefix = 'ibc'
default_gas = {default_gas}
max_gas = 40000000
gas_price = {{ price = 0.025, denom = '{denom}' }}
gas_multiplier = 1.2
max_msg_num = {messages}
max_tx_size = {max_tx_size}
clock_drift = '5s'
max_block_time = '{max_block_time}'
trusted_node = {trusted_node}
trusting_period = '14days'
trust_threshold = '1/3'
address_type = {{ derivation = 'cosmos' }}
"
        );
        if let Some(channel) = channel {
            *text += "[chains.packet_filter]\npolicy = 'allow'\n";
            // Writing to a string does not fail.
            let _ = writeln!(text, "list = [['transfer', '{channel}']]");
        }
    }
}
