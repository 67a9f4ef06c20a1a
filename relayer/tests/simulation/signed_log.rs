//! A log of every transaction the relayer signed, with the blocks it had
//! processed by then, and of the blocks it has left out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use tern::engine::Observer;
use tern_chains::ChainId;
use tern_core::ledger::{Entry, Fact, Intent, Item, TxKey, View};

/// The newest block of each chain that the engine's ledger had processed.
pub type Processed = BTreeMap<ChainId, u64>;

/// The log of one relayer, kept across its crashes. Clones share it.
#[derive(Clone, Default)]
pub struct SignedLog(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    processed: Processed,
    signed: BTreeMap<TxKey, Signed>,
    /// The blocks that it had processed when it knew of both chains for the first time.
    first: Option<Processed>,
    /// Blocks of which the ledger has only the state at the last one.
    left_out: Vec<(ChainId, RangeInclusive<u64>)>,
}

/// A signed transaction: its items, and what the ledger knew when it was signed.
#[derive(Clone)]
pub struct Signed {
    pub items: Vec<Item>,
    pub processed: Processed,
}

impl Signed {
    /// The newest block of a chain that was processed by then; 0 if none was.
    pub fn known(&self, chain: &ChainId) -> u64 {
        self.processed.get(chain).copied().unwrap_or_default()
    }
}

impl SignedLog {
    /// Resets the processed heights to those in the store, after a restart.
    pub fn begin(&self, view: &View, chains: impl Iterator<Item = ChainId>) {
        let heads = chains.filter_map(|chain| {
            let head = view.head(&chain)?;
            Some((chain, head.height))
        });
        let mut state = self.0.lock().unwrap();
        state.processed = heads.collect();
        state.knows_both();
    }

    pub fn observer(&self) -> Observer {
        let signed_log = self.clone();
        Box::new(move |entry| signed_log.record(entry))
    }

    pub fn signed(&self) -> BTreeMap<TxKey, Signed> {
        self.0.lock().unwrap().signed.clone()
    }

    /// Whether a block was processed before both chains were known: packets between them are
    /// found by the first comparison then.
    pub fn is_before_both(&self, chain: &ChainId, height: u64) -> bool {
        let state = self.0.lock().unwrap();
        let first = state.first.as_ref();
        first.is_none_or(|first| first.get(chain).is_some_and(|first| height <= *first))
    }

    /// Whether the events of a block have never been read.
    pub fn has_left_out(&self, chain: &ChainId, height: u64) -> bool {
        let state = self.0.lock().unwrap();
        let mut left_out = state.left_out.iter();
        left_out.any(|(of, heights)| of == chain && heights.contains(&height))
    }

    fn record(&self, entry: &Entry) {
        let mut state = self.0.lock().unwrap();
        match entry {
            Entry::Fact(Fact::BlockEnd { chain, head }) => {
                let before = state.processed.insert(chain.clone(), head.height);
                state.knows_both();
                let next = before.unwrap_or_default() + 1;
                if head.height > next {
                    state.left_out.push((chain.clone(), next..=head.height));
                }
            }
            Entry::Intent(Intent::Signed { key, tx }) => {
                let signed = Signed {
                    items: tx.items.clone(),
                    processed: state.processed.clone(),
                };
                state.signed.insert(key.clone(), signed);
            }
            _ => {}
        }
    }
}

impl State {
    fn knows_both(&mut self) {
        if self.first.is_none() && self.processed.len() == 2 {
            self.first = Some(self.processed.clone());
        }
    }
}
