//! Nodes of development chains.

use std::sync::Arc;

use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height;
use tendermint::abci;
use tern_chains::{BlockTime, Encoded, End, Message, MessageKind, Sequence, Timeout, TxHash};
use tern_cosmos_core::Key;
use tern_devnet::{
    mock, tendermint_time, DevnetChain, Faults, Genesis, Node, Refusal, ValidatorUpdate,
};

use super::{MockPacket, PacketStep, RelayedChain, SimulatedNode, Transfer};
use crate::chaos::Chaos;
use crate::fault_counts::Fault;
use crate::side::{Names, FUNDS, KEYS, START};

#[derive(Clone)]
pub struct DevnetNode {
    node: Node,
    names: Names,
}

impl DevnetNode {
    /// The first node of a new chain.
    pub fn new(names: Names, seed: u64, tx_bytes: usize) -> Self {
        let start = tendermint_time(START).expect("in range");
        let mut genesis = Genesis::new(names.chain_id, names.prefix, start);
        genesis.seed = seed;
        genesis.validators = 1 + (seed % 4) as usize;
        genesis.limits.tx_bytes = tx_bytes as u64;
        for number in KEYS {
            let address = key(number, names).address().to_owned();
            genesis = genesis.fund(address, &[(names.denom, FUNDS)]);
        }
        let node = Node::new(&genesis).expect("a chain");
        Self { node, names }
    }

    /// A new power for one of up to five validators. The first always stays.
    fn change_validators(&self, chaos: &Chaos) {
        let validator = chaos.rng.below(5) as usize;
        let least = u32::from(validator == 0);
        let power = least + chaos.rng.below(40) as u32;
        self.node
            .update_validator(ValidatorUpdate { validator, power });
    }
}

impl DevnetNode {
    /// What a transaction has emitted, by height and position in its block.
    fn events(&self, (height, index): (u64, usize)) -> Vec<abci::Event> {
        self.node.read(|chain| {
            let block = chain.block(height);
            block.map_or(vec![], |block| block.results[index].events.clone())
        })
    }
}

fn attribute(event: &abci::Event, key: &str) -> Option<String> {
    let mut attributes = event.attributes.iter();
    let found = attributes.find(|attribute| attribute.key_bytes() == key.as_bytes())?;
    Some(String::from_utf8_lossy(found.value_bytes()).into_owned())
}

impl SimulatedNode for DevnetNode {
    fn another(&self) -> Arc<dyn SimulatedNode> {
        Arc::new(Self {
            node: self.node.another(),
            names: self.names,
        })
    }

    fn chain(&self, number: u8) -> Arc<dyn RelayedChain> {
        let price = format!("0.001{}", self.names.denom);
        let price = price.parse().expect("a price");
        let key = key(number, self.names);
        Arc::new(DevnetChain::new(self.node.clone(), key, price).expect("a chain"))
    }

    fn chain_of_other_program(&self, key: u8) -> Arc<dyn RelayedChain> {
        self.chain(key)
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
        let time = tendermint_time(time).expect("in range");
        self.node.make_block(time).expect("a block");
    }

    fn set_faults(&self, faults: Faults) {
        self.node.set_faults(faults);
    }

    fn fail_txs(&self, refusal: Option<Refusal>) {
        self.node.fail_txs(refusal);
    }

    fn begin(&self, fault: Fault, chaos: &Chaos) -> bool {
        let is_own = fault == Fault::ValidatorsChanged;
        if is_own {
            self.change_validators(chaos);
        }
        is_own
    }

    fn transfer(&self, sender: u8, transfer: &Transfer) -> Message {
        let height = transfer.timeout.height;
        let message = MsgTransfer {
            source_port: "transfer".into(),
            source_channel: transfer.channel.clone(),
            token: Some(Coin {
                denom: transfer.denom.clone(),
                amount: transfer.amount.to_string(),
            }),
            sender: self.address(sender),
            receiver: transfer.receiver.clone(),
            timeout_height: (!height.is_zero()).then_some(Height {
                revision_number: height.revision,
                revision_height: height.height,
            }),
            timeout_timestamp: transfer.timeout.timestamp_ns,
            memo: String::new(),
        };
        any("/ibc.applications.transfer.v1.MsgTransfer", &message)
    }

    fn send_mock(&self, sender: u8, packet: &MockPacket) -> Message {
        let Timeout {
            height,
            timestamp_ns,
        } = packet.timeout;
        let message = mock::MsgSend {
            sender: self.address(sender),
            channel: packet.channel.clone(),
            data: packet.data.clone(),
            timeout_revision_number: height.revision,
            timeout_revision_height: height.height,
            timeout_timestamp: timestamp_ns,
        };
        any(mock::SEND_URL, &message)
    }

    fn payment(&self, sender: u8, receiver: u8) -> Message {
        let message = MsgSend {
            from_address: self.address(sender),
            to_address: self.address(receiver),
            amount: vec![Coin {
                denom: self.names.denom.into(),
                amount: "1".into(),
            }],
        };
        any("/cosmos.bank.v1beta1.MsgSend", &message)
    }

    fn did(&self, at: (u64, usize), step: PacketStep, (src, sequence): &(End, Sequence)) -> bool {
        let kind = match step {
            PacketStep::Receive => "recv_packet",
            PacketStep::Acknowledge => "acknowledge_packet",
            PacketStep::TimeOut => "timeout_packet",
        };
        let Some((port, channel)) = src.as_channel() else {
            return false;
        };
        let wanted = [
            ("packet_src_port", port.to_string()),
            ("packet_src_channel", channel.to_string()),
            ("packet_sequence", sequence.to_string()),
        ];
        self.events(at).into_iter().any(|event| {
            event.kind == kind
                && wanted
                    .iter()
                    .all(|(key, value)| attribute(&event, key).as_ref() == Some(value))
        })
    }

    fn updated_clients(&self, at: (u64, usize)) -> Vec<String> {
        let events = self.events(at).into_iter();
        let updates = events.filter(|event| event.kind == "update_client");
        updates
            .filter_map(|event| attribute(&event, "client_id"))
            .collect()
    }

    fn out_of_gas(&self) -> u32 {
        11
    }

    fn replaced(&self) -> Vec<TxHash> {
        vec![]
    }

    fn block_hashes(&self) -> Vec<Vec<u8>> {
        self.node.read(|chain| {
            let blocks = chain.blocks_from(0);
            blocks
                .map(|block| block.id.hash.as_bytes().to_vec())
                .collect()
        })
    }
}

fn key(number: u8, names: Names) -> Key {
    Key::from_private_key(&[number; 32], names.prefix).expect("a key")
}

fn any(url: &str, message: &impl prost::Message) -> Message {
    Message {
        kind: MessageKind::Other,
        encoded: Encoded {
            type_name: url.to_owned(),
            bytes: message.encode_to_vec(),
        },
    }
}
