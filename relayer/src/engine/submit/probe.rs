//! Transactions that a mempool has dropped.
//!
//! A mempool checks what it has again after each block, and drops without a word what
//! another relayer's packets have made useless. Those after it of the account then have the wrong
//! account sequence, until the deadline of the one that was dropped. So when the chain
//! expects another sequence, what is in flight is sent again: the same bytes, which cannot be
//! paid twice.

use tern_chains::{Blame, ChainError, SignedTx};
use tracing::info;

use super::answer::Answer;
use super::Lane;

/// Whether a simulation found another account sequence than the chain's.
pub fn is_of_sequence(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Rejected {
            blame: Blame::Sequence,
            ..
        }
    )
}

impl Lane {
    /// Finds out which transactions in flight are in no mempool any more, and tells the
    /// ledger.
    pub(super) async fn probe(&mut self) {
        let mut in_flight = self.txs_in_flight().await;
        in_flight.sort_by_key(|(_, tx)| tx.account_sequence);
        // Asked after the ledger: what is below is in a block, read or not.
        let Ok(account) = self.signer.state().await else {
            return;
        };
        let mut is_gone = false;
        for (key, tx) in in_flight {
            if tx.account_sequence < account.account_sequence {
                continue;
            }
            let signed = SignedTx {
                hash: key.hash,
                bytes: tx.bytes,
                fee: tx.fee,
            };
            let answer = Answer::of(self.signer.broadcast(&signed).await);
            let Some((class, reason)) = answer.drop_of(is_gone) else {
                continue;
            };
            is_gone = true;
            info!(chain = %self.signer.chain_id(), tx = %signed.hash, items = tx.items.len(), reason, "the mempool has dropped a transaction: nothing was paid");
            self.refused(&signed, &tx.items, class, reason).await;
        }
        self.forget_account();
    }
}
