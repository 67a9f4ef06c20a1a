//! Gas at the SDK's prices (`store/types/gas.go`), and a store that charges it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use crate::store::Tree;

const READ_FLAT: u64 = 1000;
const READ_PER_BYTE: u64 = 3;
const WRITE_FLAT: u64 = 2000;
const WRITE_PER_BYTE: u64 = 30;
const DELETE: u64 = 1000;

/// Gas used so far by one transaction. Clones share the counter.
#[derive(Clone, Debug, Default)]
pub struct Gas(Arc<AtomicU64>);

impl Gas {
    pub fn charge(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub fn used(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One store during one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Kv {
    pub tree: Tree,
    gas: Gas,
}

impl Kv {
    pub fn new(tree: &Tree, gas: &Gas) -> Self {
        Self {
            tree: tree.clone(),
            gas: gas.clone(),
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let value = self.tree.get(key);
        let bytes = key.len() + value.map_or(0, <[u8]>::len);
        self.gas.charge(READ_FLAT + READ_PER_BYTE * bytes as u64);
        value
    }

    pub fn set(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        let bytes = (key.len() + value.len()) as u64;
        self.gas.charge(WRITE_FLAT + WRITE_PER_BYTE * bytes);
        self.tree.set(key, value);
    }

    pub fn remove(&mut self, key: &[u8]) {
        self.gas.charge(DELETE);
        self.tree.remove(key);
    }
}
