//! The mempool: transactions in the order of arrival.

use std::collections::{HashSet, VecDeque};

type Hash = [u8; 32];

/// Size of the hash cache (CometBFT `mempool.cache_size`).
const CACHE_MAX: usize = 10_000;

#[derive(Clone)]
pub(crate) struct Mempool {
    waiting: VecDeque<Waiting>,
    known: HashSet<Hash>,
    /// The hashes in `known`, the oldest first.
    known_order: VecDeque<Hash>,
    txs_max: usize,
}

/// A transaction in the mempool.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub hash: Hash,
    pub bytes: Vec<u8>,
    gas_wanted: u64,
}

pub(crate) enum NotAdded {
    Known,
    Full,
}

impl Mempool {
    pub fn new(txs_max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            known: HashSet::new(),
            known_order: VecDeque::new(),
            txs_max,
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn admits(&self, hash: &Hash) -> Result<(), NotAdded> {
        if self.known.contains(hash) {
            return Err(NotAdded::Known);
        }
        if self.waiting.len() >= self.txs_max {
            return Err(NotAdded::Full);
        }
        Ok(())
    }

    pub fn add(&mut self, hash: Hash, bytes: Vec<u8>, gas_wanted: u64) {
        self.known.insert(hash);
        self.known_order.push_back(hash);
        while self.known_order.len() > CACHE_MAX {
            if let Some(oldest) = self.known_order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        self.waiting.push_back(Waiting {
            hash,
            bytes,
            gas_wanted,
        });
    }

    /// Takes the first transactions that fit into one block.
    pub fn take(&mut self, bytes_max: u64, gas_max: Option<u64>) -> Vec<Vec<u8>> {
        let (mut bytes, mut gas) = (0u64, 0u64);
        let mut taken = Vec::new();
        while let Some(next) = self.waiting.front() {
            bytes += next.bytes.len() as u64;
            gas = gas.saturating_add(next.gas_wanted);
            if bytes > bytes_max || gas_max.is_some_and(|max| gas > max) {
                break;
            }
            taken.extend(self.waiting.pop_front().map(|next| next.bytes));
        }
        taken
    }

    /// Takes all transactions for a recheck: each is put back or forgotten.
    pub fn take_all(&mut self) -> VecDeque<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    pub fn put_back(&mut self, tx: Waiting) {
        self.waiting.push_back(tx);
    }

    /// Removes a failed or invalid transaction from the cache, so that it can be
    /// submitted again.
    pub fn forget(&mut self, hash: &Hash) {
        if self.known.remove(hash) {
            self.known_order.retain(|known| known != hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(count: u8) -> Mempool {
        let mut pool = Mempool::new(3);
        for n in 0..count {
            pool.add([n; 32], vec![n; 10], 100);
        }
        pool
    }

    #[test]
    fn a_block_takes_from_the_front_what_fits() {
        let first = |taken: Vec<Vec<u8>>| taken.iter().map(|tx| tx[0]).collect::<Vec<_>>();
        assert_eq!(first(pool(3).take(1000, None)), [0, 1, 2]);
        assert_eq!(first(pool(3).take(25, None)), [0, 1]);
        assert_eq!(first(pool(3).take(1000, Some(150))), [0]);
        let mut pool = pool(3);
        pool.take(10, None);
        assert_eq!(pool.len(), 2);
    }

    #[test]
    fn what_was_seen_is_known_until_it_fails() {
        let mut pool = pool(2);
        pool.take(1000, None);
        assert!(matches!(pool.admits(&[1; 32]), Err(NotAdded::Known)));
        pool.forget(&[1; 32]);
        assert!(pool.admits(&[1; 32]).is_ok());
        let full = super::tests::pool(3);
        assert!(matches!(full.admits(&[9; 32]), Err(NotAdded::Full)));
    }
}
