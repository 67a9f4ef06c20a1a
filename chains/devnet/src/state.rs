//! The names of the stores, and the stores during one transaction.

use crate::gas::{Gas, Kv};
use crate::store::{Multistore, Tree};

pub(crate) const ACC: &str = "acc";
pub(crate) const BANK: &str = "bank";
pub(crate) const IBC: &str = "ibc";
pub(crate) const TRANSFER: &str = "transfer";
pub(crate) const UPGRADE: &str = tern_cosmos_core::codec::UPGRADE_PATH[0];

pub(crate) fn empty() -> Multistore {
    Multistore::new(&[ACC, BANK, IBC, TRANSFER, UPGRADE])
}

/// The stores of the modules above IBC.
#[derive(Clone, Debug)]
pub(crate) struct Modules {
    pub acc: Kv,
    pub bank: Kv,
    pub transfer: Kv,
}

impl Modules {
    pub fn open(state: &Multistore, gas: &Gas) -> Self {
        let kv = |name| Kv::new(state.store(name), gas);
        Self {
            acc: kv(ACC),
            bank: kv(BANK),
            transfer: kv(TRANSFER),
        }
    }

    /// Writes the changes back.
    pub fn commit(self, state: &mut Multistore) {
        put(state, ACC, self.acc.tree);
        put(state, BANK, self.bank.tree);
        put(state, TRANSFER, self.transfer.tree);
    }
}

pub(crate) fn put(state: &mut Multistore, name: &'static str, tree: Tree) {
    *state.store_mut(name) = tree;
}
