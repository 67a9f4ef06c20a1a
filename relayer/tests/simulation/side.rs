//! One chain of a world, with its nodes and accounts.

use std::time::Duration;

use tendermint::Time;
use tern::engine::Clock;
use tern_chains::{Block, BlockTime, Chain, ChainId};
use tern_cosmos_core::Key;
use tern_devnet::{DevnetChain, Genesis, Node};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::fault_schedule::NodeFaults;

const START: i64 = 1_700_000_000;
/// The balance of every account at genesis.
pub const FUNDS: u128 = 1_000_000_000_000;

/// Accounts: the byte that their private key repeats.
pub const RELAYER: u8 = 1;
pub const OTHER_RELAYER: u8 = 2;
pub const USER: u8 = 3;

/// Clones are the same chain.
#[derive(Clone)]
pub struct Side {
    /// A node without faults, for the other relayer, the users and the checks.
    pub node: Node,
    /// The relayer's node.
    pub own: Node,
    /// Another node behind the same address, which lags at times.
    pub lagging: Node,
    pub node_faults: NodeFaults,
    pub prefix: &'static str,
    pub denom: &'static str,
}

impl Side {
    pub fn new(id: &str, prefix: &'static str, denom: &'static str, seed: u64) -> Self {
        let start = Time::from_unix_timestamp(START, 0).expect("in range");
        let mut genesis = Genesis::new(id, prefix, start);
        genesis.seed = seed;
        genesis.validators = 1 + (seed % 4) as usize;
        for key in [RELAYER, OTHER_RELAYER, USER] {
            genesis = genesis.fund(address(key, prefix), &[(denom, FUNDS)]);
        }
        let node = Node::new(&genesis).expect("a chain");
        Self {
            own: node.another(),
            lagging: node.another(),
            node,
            node_faults: NodeFaults::default(),
            prefix,
            denom,
        }
    }

    pub fn id(&self) -> ChainId {
        self.node
            .read(|chain| ChainId::from_string(chain.chain_id()))
    }

    pub fn address(&self, key: u8) -> String {
        address(key, self.prefix)
    }

    /// The chain through the node without faults.
    pub fn chain(&self, key: u8) -> DevnetChain {
        self.chain_through(&self.node, key)
    }

    pub fn chain_through(&self, node: &Node, key: u8) -> DevnetChain {
        let price = format!("0.001{}", self.denom).parse().expect("a price");
        let key = Key::from_private_key(&[key; 32], self.prefix).expect("a key");
        DevnetChain::new(node.clone(), key, price).expect("a chain")
    }

    /// Every block of the chain.
    pub async fn blocks(&self) -> Vec<Block> {
        let chain = self.chain(USER);
        let (latest, _) = chain.latest().await.expect("a height");
        let mut blocks = Vec::new();
        for height in 1..=latest {
            blocks.push(chain.block(height).await.expect("a block"));
        }
        blocks
    }
}

fn address(key: u8, prefix: &str) -> String {
    let key = Key::from_private_key(&[key; 32], prefix).expect("a key");
    key.address().to_owned()
}

/// Makes a block about every second unless the chain is halted, until dropped.
pub async fn make_blocks(side: Side, chaos: Chaos, clock: Clock) {
    loop {
        let pause_ms = 900 + chaos.rng.below(200);
        sleep(Duration::from_millis(pause_ms)).await;
        if side.node_faults.is_halted() {
            continue;
        }
        let BlockTime(nanoseconds) = clock();
        let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        let time = Time::from_unix_timestamp(seconds as i64, rest as u32).expect("in range");
        side.node.make_block(time).expect("a block");
    }
}

/// The block time after `elapsed` simulated time.
pub fn time_at(elapsed: Duration) -> BlockTime {
    BlockTime(START as u64 * 1_000_000_000 + elapsed.as_nanos() as u64)
}
