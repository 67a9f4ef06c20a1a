//! A node of a simulated chain of any kind: all that the simulation asks of one.

mod attested;
mod devnet;

use std::sync::Arc;

pub use attested::AttestedNode;
pub use devnet::DevnetNode;

use tern_chains::{
    Account, BlockTime, Chain, End, LightClient, Message, Sequence, Timeout, TxHash,
};
use tern_devnet::{Faults, Refusal};

use super::chaos::Chaos;
use super::fault_counts::Fault;

/// A chain as a relayer has it, with one account on it.
pub trait RelayedChain: Chain + LightClient + Account {}

impl<T: Chain + LightClient + Account> RelayedChain for T {}

/// A transfer of tokens.
pub struct Transfer {
    pub channel: String,
    pub denom: String,
    pub amount: u64,
    pub receiver: String,
    pub timeout: Timeout,
}

/// A packet of any data, from port `mock`.
pub struct MockPacket {
    pub channel: String,
    pub data: Vec<u8>,
    pub timeout: Timeout,
}

/// What a transaction does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketStep {
    Receive,
    Acknowledge,
    TimeOut,
}

/// One node. It is the same chain for all its nodes.
pub trait SimulatedNode: Send + Sync {
    /// One more node of the same chain, without faults.
    fn another(&self) -> Arc<dyn SimulatedNode>;
    /// The chain through this node, with the account of a key.
    fn chain(&self, key: u8) -> Arc<dyn RelayedChain>;
    /// The same for another program with this key. Where a higher fee replaces a
    /// transaction, it pays one.
    fn chain_of_other_program(&self, key: u8) -> Arc<dyn RelayedChain>;
    /// The account's address.
    fn address(&self, key: u8) -> String;
    /// The newest final height.
    fn latest(&self) -> u64;
    /// After the newest final block.
    fn balance(&self, address: &str, denom: &str) -> u128;
    fn make_block(&self, time: BlockTime);
    fn set_faults(&self, faults: Faults);
    /// Makes every transaction of the next blocks fail like this, until `None`.
    fn fail_txs(&self, refusal: Option<Refusal>);
    /// A fault that only chains of this kind have. False if it is none of theirs,
    /// or did not happen.
    fn begin(&self, fault: Fault, chaos: &Chaos) -> bool;

    fn transfer(&self, sender: u8, transfer: &Transfer) -> Message;
    fn send_mock(&self, sender: u8, packet: &MockPacket) -> Message;
    fn payment(&self, sender: u8, receiver: u8) -> Message;

    /// Whether a transaction that succeeded, by height and position in its block,
    /// did this to a packet. Read from what the chain itself has, not by code under
    /// test.
    fn did(&self, tx: (u64, usize), step: PacketStep, packet: &(End, Sequence)) -> bool;
    /// The clients that such a transaction updated.
    fn updated_clients(&self, tx: (u64, usize)) -> Vec<String>;
    /// The code of a transaction that ran out of gas.
    fn out_of_gas(&self) -> u32;
    /// Transactions that another replaced in the mempool.
    fn replaced(&self) -> Vec<TxHash>;
    /// A hash of each final block.
    fn block_hashes(&self) -> Vec<Vec<u8>>;
}
