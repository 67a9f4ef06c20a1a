//! The channels of a world that are served.

use tern::engine::OpenedChannel;
use tern_chains::{ChainId, ChannelId, End, Ordering, PortId, Sequence};
use tern_core::ledger::{
    ChannelKey, ChannelTerms, EndKey, Goal, HandshakeProgress, HandshakeRequest, PacketKey,
};

use super::side::Side;

/// Both ends of a channel, by side.
#[derive(Clone, Debug)]
pub struct Channel {
    pub ends: [ChannelKey; 2],
}

/// The channel of transfers, and those of the mock application that this world has.
#[derive(Clone, Debug)]
pub struct Channels {
    pub transfer: Channel,
    pub mock: Option<Channel>,
    pub ordered: Option<Channel>,
}

impl Channel {
    pub fn of(opened: &OpenedChannel) -> Self {
        Self {
            ends: [opened.a.clone(), opened.b.clone()],
        }
    }

    /// The first channel of either chain.
    pub fn first(sides: &[Side; 2]) -> Self {
        let end = |side: &Side| ChannelKey {
            chain: side.id(),
            port_id: PortId::transfer(),
            channel_id: ChannelId::new(0),
        };
        Self {
            ends: sides.each_ref().map(end),
        }
    }

    pub fn end(&self, side: usize) -> End {
        self.ends[side].end()
    }

    pub fn key(&self, side: usize) -> EndKey {
        self.ends[side].clone().into()
    }

    pub fn id(&self, side: usize) -> String {
        self.ends[side].channel_id.to_string()
    }

    pub fn packet(&self, side: usize, sequence: Sequence) -> PacketKey {
        PacketKey {
            src: self.key(side),
            sequence,
        }
    }
}

impl Channels {
    pub fn all(&self) -> impl Iterator<Item = &Channel> {
        let mock = self.mock.iter().chain(&self.ordered);
        std::iter::once(&self.transfer).chain(mock)
    }

    /// The channel that an end of a side is of.
    pub fn of_end(&self, side: usize, end: &End) -> Option<&Channel> {
        self.all().find(|channel| channel.end(side) == *end)
    }
}

/// A channel that a command opens.
pub fn request(chains: [ChainId; 2], port: &PortId, ordering: Ordering) -> HandshakeRequest {
    let [a, b] = chains;
    HandshakeRequest {
        a,
        b,
        goal: Goal::Channel(ChannelTerms {
            a_port: port.clone(),
            b_port: port.clone(),
            ordering,
            version: String::new(),
        }),
        progress: HandshakeProgress::default(),
        only: None,
    }
}

/// The port of the mock application.
pub fn mock_port() -> PortId {
    tern_devnet::mock::PORT.parse().expect("a port")
}
