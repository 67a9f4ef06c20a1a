//! What transactions of a kind take, learned from simulations, so that not
//! each has to be simulated on its way.
//!
//! Only transactions of the same shape are compared: about as many messages of each
//! [`Class`], none longer than what was seen. A shape is trusted once transactions of it
//! went through with the gas they were given and every packet had its usual effect, is
//! simulated again from time to time, and is forgotten when one fails.

use std::collections::BTreeMap;

use tern_chains::{End, Packet};

use super::batch::Action;
use crate::transfer::{self, Transfer};

/// So many transactions of a shape must have gone through.
const CONFIRMED_MIN: u32 = 3;
/// After so many predictions one is simulated again.
const PREDICTIONS_MAX: u32 = 20;
/// More than a relayer meets of its own accord: whoever sends other denoms makes others.
const SHAPES_MAX: usize = 500;
/// In bytes; a longer denom is learned nothing about.
const DENOM_MAX: usize = 256;
/// What a transfer module writes for a packet that it has taken (ICS-20).
const TAKEN: &[u8] = br#"{"result":"AQ=="}"#;

/// Messages that take about as much gas as others of their size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    UpdateClient,
    /// A transfer arrives at this end. The denom, as the packet has it, decides whether it
    /// is the first of its kind there, is minted, or is paid from escrow.
    Receive {
        dst: End,
        denom: String,
    },
    /// A transfer from this end was taken: nothing is paid back.
    Acknowledge {
        src: End,
    },
}

impl Class {
    /// `None`: it may take any amount of gas. A memo can make the application run any
    /// program, and so can the packets of other applications.
    pub fn of(action: &Action) -> Option<Self> {
        match action {
            Action::UpdateClient => Some(Self::UpdateClient),
            Action::RecvPacket(packet) => Some(Self::Receive {
                dst: packet.dst.clone(),
                denom: plain_transfer(packet)?.denom,
            }),
            Action::Acknowledgement { packet, ack } if is_taken(ack) => {
                plain_transfer(packet)?;
                let src = packet.src.clone();
                Some(Self::Acknowledge { src })
            }
            _ => None,
        }
    }
}

/// A transfer that moves coins and does nothing else. Coins of a token factory may run a
/// program of their creator's each time.
fn plain_transfer(packet: &Packet) -> Option<Transfer> {
    let (port, _) = packet.src.as_channel()?;
    let transfer = Transfer::read(packet.data())?;
    let is_plain = port.as_str() == transfer::PORT
        && transfer.memo.is_empty()
        && transfer.denom.len() <= DENOM_MAX
        && !transfer.denom.contains("factory/");
    is_plain.then_some(transfer)
}

/// Whether this is what a transfer that was taken is acknowledged with. A refusal takes
/// less gas to write, and more to be acknowledged.
pub fn is_taken(ack: &[u8]) -> bool {
    ack == TAKEN
}

/// The gas limits that were right for transactions of each shape.
#[derive(Clone, Debug, Default)]
pub struct GasTable {
    shapes: BTreeMap<Shape, Learned>,
}

/// Messages of a transaction by class, in powers of two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape(BTreeMap<Class, u32>);

/// A transaction's messages, as far as they matter for gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    pub shape: Shape,
    messages: u64,
    bytes: u64,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// In its block, or at the node.
    Failed,
    /// In its block, because it took more gas than its limit.
    OutOfGas,
    Succeeded {
        /// Whether each transfer in it was taken.
        all_taken: bool,
    },
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
    /// Of messages, by class and length in bytes; `None` if one is of no class.
    pub fn of(messages: impl IntoIterator<Item = (Option<Class>, usize)>) -> Option<Self> {
        let mut counts: BTreeMap<Class, u64> = BTreeMap::new();
        let (mut number, mut bytes) = (0, 0);
        for (class, length) in messages {
            *counts.entry(class?).or_default() += 1;
            number += 1;
            bytes += length as u64;
        }
        let powers = counts
            .into_iter()
            .map(|(class, count)| (class, count.ilog2()));
        Some(Self {
            shape: Shape(powers.collect()),
            messages: number,
            bytes,
        })
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
        if size.messages == 0 {
            return;
        }
        if self.shapes.len() >= SHAPES_MAX && !self.shapes.contains_key(&size.shape) {
            self.shapes.clear();
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

    /// What became of a transaction of this shape. One with a transfer that was refused says
    /// nothing of what the others take.
    pub fn ended(&mut self, shape: &Shape, ended: Ended) {
        match ended {
            Ended::Failed | Ended::OutOfGas => {
                self.shapes.remove(shape);
            }
            Ended::Succeeded { all_taken: true } => {
                if let Some(learned) = self.shapes.get_mut(shape) {
                    learned.confirmed = learned.confirmed.saturating_add(1);
                }
            }
            Ended::Succeeded { all_taken: false } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Body, ChannelId, PortId, Timeout};

    use super::*;

    const TAKEN_ALL: Ended = Ended::Succeeded { all_taken: true };

    fn end(channel: u64) -> End {
        End::channel(&PortId::transfer(), &ChannelId::new(channel))
    }

    fn receive(denom: &str) -> Class {
        Class::Receive {
            dst: end(1),
            denom: denom.to_owned(),
        }
    }

    fn receives_of(denom: &str, count: usize, bytes: usize) -> Size {
        let update = std::iter::once((Some(Class::UpdateClient), 1_000));
        let receives = std::iter::repeat_n((Some(receive(denom)), bytes), count);
        Size::of(update.chain(receives)).unwrap()
    }

    fn receives(count: usize, bytes: usize) -> Size {
        receives_of("uakt", count, bytes)
    }

    fn taught() -> GasTable {
        let mut table = GasTable::default();
        for _ in 0..CONFIRMED_MIN {
            table.simulated(&receives(9, 500), 1_000_000);
            table.ended(&receives(9, 500).shape, TAKEN_ALL);
        }
        table
    }

    #[test]
    fn only_plain_transfers_take_about_as_much_gas_as_others_of_their_size() {
        let packet = |port: &str, data: &[u8]| Packet {
            src: End::channel(&port.parse().unwrap(), &ChannelId::new(0)),
            dst: end(1),
            sequence: 1.into(),
            timeout: Timeout::default(),
            body: Body::V1 {
                data: data.to_vec(),
            },
        };
        let class = |port: &str, data: &[u8]| Class::of(&Action::RecvPacket(packet(port, data)));
        let plain = br#"{"amount":"1","denom":"uakt","receiver":"r","sender":"s"}"#;
        let program = br#"{"amount":"1","denom":"uakt","receiver":"r","sender":"s","memo":"{}"}"#;
        let factory =
            br#"{"amount":"1","denom":"factory/a/b","receiver":"r","sender":"s","memo":""}"#;
        assert_eq!(class("transfer", plain), Some(receive("uakt")));
        assert_eq!(class("transfer", program), None);
        assert_eq!(class("transfer", factory), None);
        assert_eq!(class("icahost", plain), None);
        assert_eq!(class("transfer", b"not a transfer"), None);
        let acknowledged = |ack: &[u8]| {
            Class::of(&Action::Acknowledgement {
                packet: packet("transfer", plain),
                ack: ack.to_vec(),
            })
        };
        assert_eq!(
            acknowledged(TAKEN),
            Some(Class::Acknowledge { src: end(0) })
        );
        // The sender is paid back.
        assert_eq!(acknowledged(br#"{"error":"ABCI code: 5"}"#), None);
    }

    #[test]
    fn a_shape_is_predicted_once_it_went_through_often_enough() {
        let mut table = GasTable::default();
        for _ in 0..CONFIRMED_MIN {
            assert_eq!(table.predict(&receives(9, 500)), None);
            table.simulated(&receives(9, 500), 1_000_000);
            table.ended(&receives(9, 500).shape, TAKEN_ALL);
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
    fn nothing_is_learned_for_a_denom_from_another() {
        let mut table = taught();
        assert_eq!(table.predict(&receives_of("new", 9, 500)), None);
    }

    #[test]
    fn nothing_is_learned_from_transfers_that_were_refused() {
        let mut table = GasTable::default();
        for _ in 0..10 {
            table.simulated(&receives(9, 500), 1_000_000);
            let ended = Ended::Succeeded { all_taken: false };
            table.ended(&receives(9, 500).shape, ended);
        }
        assert_eq!(table.predict(&receives(9, 500)), None);
    }

    #[test]
    fn a_failure_makes_it_simulate_again() {
        let mut table = taught();
        table.ended(&receives(9, 500).shape, Ended::Failed);
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
    fn a_message_of_no_class_is_always_simulated() {
        let messages = [(Some(receive("uakt")), 500), (None, 500)];
        assert_eq!(Size::of(messages), None);
    }

    #[test]
    fn what_strangers_make_it_learn_is_bounded() {
        let mut table = GasTable::default();
        for number in 0..2 * SHAPES_MAX {
            table.simulated(&receives_of(&number.to_string(), 9, 500), 1_000_000);
        }
        assert!(table.shapes.len() <= SHAPES_MAX);
    }
}
