//! Packets that cost whoever relays them: what a user can send on purpose.

use tern_chains::Packet;
use tern_devnet::mock::{HEAVY, PANICS, PANICS_IN_BLOCKS};

use super::fault_counts::Fault;
use super::side::TX_BYTES;

/// Between the limits of both sides.
const TOO_LARGE: usize = (TX_BYTES[0] + TX_BYTES[1]) / 2;

/// A kind of poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    Panics,
    PanicsInBlocks,
    TooLarge,
    Heavy,
}

impl Poison {
    pub const ALL: [Self; 4] = [
        Self::Panics,
        Self::PanicsInBlocks,
        Self::TooLarge,
        Self::Heavy,
    ];

    pub fn fault(self) -> Fault {
        match self {
            Self::Panics => Fault::PoisonPanics,
            Self::PanicsInBlocks => Fault::PoisonPanicsInBlocks,
            Self::TooLarge => Fault::PoisonTooLarge,
            Self::Heavy => Fault::PoisonHeavy,
        }
    }

    /// Whether it can be sent from a side.
    pub fn is_of(self, side: usize) -> bool {
        self != Self::TooLarge || side == 0
    }

    pub fn data(self) -> Vec<u8> {
        match self {
            Self::Panics => PANICS.to_vec(),
            Self::PanicsInBlocks => PANICS_IN_BLOCKS.to_vec(),
            // It can be sent, and timed out, but not received.
            Self::TooLarge => vec![b'x'; TOO_LARGE],
            Self::Heavy => HEAVY.to_vec(),
        }
    }

    /// The poison that a packet is.
    pub fn of(packet: &Packet) -> Option<Self> {
        let data = packet.data();
        let mut all = Self::ALL.into_iter();
        all.find(|poison| match poison {
            Self::TooLarge => data.len() == TOO_LARGE,
            other => data == other.data(),
        })
    }
}
