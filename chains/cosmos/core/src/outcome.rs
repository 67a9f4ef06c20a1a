//! The outcome of a transaction in its block. Pure.

use sha2::{Digest, Sha256};
use tendermint::abci::types::ExecTxResult;
use tern_chains::{TxHash, TxOutcome};

/// What a block says of a transaction.
pub fn outcome(tx: &[u8], result: &ExecTxResult) -> TxOutcome {
    TxOutcome {
        hash: TxHash(Sha256::digest(tx).into()),
        code: result.code.value(),
        codespace: result.codespace.clone(),
        log: result.log.clone(),
        // CometBFT's gas is signed for historical reasons; it is never negative.
        gas_wanted: u64::try_from(result.gas_wanted).unwrap_or_default(),
        gas_used: u64::try_from(result.gas_used).unwrap_or_default(),
    }
}
