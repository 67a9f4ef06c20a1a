//! One chain of a world, its nodes and the accounts on it.

use std::time::Duration;

use tendermint::Time;
use tern::engine::Clock;
use tern_chains::{Block, BlockTime, Chain, ChainId};
use tern_cosmos::Key;
use tern_devnet::{DevnetChain, Genesis, Node};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::weather::Sky;

const START: i64 = 1_700_000_000;
/// What every account has at the start.
pub const FUNDS: u128 = 1_000_000_000_000;

/// Accounts, by the byte their private key is made of.
pub const RELAYER: u8 = 1;
pub const RIVAL: u8 = 2;
pub const USER: u8 = 3;

/// Clones are the same chain.
#[derive(Clone)]
pub struct Side {
    /// A node without faults: the rival's, the users', the checks'.
    pub node: Node,
    /// The relayer's node.
    pub own: Node,
    /// Another one behind the same address.
    pub lagging: Node,
    pub sky: Sky,
    pub prefix: &'static str,
    pub denom: &'static str,
}

impl Side {
    pub fn new(id: &str, prefix: &'static str, denom: &'static str, seed: u64) -> Self {
        let start = Time::from_unix_timestamp(START, 0).expect("in range");
        let mut genesis = Genesis::new(id, prefix, start);
        genesis.seed = seed;
        genesis.validators = 1 + (seed % 4) as usize;
        for key in [RELAYER, RIVAL, USER] {
            genesis = genesis.fund(address(key, prefix), &[(denom, FUNDS)]);
        }
        let node = Node::new(&genesis).expect("a chain");
        Self {
            own: node.another(),
            lagging: node.another(),
            node,
            sky: Sky::default(),
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

    /// The chain as it is.
    pub fn door(&self, key: u8) -> DevnetChain {
        self.through(&self.node, key)
    }

    pub fn through(&self, node: &Node, key: u8) -> DevnetChain {
        let price = format!("0.001{}", self.denom).parse().expect("a price");
        let key = Key::from_private_key(&[key; 32], self.prefix).expect("a key");
        DevnetChain::new(node.clone(), Some(key), price).expect("a door")
    }

    /// Every block there is.
    pub async fn blocks(&self) -> Vec<Block> {
        let door = self.door(USER);
        let (latest, _) = door.latest().await.expect("a height");
        let mut blocks = Vec::new();
        for height in 1..=latest {
            blocks.push(door.block(height).await.expect("a block"));
        }
        blocks
    }
}

fn address(key: u8, prefix: &str) -> String {
    let key = Key::from_private_key(&[key; 32], prefix).expect("a key");
    key.address().to_owned()
}

/// A block about every second, unless the chain is halted; until it is dropped.
pub async fn make_blocks(side: Side, chaos: Chaos, clock: Clock) {
    loop {
        let pause_ms = 900 + chaos.dice.roll(200);
        sleep(Duration::from_millis(pause_ms)).await;
        if side.sky.is_halted() {
            continue;
        }
        let BlockTime(nanoseconds) = clock();
        let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        let time = Time::from_unix_timestamp(seconds as i64, rest as u32).expect("in range");
        side.node.make_block(time).expect("a block");
    }
}

/// The time of the first block and what has passed since.
pub fn at(elapsed: Duration) -> BlockTime {
    BlockTime(START as u64 * 1_000_000_000 + elapsed.as_nanos() as u64)
}
