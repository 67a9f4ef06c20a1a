//! What transactions of a kind take, learned from simulations, so that not
//! each has to be simulated on its way.
//!
//! Only transactions of the same shape are compared: the same kinds of
//! messages, about as many of each, none longer than what was seen. A shape is
//! trusted once transactions of it went through with the gas they were given,
//! is simulated again from time to time, and is forgotten when one fails.

use std::collections::BTreeMap;

use tern_chains::{MessageKind, Packet};

use crate::transfer::{self, Transfer};

/// So many transactions of a shape must have gone through.
const CONFIRMED_MIN: u32 = 3;
/// After so many predictions one is simulated again.
const PREDICTIONS_MAX: u32 = 20;
/// The kinds of messages whose gas depends on little else than their number and
/// size.
const STEADY: [MessageKind; 3] = [
    MessageKind::UpdateClient,
    MessageKind::RecvPacket,
    MessageKind::Acknowledgement,
];

/// Whether the application takes about as much gas for this packet as for others of its
/// size: a memo can make it run any program, and so can the packets of other
/// applications.
pub fn is_steady(packet: &Packet) -> bool {
    let port = packet.src.as_channel().map(|(port, _)| port.as_str());
    let transfer = || Transfer::read(packet.data());
    port == Some(transfer::PORT) && transfer().is_some_and(|transfer| transfer.memo.is_empty())
}

/// The gas limits that were right for transactions of each shape.
#[derive(Clone, Debug, Default)]
pub struct GasTable {
    shapes: BTreeMap<Shape, Learned>,
}

/// Messages of a transaction by kind, in powers of two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape(BTreeMap<MessageKind, u32>);

/// A transaction's messages, as far as they matter for gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    pub shape: Shape,
    messages: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    /// The most that one message of such a transaction took.
    gas_per_message: u64,
    bytes_per_message: u64,
    /// The fewest messages seen: with fewer, each bears more of what all share.
    messages_min: u64,
    confirmed: u32,
    predictions: u32,
}

impl Size {
    /// Of messages, by kind and length in bytes.
    pub fn of(messages: impl Iterator<Item = (MessageKind, usize)>) -> Self {
        let mut counts: BTreeMap<MessageKind, u64> = BTreeMap::new();
        let (mut number, mut bytes) = (0, 0);
        for (kind, length) in messages {
            *counts.entry(kind).or_default() += 1;
            number += 1;
            bytes += length as u64;
        }
        let powers = counts
            .into_iter()
            .map(|(kind, count)| (kind, count.ilog2()));
        Self {
            shape: Shape(powers.collect()),
            messages: number,
            bytes,
        }
    }
}

impl Shape {
    fn is_steady(&self) -> bool {
        self.0.keys().all(|kind| STEADY.contains(kind))
    }
}

impl GasTable {
    /// The gas limit for a transaction of this size, if it is known.
    pub fn predict(&mut self, size: &Size) -> Option<u64> {
        let learned = self.shapes.get_mut(&size.shape)?;
        let is_known = learned.confirmed >= CONFIRMED_MIN
            && learned.predictions < PREDICTIONS_MAX
            && size.messages >= learned.messages_min
            && size.bytes <= learned.bytes_per_message * size.messages;
        if !is_known {
            return None;
        }
        learned.predictions += 1;
        learned.gas_per_message.checked_mul(size.messages)
    }

    /// A simulation said that this gas limit is right.
    pub fn simulated(&mut self, size: &Size, gas: u64) {
        if size.messages == 0 || !size.shape.is_steady() {
            return;
        }
        let gas_per_message = gas.div_ceil(size.messages);
        let bytes_per_message = size.bytes.div_ceil(size.messages);
        let learned = self.shapes.entry(size.shape.clone()).or_insert(Learned {
            gas_per_message,
            bytes_per_message,
            messages_min: size.messages,
            confirmed: 0,
            predictions: 0,
        });
        learned.gas_per_message = learned.gas_per_message.max(gas_per_message);
        learned.bytes_per_message = learned.bytes_per_message.max(bytes_per_message);
        learned.messages_min = learned.messages_min.min(size.messages);
        learned.predictions = 0;
    }

    /// What became of a transaction of this shape, in its block or at the node.
    pub fn ended(&mut self, shape: &Shape, succeeded: bool) {
        if !succeeded {
            self.shapes.remove(shape);
        } else if let Some(learned) = self.shapes.get_mut(shape) {
            learned.confirmed = learned.confirmed.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Body, ChannelId, End, PortId, Timeout};

    use super::*;

    const UPDATE: (MessageKind, usize) = (STEADY[0], 1_000);

    fn receives(count: usize, bytes: usize) -> Size {
        let receives = std::iter::repeat_n((STEADY[1], bytes), count);
        Size::of(std::iter::once(UPDATE).chain(receives))
    }

    fn taught() -> GasTable {
        let mut table = GasTable::default();
        for _ in 0..CONFIRMED_MIN {
            table.simulated(&receives(9, 500), 1_000_000);
            table.ended(&receives(9, 500).shape, true);
        }
        table
    }

    #[test]
    fn only_transfers_without_a_memo_take_about_as_much_gas_as_others_of_their_size() {
        let packet = |port: &str, data: &[u8]| Packet {
            src: End::channel(&port.parse().unwrap(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(1)),
            sequence: 1.into(),
            timeout: Timeout::default(),
            body: Body::V1 {
                data: data.to_vec(),
            },
        };
        let plain = br#"{"amount":"1","denom":"uakt","receiver":"r","sender":"s"}"#;
        let program = br#"{"amount":"1","denom":"uakt","receiver":"r","sender":"s","memo":"{}"}"#;
        assert!(is_steady(&packet("transfer", plain)));
        assert!(!is_steady(&packet("transfer", program)));
        assert!(!is_steady(&packet("icahost", plain)));
        assert!(!is_steady(&packet("transfer", b"not a transfer")));
    }

    #[test]
    fn a_shape_is_predicted_once_it_went_through_often_enough() {
        let mut table = GasTable::default();
        for _ in 0..CONFIRMED_MIN {
            assert_eq!(table.predict(&receives(9, 500)), None);
            table.simulated(&receives(9, 500), 1_000_000);
            table.ended(&receives(9, 500).shape, true);
        }
        assert_eq!(table.predict(&receives(9, 500)), Some(1_000_000));
        assert_eq!(table.predict(&receives(14, 500)), Some(1_500_000));
    }

    #[test]
    fn what_is_larger_or_shares_less_is_simulated() {
        let mut table = taught();
        assert_eq!(table.predict(&receives(9, 501)), None);
        assert_eq!(table.predict(&receives(8, 500)), None);
        assert_eq!(table.predict(&receives(40, 500)), None);
    }

    #[test]
    fn a_failure_makes_it_simulate_again() {
        let mut table = taught();
        table.ended(&receives(9, 500).shape, false);
        assert_eq!(table.predict(&receives(9, 500)), None);
    }

    #[test]
    fn now_and_then_it_is_simulated_again_and_keeps_the_most_it_saw() {
        let mut table = taught();
        let predicted = (0..PREDICTIONS_MAX).all(|_| table.predict(&receives(9, 500)).is_some());
        assert!(predicted);
        assert_eq!(table.predict(&receives(9, 500)), None);
        table.simulated(&receives(9, 500), 1_200_000);
        assert_eq!(table.predict(&receives(9, 500)), Some(1_200_000));
    }

    #[test]
    fn other_messages_are_always_simulated() {
        let mut table = GasTable::default();
        let size = Size::of(std::iter::once((MessageKind::Timeout, 500)));
        for _ in 0..10 {
            table.simulated(&size, 1_000);
            table.ended(&size.shape, true);
        }
        assert_eq!(table.predict(&size), None);
    }
}
