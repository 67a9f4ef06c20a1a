//! Nodes of attested chains.

use std::sync::Arc;

use tern_attested::{
    AttestedChain, Call, Genesis, Included, Key, Node, Payment, SendMock, Transfer as OwnTransfer,
    OUT_OF_GAS,
};
use tern_chains::{BlockTime, End, Event, Message, PacketId, Sequence, TxHash};
use tern_devnet::{Faults, Refusal};

use super::{MockPacket, PacketStep, RelayedChain, SimulatedNode, Transfer};
use crate::chaos::Chaos;
use crate::fault_counts::Fault;
use crate::side::{Names, FUNDS, KEYS, START};

/// Paid for a unit of gas.
const GAS_PRICE: u128 = 2;

#[derive(Clone)]
pub struct AttestedNode {
    node: Node,
    names: Names,
}

impl AttestedNode {
    /// The first node of a new chain. The seed decides after how many blocks one is
    /// final, and how many attestors there are.
    pub fn new(names: Names, seed: u64, tx_bytes: usize) -> Self {
        let accounts = KEYS.map(|number| (key(number, names).address().to_owned(), FUNDS));
        let genesis = Genesis {
            chain_id: names.chain_id.to_owned(),
            prefix: names.prefix.to_owned(),
            denom: names.denom.to_owned(),
            accounts: accounts.to_vec(),
            time_ns: START.0,
            seed,
            attestors: 1 + (seed % 4) as usize,
            finality_lag: 1 + seed % 3,
            tx_bytes: tx_bytes as u64,
            block_gas: 30_000_000,
            mempool_txs: 100,
        };
        let node = Node::new(&genesis).expect("a chain");
        Self { node, names }
    }

    fn at_price(&self, number: u8, gas_price: u128) -> Arc<dyn RelayedChain> {
        let key = key(number, self.names);
        Arc::new(AttestedChain::new(self.node.clone(), key, gas_price))
    }
}

impl SimulatedNode for AttestedNode {
    fn another(&self) -> Arc<dyn SimulatedNode> {
        Arc::new(Self {
            node: self.node.another(),
            names: self.names,
        })
    }

    fn chain(&self, key: u8) -> Arc<dyn RelayedChain> {
        self.at_price(key, GAS_PRICE)
    }

    fn chain_of_other_program(&self, key: u8) -> Arc<dyn RelayedChain> {
        self.at_price(key, 100 * GAS_PRICE)
    }

    fn address(&self, number: u8) -> String {
        key(number, self.names).address().to_owned()
    }

    fn latest(&self) -> u64 {
        self.node.read(|chain| chain.latest().0)
    }

    fn balance(&self, address: &str, denom: &str) -> u128 {
        self.node.read(|chain| chain.balance(address, denom))
    }

    fn make_block(&self, time: BlockTime) {
        self.node.make_block(time);
    }

    fn set_faults(&self, faults: Faults) {
        self.node.set_faults(faults);
    }

    fn fail_txs(&self, refusal: Option<Refusal>) {
        self.node.fail_txs(refusal);
    }

    fn begin(&self, fault: Fault, chaos: &Chaos) -> bool {
        if fault != Fault::BlocksReplaced {
            return false;
        }
        let most = 1 + chaos.rng.below(3);
        // Some of the transactions are lost.
        let keeps = || chaos.rng.chance(70);
        self.node.replace_blocks(most, keeps) > 0
    }

    fn transfer(&self, _: u8, transfer: &Transfer) -> Message {
        let transfer = OwnTransfer {
            port: "transfer".into(),
            channel: transfer.channel.clone(),
            denom: transfer.denom.clone(),
            amount: transfer.amount.to_string(),
            receiver: transfer.receiver.clone(),
            timeout: transfer.timeout,
        };
        Call::Transfer(transfer).encode()
    }

    fn send_mock(&self, _: u8, packet: &MockPacket) -> Message {
        let send = SendMock {
            channel: packet.channel.clone(),
            data: packet.data.clone(),
            timeout: packet.timeout,
        };
        Call::SendMock(send).encode()
    }

    fn payment(&self, _: u8, receiver: u8) -> Message {
        let payment = Payment {
            to: self.address(receiver),
            denom: self.names.denom.into(),
            amount: "1".into(),
        };
        Call::Pay(payment).encode()
    }

    fn did(&self, (height, index): (u64, usize), step: PacketStep, of: &(End, Sequence)) -> bool {
        let is_it = |event: &Event| {
            let packet: Option<&PacketId> = match (step, event) {
                (PacketStep::Receive, Event::RecvPacket(packet))
                | (PacketStep::Acknowledge, Event::AcknowledgePacket(packet))
                | (PacketStep::TimeOut, Event::TimeoutPacket(packet)) => Some(packet),
                _ => None,
            };
            packet.is_some_and(|packet| (&packet.src, packet.sequence) == (&of.0, of.1))
        };
        self.node.read(|chain| {
            let tx: Option<&Included> = chain.block(height).map(|block| &block.txs[index]);
            tx.is_some_and(|tx| tx.events.iter().any(is_it))
        })
    }

    fn updated_clients(&self, (height, index): (u64, usize)) -> Vec<String> {
        let updated = |event: &Event| match event {
            Event::ClientUpdated { client_id, .. } => Some(client_id.to_string()),
            _ => None,
        };
        self.node.read(|chain| {
            let txs = chain.block(height).map(|block| &block.txs[index]);
            let events = txs.into_iter().flat_map(|tx| &tx.events);
            events.filter_map(updated).collect()
        })
    }

    fn out_of_gas(&self) -> u32 {
        OUT_OF_GAS
    }

    fn replaced(&self) -> Vec<TxHash> {
        self.node.read(|chain| chain.replaced().to_vec())
    }

    fn block_hashes(&self) -> Vec<Vec<u8>> {
        self.node.read(|chain| {
            let blocks = chain.final_blocks();
            blocks.map(|block| block.digest().to_vec()).collect()
        })
    }
}

fn key(number: u8, names: Names) -> Key {
    Key::from_seed([number; 32], names.prefix).expect("a key")
}
