//! What a stopped run had signed is sent again: the same bytes, which cannot be
//! paid twice.

use std::collections::BTreeMap;

use tern_chains::{ChainId, SignedTx};
use tern_core::ledger::{TxKey, View};

/// Transactions of an earlier run, until their chain is followed up to its newest
/// block: by then the ledger knows which of them are in a block or dead.
#[derive(Default)]
pub struct Resend {
    waiting: BTreeMap<ChainId, Vec<TxKey>>,
}

impl Resend {
    /// Everything that the store has in flight.
    pub fn of(view: &View) -> Self {
        let mut waiting: BTreeMap<ChainId, Vec<TxKey>> = BTreeMap::new();
        for (key, _) in view.txs() {
            let of_chain = waiting.entry(key.chain.clone()).or_default();
            of_chain.push(key.clone());
        }
        Self { waiting }
    }

    /// What is still in flight on a chain, by signer, in the order of the account
    /// sequence. Nothing the second time.
    pub fn take(&mut self, chain: &ChainId, view: &View) -> BTreeMap<String, Vec<SignedTx>> {
        let keys = self.waiting.remove(chain).unwrap_or_default();
        let mut by_signer: BTreeMap<String, BTreeMap<u64, SignedTx>> = BTreeMap::new();
        for key in keys {
            if let Some(tx) = view.tx(&key) {
                let signed = SignedTx {
                    hash: key.hash,
                    bytes: tx.bytes.clone(),
                    fee: tx.fee,
                };
                let of_signer = by_signer.entry(tx.signer.clone()).or_default();
                of_signer.insert(tx.account_sequence, signed);
            }
        }
        let in_order = by_signer.into_iter();
        let in_order = in_order.map(|(signer, txs)| (signer, txs.into_values().collect()));
        in_order.collect()
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Deadline, TxHash};
    use tern_core::ledger::{Change, TxRecord};

    use super::*;

    fn chain() -> ChainId {
        ChainId::from_string("akash-1")
    }

    fn key(hash: u8) -> TxKey {
        TxKey {
            chain: chain(),
            hash: TxHash([hash; 32]),
        }
    }

    fn put(view: &mut View, hash: u8, signer: &str, account_sequence: u64) {
        let record = TxRecord {
            signer: signer.to_owned(),
            account_sequence,
            deadline: Deadline::Height(100),
            items: vec![],
            updates: 0,
            is_unasked: false,
            fee: 0,
            bytes: vec![hash],
        };
        view.commit(&Change::Tx(key(hash), Some(record)));
    }

    #[test]
    fn transactions_are_sent_again_once_by_signer_in_the_order_of_their_sequence() {
        let mut view = View::default();
        put(&mut view, 1, "a", 9);
        put(&mut view, 2, "a", 8);
        put(&mut view, 3, "b", 1);
        let mut resend = Resend::of(&view);
        let taken = resend.take(&chain(), &view);
        let hashes =
            |signer: &str| -> Vec<u8> { taken[signer].iter().map(|tx| tx.hash.0[0]).collect() };
        assert_eq!(hashes("a"), [2, 1]);
        assert_eq!(hashes("b"), [3]);
        assert!(resend.take(&chain(), &view).is_empty());
    }

    #[test]
    fn what_is_in_a_block_by_now_is_not_sent_again() {
        let mut view = View::default();
        put(&mut view, 1, "a", 9);
        let mut resend = Resend::of(&view);
        view.commit(&Change::Tx(key(1), None));
        assert!(resend.take(&chain(), &view).is_empty());
    }
}
