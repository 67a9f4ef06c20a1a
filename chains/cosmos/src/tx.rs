//! Transactions sent, and the node's first answer read.

use tendermint_rpc::endpoint::broadcast::tx_sync;
use tern_chains::{ChainParams, Check, SignedTx};
use tern_cosmos_core::fee_grant::NOT_ALLOWED;

use crate::errors::{answer, Result};
use crate::rpc::Rpc;

/// What fits through a node's RPC body limit (1,000,000 bytes by default, with
/// the transaction in base64 and an envelope around it).
const TX_BYTES_MAX: u64 = 740_000;
/// A block without transactions: frame, header, and the commit of 200 validators.
const BLOCK_OVERHEAD_BYTES: u64 = 11 + 626 + 94 + 200 * 109;
/// CometBFT's own limit of a block, which stands in for "no limit".
const BLOCK_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Codes of the SDK's codespace.
const SDK: &str = "sdk";
const SDK_FUNDS: u32 = 5;
const SDK_FEE: u32 = 13;
const SDK_INVALID_HEIGHT: u32 = 26;
const SDK_IN_MEMPOOL: u32 = 19;
const SDK_MEMPOOL_FULL: u32 = 20;
const SDK_PAST_TIMEOUT: u32 = 30;
const SDK_WRONG_SEQUENCE: u32 = 32;
/// ibc-go's `ErrRedundantTx`.
const CHANNEL: &str = "channel";
const CHANNEL_REDUNDANT: u32 = 22;

/// Sends a transaction to the node's mempool.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %rpc.origin.chain, hash = %tx.hash))]
pub(crate) async fn broadcast(rpc: &Rpc, tx: &SignedTx) -> Result<Check> {
    match rpc.broadcast_tx_sync(tx.bytes.clone()).await {
        Ok(response) => Ok(check(response)),
        Err(error) => match answer(&error).and_then(mempool_answer) {
            Some(check) => Ok(check),
            None => Err(error),
        },
    }
}

pub(crate) async fn params(rpc: &Rpc) -> Result<ChainParams> {
    let limits = rpc.block_limits().await?;
    let block_bytes = u64::try_from(limits.max_bytes).unwrap_or(BLOCK_BYTES_MAX);
    Ok(ChainParams {
        max_block_gas: u64::try_from(limits.max_gas).unwrap_or(u64::MAX),
        max_tx_bytes: tx_bytes_max(block_bytes),
    })
}

/// What a transaction may have in blocks of this size: they hold a header and a commit, too
/// (CometBFT `types.MaxDataBytes`).
fn tx_bytes_max(block_bytes: u64) -> u64 {
    let rest = block_bytes.saturating_sub(BLOCK_OVERHEAD_BYTES);
    rest.max(block_bytes / 2).min(TX_BYTES_MAX)
}

fn check(response: tx_sync::Response) -> Check {
    let (codespace, code, log) = (response.codespace, response.code.value(), response.log);
    match (codespace.as_str(), code) {
        (_, 0) | (SDK, SDK_IN_MEMPOOL) => Check::Accepted,
        (SDK, SDK_WRONG_SEQUENCE) => Check::WrongSequence { log },
        // What passes by itself: a node that has just started says the second, and the
        // third is said of a transaction that was made too long ago.
        (SDK, SDK_MEMPOOL_FULL | SDK_INVALID_HEIGHT | SDK_PAST_TIMEOUT) => Check::Busy { log },
        (CHANNEL, CHANNEL_REDUNDANT) => Check::Redundant { log },
        (SDK, SDK_FUNDS) => Check::CannotPay { log },
        // Of several codes.
        _ if log.contains(NOT_ALLOWED) => Check::CannotPay { log },
        (SDK, SDK_FEE) => Check::Underpriced { log },
        _ => Check::Refused {
            codespace,
            code,
            log,
        },
    }
}

/// CometBFT's mempool refuses with an RPC error that has no code of its own:
/// the text is all there is (`mempool/errors.go`, and `mempool/app_mempool.go` where the
/// application keeps the transactions that wait, as on chains with an EVM).
fn mempool_answer(text: &str) -> Option<Check> {
    if text.contains("tx already exists in cache") || text.contains("tx already seen") {
        return Some(Check::Accepted);
    }
    let log = || text.to_owned();
    if text.contains("mempool is full") {
        return Some(Check::Busy { log: log() });
    }
    // For the mempool (`ErrTxTooLarge`), or for a block (`PreCheckMaxBytes`).
    let is_too_large = text.contains("Tx too large.") || text.contains("tx size is too big:");
    is_too_large.then(|| Check::Refused {
        codespace: "mempool".to_owned(),
        code: 1,
        log: log(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_leaves_room_for_the_blocks_header_and_commit() {
        assert_eq!(tx_bytes_max(200_000), 177_469);
        assert_eq!(tx_bytes_max(BLOCK_BYTES_MAX), TX_BYTES_MAX);
        // Such a chain has few validators.
        assert_eq!(tx_bytes_max(30_000), 15_000);
    }

    fn response(codespace: &str, code: u32) -> tx_sync::Response {
        tx_sync::Response {
            codespace: codespace.to_owned(),
            code: code.into(),
            data: Default::default(),
            log: "why".to_owned(),
            hash: Default::default(),
        }
    }

    #[test]
    fn the_first_answer_is_read_by_its_code() {
        let log = || "why".to_owned();
        let refused = |codespace: &str, code| Check::Refused {
            codespace: codespace.to_owned(),
            code,
            log: log(),
        };
        for (codespace, code, expected) in [
            ("", 0, Check::Accepted),
            ("sdk", 19, Check::Accepted),
            ("sdk", 32, Check::WrongSequence { log: log() }),
            ("sdk", 20, Check::Busy { log: log() }),
            ("sdk", 26, Check::Busy { log: log() }),
            ("sdk", 30, Check::Busy { log: log() }),
            ("sdk", 5, Check::CannotPay { log: log() }),
            ("sdk", 13, Check::Underpriced { log: log() }),
            ("sdk", 4, refused("sdk", 4)),
            ("channel", 32, refused("channel", 32)),
            ("channel", 22, Check::Redundant { log: log() }),
        ] {
            assert_eq!(check(response(codespace, code)), expected);
        }
    }

    #[test]
    fn where_a_granter_does_not_pay_nobody_can() {
        let log = "akash1rich does not allow to pay fees for akash1me: fee limit exceeded";
        for (codespace, code) in [("sdk", 38), ("feegrant", 2), ("feegrant", 7)] {
            let mut response = response(codespace, code);
            response.log = log.to_owned();
            let expected = Check::CannotPay {
                log: log.to_owned(),
            };
            assert_eq!(check(response), expected);
        }
    }

    #[test]
    fn the_mempools_refusals_are_known_by_their_text() {
        for cached in [
            "Internal error: tx already exists in cache (code: -32603)",
            "Internal error: tx already seen (code: -32603)",
        ] {
            assert_eq!(mempool_answer(cached), Some(Check::Accepted));
        }
        let full = "Internal error: mempool is full: number of txs 5000 (max: 5000)";
        assert!(matches!(mempool_answer(full), Some(Check::Busy { .. })));
        // It is in no mempool, and would be waited for until its deadline.
        for too_large in [
            "Internal error: Tx too large. Max size is 1048576, but got 1048577 (code: -32603)",
            "Internal error: tx size is too big: 22020097, max: 22020096 (code: -32603)",
        ] {
            let answer = mempool_answer(too_large);
            assert!(matches!(answer, Some(Check::Refused { .. })), "{answer:?}");
        }
        assert_eq!(mempool_answer("Internal error: no route"), None);
    }
}
