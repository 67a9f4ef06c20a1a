//! The transactions of one batch that the node has taken: one line of the log.

use tern_chains::{ChainId, TxHash};
use tern_core::ledger::{summary, Item};
use tracing::info;

#[derive(Default)]
pub struct Accepted {
    txs: Vec<TxHash>,
    gas: u64,
    items: Vec<Item>,
}

impl Accepted {
    pub fn add(&mut self, tx: TxHash, gas: u64, items: Vec<Item>) {
        self.txs.push(tx);
        self.gas = self.gas.saturating_add(gas);
        self.items.extend(items);
    }

    pub fn is_empty(&self) -> bool {
        self.txs.is_empty()
    }

    pub fn log(&self, chain: &ChainId) {
        let Self { txs, gas, items } = self;
        if let Some(tx) = txs.first() {
            info!(%chain, %tx, txs = txs.len(), items = items.len(), gas, what = %summary(items), "broadcast");
        }
    }
}
