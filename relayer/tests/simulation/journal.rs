//! What the relayer had taken in when it signed each transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tern::engine::Observer;
use tern_chains::ChainId;
use tern_core::ledger::{Fact, Item, TxKey, View};

/// The newest block of each chain the engine's ledger had taken in.
pub type Processed = BTreeMap<ChainId, u64>;

/// One relayer's, over all its lives.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    processed: Processed,
    signed: BTreeMap<TxKey, Signed>,
}

/// What a transaction was for, and what was known then.
#[derive(Clone)]
pub struct Signed {
    pub items: Vec<Item>,
    pub processed: Processed,
}

impl Journal {
    /// A life begins with what the store has.
    pub fn begin(&self, view: &View, chains: impl Iterator<Item = ChainId>) {
        let heads = chains.filter_map(|chain| {
            let head = view.head(&chain)?;
            Some((chain, head.height))
        });
        self.0.lock().unwrap().processed = heads.collect();
    }

    pub fn observer(&self) -> Observer {
        let journal = self.clone();
        Box::new(move |fact| journal.note(fact))
    }

    pub fn signed(&self) -> BTreeMap<TxKey, Signed> {
        self.0.lock().unwrap().signed.clone()
    }

    fn note(&self, fact: &Fact) {
        let mut pages = self.0.lock().unwrap();
        match fact {
            Fact::BlockEnd { chain, head } => {
                pages.processed.insert(chain.clone(), head.height);
            }
            Fact::Signed { key, tx } => {
                let signed = Signed {
                    items: tx.items.clone(),
                    processed: pages.processed.clone(),
                };
                pages.signed.insert(key.clone(), signed);
            }
            _ => {}
        }
    }
}
