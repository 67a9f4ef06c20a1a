//! Two real chains, who sends on them, and gates to their nodes.

mod gates;
mod sender;

use std::time::Duration;

use anyhow::Result;
use tern_e2e::{wait, ChainSpec, Network, TestChain, USER};
use tokio::runtime::Runtime;

pub use gates::Gates;
use sender::Sender;

use crate::journal::Journal;
use crate::relayer::Nodes;

const BLOCK_TIME: &str = "1s";
const BLOCK_LIMIT: Duration = Duration::from_secs(60);

/// One of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Akash,
    Kava,
}

impl End {
    pub const BOTH: [Self; 2] = [Self::Akash, Self::Kava];

    pub fn other(self) -> Self {
        match self {
            Self::Akash => Self::Kava,
            Self::Kava => Self::Akash,
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }
}

/// Where everything plays.
pub struct Stage {
    pub network: Network,
    pub runtime: Runtime,
    senders: [Sender; 2],
    /// The address of the account that sends and receives.
    users: [String; 2],
}

impl Stage {
    /// Starts both chains, with blocks of a second.
    pub fn raise() -> Result<Self> {
        let specs = [ChainSpec::akash(), ChainSpec::kava()];
        let specs = specs.map(|spec| ChainSpec {
            block_time: BLOCK_TIME,
            ..spec
        });
        let network = Network::of(specs.to_vec())?;
        let runtime = Runtime::new()?;
        let sender = |end: End| Sender::new(&runtime, &network.chains[end.index()], USER.1);
        let senders = [sender(End::Akash)?, sender(End::Kava)?];
        let user = |end: End| network.address(network.chains[end.index()].spec.id, USER.0);
        let users = [user(End::Akash)?, user(End::Kava)?];
        Ok(Self {
            senders,
            users,
            network,
            runtime,
        })
    }

    pub fn chain(&self, end: End) -> &TestChain {
        &self.network.chains[end.index()]
    }

    /// Puts a transaction of `count` transfers into the mempool.
    pub fn send(&self, from: End, channel: &str, count: u32) -> Result<()> {
        let receiver = &self.users[from.other().index()];
        let sender = &self.senders[from.index()];
        self.runtime.block_on(sender.send(channel, receiver, count))
    }

    /// The nodes' own doors.
    pub fn nodes(&self) -> Nodes {
        Nodes {
            rpc: End::BOTH.map(|end| self.chain(end).rpc_port),
            grpc: End::BOTH.map(|end| self.chain(end).grpc_port),
        }
    }

    /// Of both chains, from now on.
    pub fn journals(&self) -> Result<[Journal<'_>; 2]> {
        let of = |end: End| Journal::from_now(self.chain(end));
        Ok([of(End::Akash)?, of(End::Kava)?])
    }

    /// Waits until both chains have made some more blocks.
    pub fn pass_blocks(&self, blocks: u64) -> Result<()> {
        for end in End::BOTH {
            let until = self.chain(end).height()? + blocks;
            wait::until("more blocks", BLOCK_LIMIT, || {
                Ok((self.chain(end).height()? >= until).then_some(()))
            })?;
        }
        Ok(())
    }
}
