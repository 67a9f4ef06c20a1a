//! From a batch's messages to transactions: how they are cut, what a refusal
//! means for them, and what they do in words.

use std::ops::Range;

use tern_chains::{ChainError, Check, Message};
use tern_core::ledger::Item;
use tern_core::plan::cut::{cut, TxLimits, Weight};
use tern_core::plan::gas::Size;

use super::gas::size;
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
    pub size: Size,
    /// The gas limit, once it is known.
    pub gas: Option<u64>,
}

impl Draft {
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
            size: size(&estimated),
            estimated,
            gas: None,
        }
    }
}

/// Consecutive ranges of a batch's messages, a transaction each.
pub fn ranges(messages: &Messages, limits: &TxLimits) -> Vec<Range<usize>> {
    if messages.atomic {
        return std::iter::once(0..messages.messages.len()).collect();
    }
    let head = messages
        .update
        .iter()
        .map(weight)
        .fold(Weight { bytes: 0, gas: 0 }, |a, b| Weight {
            bytes: a.bytes + b.bytes,
            gas: a.gas + b.gas,
        });
    let weights: Vec<Weight> = messages
        .messages
        .iter()
        .map(|(_, message)| weight(message))
        .collect();
    cut(head, &weights, limits)
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

/// The index among a batch's messages of the one a simulation failed at.
pub fn culprit(error: &ChainError, updates: usize, start: usize) -> Option<usize> {
    match error {
        ChainError::Rejected {
            message_index: Some(index),
            ..
        } => index.checked_sub(updates).map(|at| at + start),
        _ => None,
    }
}

/// A node's refusal in words.
pub fn refusal(check: Check) -> String {
    match check {
        Check::Accepted => String::new(),
        Check::WrongSequence { log } => {
            format!("another program uses the account, or a transaction was dropped: {log}")
        }
        Check::Busy { log } => format!("the node's mempool is full: {log}"),
        Check::Refused {
            codespace,
            code,
            log,
        } => format!("{log} (codespace {codespace}, code {code})"),
    }
}

/// What a transaction does, in words: "50 receive, 3 acknowledge".
pub fn summary(items: &[Item]) -> String {
    let count = |kind: fn(&Item) -> bool| items.iter().filter(|item| kind(item)).count();
    let mut parts: Vec<String> = [
        (count(|item| matches!(item, Item::Recv(_))), "receive"),
        (count(|item| matches!(item, Item::Ack(_))), "acknowledge"),
        (count(|item| matches!(item, Item::Timeout(_))), "time out"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    parts.extend(items.iter().filter_map(|item| match item {
        Item::Handshake { step, .. } => Some(format!("{step:?}")),
        Item::Refresh(client) => Some(format!("refresh {}", client.client_id)),
        _ => None,
    }));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use tern_chains::ChainId;

    use super::*;

    #[test]
    fn the_culprit_is_counted_without_the_client_update() {
        let refused = |message_index| ChainError::Rejected {
            chain: ChainId::from_string("kava-a"),
            doing: "simulate".into(),
            codespace: "channel".into(),
            code: 1,
            log: "no".into(),
            message_index,
        };
        // One update, then the messages from 10 on.
        assert_eq!(culprit(&refused(Some(3)), 1, 10), Some(12));
        assert_eq!(culprit(&refused(Some(0)), 1, 10), None);
        assert_eq!(culprit(&refused(None), 1, 10), None);
    }
}
