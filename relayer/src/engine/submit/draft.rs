//! From a batch's messages to transactions: how they are cut by size, which must wait
//! for others, and what they do in words.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tern_chains::Message;
use tern_core::ledger::Item;
use tern_core::plan::cut::{cut, TxLimits, Weight};
use tern_core::plan::gas::{Class, Size};

use crate::engine::prove::Messages;

/// A transaction in the making.
pub struct Draft {
    pub items: Vec<Item>,
    /// The client update and the messages. Only the first transaction that needs
    /// the update carries it; the others are estimated as if they did, because
    /// it is not on chain yet.
    pub estimated: Vec<Message>,
    /// How many of these are for the estimate only.
    pub not_carried: usize,
    /// How many client updates it carries before the messages of its items.
    pub updates: usize,
    /// What its gas depends on; `None`: on more than can be learned from others.
    pub size: Option<Size>,
    /// The gas limit, once it is known.
    pub gas: Option<u64>,
}

impl Draft {
    /// The first headers of a client update that does not fit before a message, as many as
    /// fit into a transaction, by themselves: what is left is planned again from where they
    /// bring the client. The items wait for it.
    pub fn of_long_update(messages: &Messages, limits: &TxLimits) -> Option<Self> {
        let weights: Vec<Weight> = messages.update.iter().map(weight).collect();
        let all = sum(&weights);
        let smallest = messages.messages.iter().map(|(_, message)| weight(message));
        let smallest = smallest.min_by_key(|weight| weight.bytes)?;
        // What fits into no transaction is no reason to pay for an update.
        let may_fit = smallest.bytes <= limits.bytes_max;
        let is_long = all.bytes + smallest.bytes > limits.bytes_max
            || weights.len() > 1 && all.gas > limits.gas_max;
        if messages.atomic || weights.is_empty() || !is_long || !may_fit {
            return None;
        }
        let none = Weight { bytes: 0, gas: 0 };
        let of_its_own = TxLimits {
            messages_max: usize::MAX,
            ..*limits
        };
        let first = cut(none, &weights, &of_its_own).into_iter().next()?;
        let estimated = messages.update[first].to_vec();
        Some(Self {
            items: messages
                .messages
                .iter()
                .map(|(item, _)| item.clone())
                .collect(),
            not_carried: 0,
            updates: estimated.len(),
            size: None,
            estimated,
            gas: None,
        })
    }

    /// One of a batch's transactions; `is_updated_before`: an earlier batch's carries
    /// the client update.
    pub fn new(messages: &Messages, range: &Range<usize>, is_updated_before: bool) -> Self {
        let update = messages.update.iter().cloned();
        let part = &messages.messages[range.clone()];
        let estimated: Vec<Message> = update
            .chain(part.iter().map(|(_, message)| message.clone()))
            .collect();
        let carries_update = range.start == 0 && !is_updated_before;
        Self {
            items: part.iter().map(|(item, _)| item.clone()).collect(),
            not_carried: if carries_update {
                0
            } else {
                messages.update.len()
            },
            updates: if carries_update {
                messages.update.len()
            } else {
                0
            },
            size: size(messages, part),
            estimated,
            gas: None,
        }
    }
}

/// What the gas of a part of a batch's messages depends on, with the client update.
fn size(messages: &Messages, part: &[(Item, Message)]) -> Option<Size> {
    let updates = messages.update.iter();
    let updates = updates.map(|message| (Some(Class::UpdateClient), message));
    let part = part.iter();
    let part = part.map(|(item, message)| (messages.classes.get(item).cloned(), message));
    Size::of(
        updates
            .chain(part)
            .map(|(class, message)| (class, message.encoded.bytes.len())),
    )
}

/// Consecutive ranges of a batch's messages, a transaction each.
pub fn ranges(messages: &Messages, limits: &TxLimits) -> Vec<Range<usize>> {
    if messages.atomic {
        return std::iter::once(0..messages.messages.len()).collect();
    }
    let updates: Vec<Weight> = messages.update.iter().map(weight).collect();
    let weights: Vec<Weight> = messages
        .messages
        .iter()
        .map(|(_, message)| weight(message))
        .collect();
    cut(sum(&updates), &weights, limits)
}

fn sum(weights: &[Weight]) -> Weight {
    let none = Weight { bytes: 0, gas: 0 };
    weights.iter().fold(none, |a, b| Weight {
        bytes: a.bytes + b.bytes,
        gas: a.gas + b.gas,
    })
}

/// What a message takes, roughly and rather too much: for cutting only, the fee
/// is paid for what simulation says.
fn weight(message: &Message) -> Weight {
    const FRAMING_BYTES: usize = 16;
    const GAS_BASE: u64 = 150_000;
    const GAS_PER_BYTE: u64 = 30;
    let bytes = message.encoded.size() + FRAMING_BYTES;
    Weight {
        bytes,
        gas: GAS_BASE + GAS_PER_BYTE * bytes as u64,
    }
}

/// The messages of ordered ends that cannot be simulated now: those in another
/// transaction than the first of their end are refused as long as that is in no block.
/// `gone` are messages that were refused: those after them of their end cannot go either.
pub fn out_of_order(
    messages: &Messages,
    parts: &[Range<usize>],
    gone: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    // By end and direction: the part that its messages may be in.
    let mut first: BTreeMap<_, Option<usize>> = BTreeMap::new();
    let mut surplus = BTreeSet::new();
    for (at, (item, _)) in messages.messages.iter().enumerate() {
        let Some(packet) = item.packet().filter(|_| messages.ordered.contains(item)) else {
            continue;
        };
        let way = (&packet.src, matches!(item, Item::Recv(_)));
        let part = parts.iter().position(|range| range.contains(&at));
        if gone.contains(&at) {
            first.insert(way, None);
        } else if *first.entry(way).or_insert(part) != part {
            surplus.insert(at);
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChainId, ChannelId, ClientId, Encoded, End, MessageKind, PortId};
    use tern_core::ledger::{EndKey, PacketKey};

    use super::*;

    fn message(kind: MessageKind, bytes: usize) -> Message {
        Message {
            kind,
            encoded: Encoded {
                type_name: String::new(),
                bytes: vec![0; bytes],
            },
        }
    }

    fn recv(sequence: u64) -> Item {
        Item::Recv(PacketKey {
            src: EndKey {
                chain: ChainId::from_string("a-1"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            },
            sequence: sequence.into(),
        })
    }

    /// An update and so many receives.
    fn messages(receives: u64, atomic: bool) -> Messages {
        let message_of = |sequence| (recv(sequence), message(MessageKind::RecvPacket, 100));
        Messages {
            update: vec![message(MessageKind::UpdateClient, 1_000)],
            updated: Some(("07-tendermint-0".parse::<ClientId>().unwrap(), 9)),
            messages: (1..=receives).map(message_of).collect(),
            atomic,
            ..Messages::default()
        }
    }

    fn limits(messages_max: usize) -> TxLimits {
        TxLimits {
            messages_max,
            bytes_max: usize::MAX,
            gas_max: u64::MAX,
        }
    }

    #[test]
    fn only_the_first_transaction_carries_the_client_update() {
        let messages = messages(4, false);
        let ranges = ranges(&messages, &limits(3));
        assert!(ranges.len() > 1, "{ranges:?}");
        let drafts: Vec<Draft> = ranges
            .iter()
            .map(|range| Draft::new(&messages, range, false))
            .collect();
        let carried: Vec<usize> = drafts.iter().map(|draft| draft.not_carried).collect();
        assert_eq!(carried[0], 0);
        assert!(carried[1..].iter().all(|not_carried| *not_carried == 1));
        // Each is estimated with it, because it is not on chain yet.
        let is_update = |draft: &Draft| draft.estimated[0].kind == MessageKind::UpdateClient;
        assert!(drafts.iter().all(is_update));
        let items: Vec<Item> = drafts.into_iter().flat_map(|draft| draft.items).collect();
        assert_eq!(items, [1, 2, 3, 4].map(recv), "all, in order");
    }

    #[test]
    fn a_client_update_that_does_not_fit_goes_ahead_in_parts_and_the_items_wait_for_it() {
        let mut long = messages(3, false);
        long.update = vec![message(MessageKind::UpdateClient, 1_000); 5];
        let limits = |bytes_max| TxLimits {
            bytes_max,
            ..limits(100)
        };
        let draft = Draft::of_long_update(&long, &limits(2_500)).unwrap();
        assert_eq!((draft.updates, draft.estimated.len()), (2, 2));
        assert_eq!(draft.items, [1, 2, 3].map(recv));
        // One header at least, whatever its size: the chain will say why it cannot be.
        let draft = Draft::of_long_update(&long, &limits(500)).unwrap();
        assert_eq!(draft.updates, 1);
        assert!(Draft::of_long_update(&long, &limits(6_000)).is_none());
        // A single header leaves no room for a message.
        let short = messages(3, false);
        assert!(Draft::of_long_update(&short, &limits(1_100)).is_some());
        assert!(Draft::of_long_update(&short, &limits(1_200)).is_none());
        assert!(Draft::of_long_update(&messages(3, true), &limits(500)).is_none());
        // A message that no transaction holds waits in vain.
        assert!(Draft::of_long_update(&short, &limits(100)).is_none());
    }

    #[test]
    fn no_transaction_carries_an_update_that_an_earlier_batch_has_sent() {
        let messages = messages(1, false);
        let draft = Draft::new(&messages, &(0..1), true);
        assert_eq!((draft.not_carried, draft.estimated.len()), (1, 2));
    }

    #[test]
    fn messages_that_belong_together_are_one_transaction_whatever_the_limits_are() {
        let all = std::iter::once(0..4);
        assert_eq!(
            ranges(&messages(4, true), &limits(1)),
            all.collect::<Vec<_>>()
        );
    }

    #[test]
    fn of_an_ordered_end_only_one_transactions_worth_goes_at_a_time() {
        let mut messages = messages(6, false);
        messages.ordered = [1, 2, 3, 4].map(recv).into();
        let surplus = |gone: &[usize]| {
            let gone = gone.iter().copied().collect();
            out_of_order(&messages, &[0..2, 2..4, 4..6], &gone)
        };
        // The fifth and the sixth are of a channel without an order.
        assert_eq!(surplus(&[]), [2, 3].into());
        // Without the first none after it can be received.
        assert_eq!(surplus(&[0]), [1, 2, 3].into());
        assert_eq!(surplus(&[5]), [2, 3].into());
    }
}
