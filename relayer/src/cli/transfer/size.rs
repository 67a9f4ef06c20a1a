//! The number of transfers in one transaction.

use std::collections::VecDeque;

use tern_chains::{ChainParams, Message};

/// Maximum number of transfers in a transaction. More transfers save little gas and
/// make a failed transaction more expensive.
const MESSAGES_MAX: usize = 100;
/// Bytes for everything except messages: signature, key, fee, memo.
const ENVELOPE_BYTES: u64 = 1_500;
/// Bytes for the tags and lengths of a message and its two fields.
const MESSAGE_EXTRA_BYTES: u64 = 12;

/// The maximum number of transfers whose bytes fit in a transaction; 0 if one
/// transfer does not fit.
pub fn most_by_bytes(message: &Message, params: &ChainParams, configured: usize) -> usize {
    let each = message.encoded.size() as u64 + MESSAGE_EXTRA_BYTES;
    let room = params.max_tx_bytes.saturating_sub(ENVELOPE_BYTES);
    let fits = usize::try_from(room / each).unwrap_or(usize::MAX);
    fits.min(MESSAGES_MAX).min(configured)
}

/// The number to try next after `tried` transfers used `gas`, more than `limit`.
/// It is always smaller; 0 if one transfer is too much.
pub fn fewer_by_gas(tried: usize, gas: u64, limit: u64) -> usize {
    let share = u128::from(limit) * tried as u128 / u128::from(gas.max(1));
    let share = usize::try_from(share).unwrap_or(usize::MAX);
    share.min(tried.saturating_sub(1))
}

/// Splits `count` transfers into transactions of `each`. The last one has the rest.
pub fn split(count: usize, each: usize) -> VecDeque<usize> {
    let each = each.max(1);
    let full = std::iter::repeat_n(each, count / each);
    let rest = count % each;
    full.chain((rest > 0).then_some(rest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{Encoded, MessageKind};

    fn params(max_tx_bytes: u64) -> ChainParams {
        ChainParams {
            max_block_gas: u64::MAX,
            max_tx_bytes,
        }
    }

    #[test]
    fn bytes_and_the_configuration_limit_a_transaction() {
        let message = Message {
            kind: MessageKind::Other,
            encoded: Encoded {
                type_name: "/x".to_owned(),
                bytes: vec![0; 300],
            },
        };
        assert_eq!(most_by_bytes(&message, &params(740_000), 100), 100);
        assert_eq!(most_by_bytes(&message, &params(740_000), 7), 7);
        assert_eq!(most_by_bytes(&message, &params(5_000), 100), 11);
        assert_eq!(most_by_bytes(&message, &params(1_000), 100), 0);
    }

    #[test]
    fn too_much_gas_always_gives_fewer_transfers() {
        assert_eq!(fewer_by_gas(100, 10_000_000, 5_000_000), 50);
        assert_eq!(fewer_by_gas(100, 5_000_001, 5_000_000), 99);
        assert_eq!(fewer_by_gas(1, 5_000_001, 5_000_000), 0);
        assert_eq!(fewer_by_gas(100, 0, 5), 99);
    }

    #[test]
    fn every_transfer_is_in_exactly_one_transaction() {
        assert_eq!(split(250, 100), [100, 100, 50]);
        assert_eq!(split(200, 100), [100, 100]);
        assert_eq!(split(1, 100), [1]);
    }
}
