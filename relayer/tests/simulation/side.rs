//! One chain of a world, with its nodes and accounts.

use std::sync::Arc;
use std::time::Duration;

use tern::engine::Clock;
use tern_chains::{Block, BlockTime, ChainId};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::fault_schedule::NodeFaults;
use super::node::{AttestedNode, DevnetNode, RelayedChain, SimulatedNode};
use super::pairing::Pairing;

/// The time before the first blocks.
pub const START: BlockTime = BlockTime(1_700_000_000_000_000_000);
/// The balance of every account at genesis.
pub const FUNDS: u128 = 1_000_000_000_000;

/// Accounts: the byte that their private key repeats.
pub const RELAYER: u8 = 1;
pub const OTHER_RELAYER: u8 = 2;
pub const USER: u8 = 3;
/// Of the second relayer under test.
pub const SECOND_RELAYER: u8 = 4;
/// Who makes work for others.
pub const STRANGER: u8 = 5;
pub const KEYS: [u8; 5] = [RELAYER, OTHER_RELAYER, USER, SECOND_RELAYER, STRANGER];
/// The most bytes of a transaction, by side. An attested chain, where bytes are written in
/// hexadecimal, takes twice as many.
pub const TX_BYTES: [usize; 2] = [60_000, 40_000];

/// What a chain's things are called.
#[derive(Clone, Copy)]
pub struct Names {
    pub chain_id: &'static str,
    /// Of addresses.
    pub prefix: &'static str,
    pub denom: &'static str,
}

const AKASH: Names = Names {
    chain_id: "akash-1",
    prefix: "akash",
    denom: "uakt",
};
const KAVA: Names = Names {
    chain_id: "kava-1",
    prefix: "kava",
    denom: "usdx",
};
const BASALT: Names = Names {
    chain_id: "basalt",
    prefix: "basalt",
    denom: "ubas",
};

/// Clones are the same chain.
#[derive(Clone)]
pub struct Side {
    /// A node without faults, for the other relayer, the users and the checks.
    pub node: Arc<dyn SimulatedNode>,
    /// The relayer's node.
    pub own: Arc<dyn SimulatedNode>,
    /// Another node behind the same address, which lags at times.
    pub lagging: Arc<dyn SimulatedNode>,
    pub node_faults: NodeFaults,
    pub prefix: &'static str,
    pub denom: &'static str,
}

impl Side {
    /// The two chains of a world. Which kind the channel is opened from depends on
    /// the seed.
    pub fn pair(pairing: Pairing, seed: u64) -> [Self; 2] {
        let devnet = |names: Names, side: usize| {
            let node = DevnetNode::new(names, seed, TX_BYTES[side]);
            Self::new(names, node)
        };
        let attested = |names: Names, side: usize| {
            let node = AttestedNode::new(names, seed, 2 * TX_BYTES[side]);
            Self::new(names, node)
        };
        match pairing {
            Pairing::Cosmos => [devnet(AKASH, 0), devnet(KAVA, 1)],
            Pairing::Attested if seed.is_multiple_of(2) => [devnet(AKASH, 0), attested(BASALT, 1)],
            Pairing::Attested => [attested(BASALT, 0), devnet(AKASH, 1)],
        }
    }

    fn new(names: Names, node: impl SimulatedNode + 'static) -> Self {
        Self {
            own: node.another(),
            lagging: node.another(),
            node: Arc::new(node),
            node_faults: NodeFaults::default(),
            prefix: names.prefix,
            denom: names.denom,
        }
    }

    pub fn id(&self) -> ChainId {
        tern_chains::Chain::id(&*self.chain(USER)).clone()
    }

    pub fn address(&self, key: u8) -> String {
        self.node.address(key)
    }

    /// The chain through the node without faults.
    pub fn chain(&self, key: u8) -> Arc<dyn RelayedChain> {
        self.node.chain(key)
    }

    /// Every final block of the chain.
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

/// Makes a block about every second unless the chain is halted, until dropped.
pub async fn make_blocks(side: Side, chaos: Chaos, clock: Clock) {
    loop {
        let pause_ms = 900 + chaos.rng.below(200);
        sleep(Duration::from_millis(pause_ms)).await;
        if !side.node_faults.is_halted() {
            side.node.make_block(clock());
        }
    }
}

/// The block time after `elapsed` simulated time.
pub fn time_at(elapsed: Duration) -> BlockTime {
    BlockTime(START.0 + elapsed.as_nanos() as u64)
}
