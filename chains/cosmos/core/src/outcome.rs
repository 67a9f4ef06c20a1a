//! The outcome of a transaction in its block. Pure.

use sha2::{Digest, Sha256};
use tendermint::abci::types::ExecTxResult;
use tern_chains::{TxHash, TxOutcome};

use crate::errors::shortened;

/// What a block says of a transaction.
pub fn outcome(tx: &[u8], result: &ExecTxResult) -> TxOutcome {
    TxOutcome {
        hash: TxHash(Sha256::digest(tx).into()),
        code: result.code.value(),
        // They are kept with whatever failed, and the chain chooses them.
        codespace: shortened(result.codespace.clone()),
        log: shortened(result.log.clone()),
        message_index: message_index(&result.log),
        // In its events and messages, which are decoded elsewhere.
        clients: vec![],
        client_messages: vec![],
        // CometBFT's gas is signed for historical reasons; it is never negative.
        gas_wanted: u64::try_from(result.gas_wanted).unwrap_or_default(),
        gas_used: u64::try_from(result.gas_used).unwrap_or_default(),
    }
}

/// The SDK names a failed message in its log alone: "failed to execute message;
/// message index: 3: …".
pub fn message_index(log: &str) -> Option<usize> {
    let (_, rest) = log.split_once("message index: ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_chain_says_is_kept_as_far_as_people_read() {
        let result = ExecTxResult {
            codespace: "c".repeat(1 << 20),
            log: "failed to execute message; message index: 3: ".to_owned() + &"l".repeat(1 << 20),
            ..ExecTxResult::default()
        };
        let outcome = outcome(&[1], &result);
        assert_eq!(outcome.message_index, Some(3));
        assert!(outcome.codespace.len() < 4_096 && outcome.log.len() < 4_096);
        assert!(outcome
            .log
            .starts_with("failed to execute message; message index: 3: lll"));
    }

    #[test]
    fn the_failed_message_is_named_in_the_log() {
        for (log, index) in [
            ("failed to execute message; message index: 12: x", Some(12)),
            ("message index: 17", Some(17)),
            ("message index: none", None),
            ("out of gas in location: ReadFlat", None),
        ] {
            assert_eq!(message_index(log), index, "{log}");
        }
    }
}
