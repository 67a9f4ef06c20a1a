//! The mempool: for each account one transaction an account sequence.

use std::collections::BTreeMap;

use crate::tx::Tx;

/// How far an account sequence may be ahead of the next one.
const AHEAD_MAX: u64 = 64;

#[derive(Clone, Default)]
pub(crate) struct Mempool {
    /// By address and account sequence.
    waiting: BTreeMap<String, BTreeMap<u64, Waiting>>,
    arrived: u64,
}

#[derive(Clone)]
struct Waiting {
    tx: Tx,
    bytes: Vec<u8>,
    /// The order of arrival.
    arrived: u64,
}

/// What became of a transaction that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    Waits,
    /// In place of the transaction with this hash.
    Replaces([u8; 32]),
    /// It waits already.
    Known,
    /// The one that waits with its account sequence pays as much or more.
    Underpriced {
        fee: u128,
    },
    /// Its account sequence was used, or is too far ahead.
    WrongSequence {
        next: u64,
    },
    Full,
}

impl Mempool {
    pub fn len(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    /// Adds a transaction of an account whose next account sequence is `next`.
    pub fn add(&mut self, tx: Tx, bytes: Vec<u8>, next: u64, txs_max: usize) -> Added {
        let sequence = tx.body.account_sequence;
        if sequence < next || sequence > next.saturating_add(AHEAD_MAX) {
            return Added::WrongSequence { next };
        }
        let is_full = self.len() >= txs_max;
        self.arrived += 1;
        let arrived = self.arrived;
        let of_account = self.waiting.entry(tx.signer.clone()).or_default();
        let added = match of_account.get(&sequence) {
            Some(waiting) if waiting.tx.hash == tx.hash => return Added::Known,
            Some(waiting) if waiting.tx.body.fee >= tx.body.fee => {
                return Added::Underpriced {
                    fee: waiting.tx.body.fee,
                }
            }
            Some(waiting) => Added::Replaces(waiting.tx.hash),
            None if is_full => return Added::Full,
            None => Added::Waits,
        };
        let waiting = Waiting { tx, bytes, arrived };
        of_account.insert(sequence, waiting);
        added
    }

    /// Takes what the block at this time includes: of each account what is next, in
    /// the order of account sequences, the accounts in the order of arrival.
    pub fn take(
        &mut self,
        time_ns: u64,
        next: &BTreeMap<String, u64>,
        gas_max: u64,
    ) -> Vec<(Tx, Vec<u8>)> {
        self.drop_dead(time_ns, next);
        let mut next = next.clone();
        let (mut gas, mut taken) = (0u64, Vec::new());
        loop {
            let is_next = |address: &String, txs: &BTreeMap<u64, Waiting>| {
                let sequence = next.get(address).copied().unwrap_or_default();
                let waiting = txs.get(&sequence)?;
                let fits = gas.saturating_add(waiting.tx.body.gas_limit) <= gas_max;
                fits.then(|| (waiting.arrived, address.clone(), sequence))
            };
            let accounts = self.waiting.iter();
            let first = accounts.filter_map(|(address, txs)| is_next(address, txs));
            let Some((_, address, sequence)) = first.min() else {
                return taken;
            };
            let txs = self.waiting.get_mut(&address);
            let Some(waiting) = txs.and_then(|txs| txs.remove(&sequence)) else {
                return taken;
            };
            gas = gas.saturating_add(waiting.tx.body.gas_limit);
            next.insert(address, sequence + 1);
            taken.push((waiting.tx, waiting.bytes));
        }
    }

    /// Drops what has expired by this time and what can never be next.
    fn drop_dead(&mut self, time_ns: u64, next: &BTreeMap<String, u64>) {
        for (address, txs) in &mut self.waiting {
            let next = next.get(address).copied().unwrap_or_default();
            txs.retain(|sequence, waiting| {
                *sequence >= next && waiting.tx.body.expires_ns > time_ns
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::Body;

    fn tx(signer: &str, account_sequence: u64, fee: u128, expires_ns: u64) -> Tx {
        let hash = crate::tx::hash(format!("{signer} {account_sequence} {fee}").as_bytes());
        Tx {
            hash,
            signer: signer.into(),
            calls: vec![],
            calls_bytes: 0,
            body: Body {
                chain_id: String::new(),
                public_key: vec![],
                account_sequence,
                gas_limit: 10,
                fee,
                expires_ns,
                memo: String::new(),
                calls: vec![],
            },
        }
    }

    fn pool(txs: &[Tx]) -> Mempool {
        let mut pool = Mempool::default();
        for tx in txs {
            assert_eq!(pool.add(tx.clone(), vec![], 0, 9), Added::Waits);
        }
        pool
    }

    fn taken(pool: &mut Mempool, time_ns: u64, gas_max: u64) -> Vec<(String, u64)> {
        let taken = pool.take(time_ns, &BTreeMap::new(), gas_max).into_iter();
        taken
            .map(|(tx, _)| (tx.signer, tx.body.account_sequence))
            .collect()
    }

    #[test]
    fn a_higher_fee_replaces_what_waits_with_the_same_account_sequence() {
        let first = tx("a", 0, 5, 99);
        let mut pool = pool(std::slice::from_ref(&first));
        let mut add = |tx: Tx| pool.add(tx, vec![], 0, 9);
        assert_eq!(add(first.clone()), Added::Known);
        assert_eq!(add(tx("a", 0, 4, 99)), Added::Underpriced { fee: 5 });
        assert_eq!(add(tx("a", 0, 6, 99)), Added::Replaces(first.hash));
        let taken = pool.take(1, &BTreeMap::new(), 100);
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].0.body.fee, 6);
    }

    #[test]
    fn what_is_not_next_waits_for_those_before_it() {
        let mut pool = pool(&[tx("a", 1, 5, 99), tx("b", 0, 5, 99)]);
        assert_eq!(taken(&mut pool, 1, 100), [("b".into(), 0)]);
        assert_eq!(pool.add(tx("a", 0, 5, 99), vec![], 0, 9), Added::Waits);
        assert_eq!(taken(&mut pool, 1, 100), [("a".into(), 0), ("a".into(), 1)]);
    }

    #[test]
    fn no_block_of_its_time_or_later_includes_an_expired_transaction() {
        let mut at_its_time = pool(&[tx("a", 0, 5, 7)]);
        assert!(taken(&mut at_its_time, 7, 100).is_empty());
        assert_eq!(at_its_time.len(), 0);
        assert_eq!(taken(&mut pool(&[tx("a", 0, 5, 7)]), 6, 100).len(), 1);
    }

    #[test]
    fn a_block_takes_what_fits_into_its_gas() {
        let mut pool = pool(&[tx("a", 0, 5, 99), tx("b", 0, 5, 99), tx("a", 1, 5, 99)]);
        assert_eq!(taken(&mut pool, 1, 25), [("a".into(), 0), ("b".into(), 0)]);
        assert_eq!(pool.len(), 1);
    }

    #[test]
    fn used_account_sequences_and_a_full_mempool_are_refused() {
        let mut pool = pool(&[tx("a", 2, 5, 99)]);
        let wrong = Added::WrongSequence { next: 3 };
        assert_eq!(pool.add(tx("b", 2, 5, 99), vec![], 3, 9), wrong);
        assert_eq!(pool.add(tx("b", 3, 5, 99), vec![], 3, 1), Added::Full);
    }
}
