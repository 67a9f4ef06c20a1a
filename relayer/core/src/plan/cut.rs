//! Cutting a batch's messages into transactions.

use std::ops::Range;

/// What one transaction may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxLimits {
    pub messages_max: usize,
    pub bytes_max: usize,
    pub gas_max: u64,
}

/// What one message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    pub bytes: usize,
    pub gas: u64,
}

/// Consecutive ranges of messages, each within the limits, none empty. The
/// first `head` is what the first transaction carries before them (the client
/// update). A message that is over the limits by itself gets a range of its
/// own: the chain will say why it cannot be.
pub fn cut(head: Weight, messages: &[Weight], limits: &TxLimits) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut sum = head;
    for (index, weight) in messages.iter().enumerate() {
        let next = Weight {
            bytes: sum.bytes.saturating_add(weight.bytes),
            gas: sum.gas.saturating_add(weight.gas),
        };
        let is_full = index - start >= limits.messages_max
            || next.bytes > limits.bytes_max
            || next.gas > limits.gas_max;
        if is_full && index > start {
            ranges.push(start..index);
            start = index;
            sum = *weight;
        } else {
            sum = next;
        }
    }
    if start < messages.len() {
        ranges.push(start..messages.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: TxLimits = TxLimits {
        messages_max: 10,
        bytes_max: 1_000,
        gas_max: 1_000,
    };

    #[test]
    fn nothing_gives_no_transaction() {
        let head = Weight { bytes: 1, gas: 1 };
        assert!(cut(head, &[], &LIMITS).is_empty());
    }

    proptest! {
        #[test]
        fn every_message_is_in_exactly_one_transaction_and_all_keep_the_limits(
            head in (0usize..500, 0u64..500),
            weights in proptest::collection::vec((1usize..1_500, 1u64..1_500), 0..80),
        ) {
            let head = Weight { bytes: head.0, gas: head.1 };
            let messages: Vec<_> =
                weights.iter().map(|&(bytes, gas)| Weight { bytes, gas }).collect();
            let ranges = cut(head, &messages, &LIMITS);
            let covered: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(covered, (0..messages.len()).collect::<Vec<_>>());
            for (number, range) in ranges.iter().enumerate() {
                prop_assert!(!range.is_empty() && range.len() <= LIMITS.messages_max);
                let first = if number == 0 { head } else { Weight { bytes: 0, gas: 0 } };
                let bytes: usize = messages[range.clone()].iter().map(|w| w.bytes).sum();
                let gas: u64 = messages[range.clone()].iter().map(|w| w.gas).sum();
                let fits = bytes + first.bytes <= LIMITS.bytes_max
                    && gas + first.gas <= LIMITS.gas_max;
                prop_assert!(fits || range.len() == 1);
            }
        }
    }
}
