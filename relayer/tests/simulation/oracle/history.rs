//! What happened, read from the chains themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{
    Block, ChainId, End, Event, IdentifiedChannelEnd, Packet, Sequence, Timeout, TxOutcome,
};
use tern_core::ledger::{Item, PacketKey, TxKey};

use crate::node::{PacketStep, SimulatedNode};
use crate::side::{Side, USER};

/// Where a packet was sent, and its sequence.
pub type Sent = (End, Sequence);

pub struct History {
    pub chains: [ChainId; 2],
    /// Every block of either chain, from height 1 on.
    pub blocks: [Vec<Block>; 2],
    /// The packets, by the side they were sent from, and by end and sequence there.
    pub packets: [BTreeMap<Sent, PacketHistory>; 2],
    /// The channels of either chain.
    pub channels: [Vec<IdentifiedChannelEnd>; 2],
    nodes: [Arc<dyn SimulatedNode>; 2],
}

/// A transaction included in a block.
pub struct Included<'a> {
    pub height: u64,
    pub outcome: &'a TxOutcome,
    /// Its position in the block.
    pub index: usize,
    pub side: usize,
    node: &'a dyn SimulatedNode,
}

/// One packet, with the heights of all its events.
pub struct PacketHistory {
    pub packet: Packet,
    /// Height on the source.
    pub sent: u64,
    /// Heights on the destination.
    pub received: Vec<u64>,
    /// With its height on the destination.
    pub ack: Option<(u64, Vec<u8>)>,
    /// Heights on the source.
    pub acknowledged: Vec<u64>,
    pub timed_out: Vec<u64>,
}

impl History {
    pub async fn read(sides: &[Side; 2]) -> Self {
        let blocks = [sides[0].blocks().await, sides[1].blocks().await];
        let mut packets = [sends(&blocks[0]), sends(&blocks[1])];
        for (side, blocks) in blocks.iter().enumerate() {
            for block in blocks {
                for event in &block.events {
                    record(&mut packets, side, block.height, event);
                }
            }
        }
        let mut channels = [vec![], vec![]];
        for (channels, side) in channels.iter_mut().zip(sides) {
            let all = side.chain(USER).channels().await;
            *channels = all.expect("the chain itself answers").all;
        }
        Self {
            channels,
            chains: sides.each_ref().map(Side::id),
            blocks,
            packets,
            nodes: sides.each_ref().map(|side| side.node.clone()),
        }
    }

    pub fn side(&self, chain: &ChainId) -> usize {
        usize::from(self.chains[0] != *chain)
    }

    /// Whether a channel end of a side is closed.
    pub fn is_closed(&self, side: usize, end: &End) -> bool {
        self.channels[side].iter().any(|channel| {
            let is_it = End::channel(&channel.port_id, &channel.channel_id) == *end;
            is_it && channel.channel_end.state.is_closed()
        })
    }

    /// The block since which a channel end of a side is closed: on ordered channels a timeout
    /// closes it, and a relayer closes the other end.
    pub fn closed_at(&self, side: usize, end: &End) -> Option<u64> {
        // Two steps of the handshake that opened it.
        const OPENING: usize = 2;
        let blocks = self.blocks[side].iter();
        let events =
            blocks.flat_map(|block| block.events.iter().map(|event| (block.height, event)));
        let timeouts = |event: &Event| match event {
            Event::TimeoutPacket(packet) => packet.src == *end,
            _ => false,
        };
        let changes = |event: &Event| match event {
            Event::ChannelChanged {
                port_id,
                channel_id,
            } => End::channel(port_id, channel_id) == *end,
            _ => false,
        };
        let timeout = events.clone().find(|(_, event)| timeouts(event));
        let change = events.filter(|(_, event)| changes(event)).nth(OPENING);
        let closed = timeout.into_iter().chain(change).map(|(height, _)| height);
        closed.min().filter(|_| self.is_closed(side, end))
    }

    /// The side a packet was sent from, and its history.
    pub fn packet(&self, key: &PacketKey) -> Option<(usize, &PacketHistory)> {
        let from = self.side(&key.src.chain);
        let sent = (key.src.end.clone(), key.sequence);
        Some((from, self.packets[from].get(&sent)?))
    }

    /// The block that includes a transaction, with its outcome and events.
    pub fn included(&self, key: &TxKey) -> Option<Included<'_>> {
        let side = self.side(&key.chain);
        let mut blocks = self.blocks[side].iter();
        blocks.find_map(|block| {
            let index = block.txs.iter().position(|tx| tx.hash == key.hash)?;
            Some(Included {
                height: block.height,
                outcome: &block.txs[index],
                index,
                side,
                node: &*self.nodes[side],
            })
        })
    }
}

impl Included<'_> {
    /// Whether this transaction did what the item asks for.
    pub fn did(&self, item: &Item) -> bool {
        let (step, key) = match item {
            Item::Recv(key) => (PacketStep::Receive, key),
            Item::Ack(key) => (PacketStep::Acknowledge, key),
            Item::Timeout(key) => (PacketStep::TimeOut, key),
            Item::Refresh(_)
            | Item::Upgrade(_)
            | Item::Misbehaviour(_)
            | Item::Handshake { .. }
            | Item::Connection { .. }
            | Item::Channel { .. } => return false,
        };
        let at = (self.height, self.index);
        self.node
            .did(at, step, &(key.src.end.clone(), key.sequence))
    }

    /// Whether it is on the chain of this side.
    pub fn is_on(&self, side: usize) -> bool {
        self.side == side
    }

    /// The clients that it updated.
    pub fn updated_clients(&self) -> Vec<String> {
        self.node.updated_clients((self.height, self.index))
    }

    pub fn ran_out_of_gas(&self) -> bool {
        self.outcome.code == self.node.out_of_gas()
    }
}

impl PacketHistory {
    pub fn is_timed_out_at(&self, block: &Block) -> bool {
        // The oracle does not ask the code under test.
        let Timeout {
            height,
            timestamp_ns,
        } = self.packet.timeout;
        let by_height = height.height != 0 && block.height >= height.height;
        by_height || (timestamp_ns != 0 && block.time.0 >= timestamp_ns)
    }

    /// Neither arrived nor refunded.
    pub fn is_under_way(&self) -> bool {
        self.acknowledged.is_empty() && self.timed_out.is_empty() && !self.has_arrived()
    }

    /// Received, and not with an error.
    pub fn has_arrived(&self) -> bool {
        let is_result = |ack: &[u8]| ack.starts_with(br#"{"result""#);
        self.ack.as_ref().is_some_and(|(_, ack)| is_result(ack))
    }
}

fn sends(blocks: &[Block]) -> BTreeMap<Sent, PacketHistory> {
    let events = blocks
        .iter()
        .flat_map(|block| block.events.iter().map(|event| (block.height, event)));
    let sends = events.filter_map(|(height, event)| {
        let Event::SendPacket(packet) = event else {
            return None;
        };
        let packet_history = PacketHistory {
            packet: packet.clone(),
            sent: height,
            received: Vec::new(),
            ack: None,
            acknowledged: Vec::new(),
            timed_out: Vec::new(),
        };
        Some(((packet.src.clone(), packet.sequence), packet_history))
    });
    sends.collect()
}

fn record(
    packets: &mut [BTreeMap<Sent, PacketHistory>; 2],
    side: usize,
    height: u64,
    event: &Event,
) {
    let (from, id) = match event {
        Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => (side, id.clone()),
        Event::RecvPacket(id) => (1 - side, id.clone()),
        Event::WriteAcknowledgement { packet, .. } => (1 - side, packet.id()),
        _ => return,
    };
    let Some(packet_history) = packets[from].get_mut(&(id.src, id.sequence)) else {
        panic!("a packet that was never sent: {event:?} on side {side}");
    };
    match event {
        Event::AcknowledgePacket(_) => packet_history.acknowledged.push(height),
        Event::TimeoutPacket(_) => packet_history.timed_out.push(height),
        Event::RecvPacket(_) => packet_history.received.push(height),
        Event::WriteAcknowledgement { ack, .. } => {
            packet_history.ack = Some((height, ack.clone()));
        }
        _ => {}
    }
}
