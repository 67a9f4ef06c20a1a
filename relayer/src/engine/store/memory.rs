//! A store in memory with the disk's manners: what was not flushed is lost in a
//! crash. For simulation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tern_core::ledger::{Change, View};

/// What outlives the engine. Clones are the same memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    flushed: BTreeMap<String, Change>,
    /// Batches written since the last flush, the oldest first.
    unflushed: Vec<Vec<Change>>,
}

impl Memory {
    /// The machine stops: of the batches that were not flushed only the first
    /// `kept` have reached the disk.
    pub fn crash(&self, kept: usize) {
        let mut records = self.lock();
        let batches = std::mem::take(&mut records.unflushed);
        batches
            .into_iter()
            .take(kept)
            .for_each(|batch| records.apply(batch));
    }

    /// How many batches a crash could lose.
    pub fn unflushed(&self) -> usize {
        self.lock().unflushed.len()
    }

    pub(super) fn commit(&self, changes: &[Change]) {
        let stored = changes.iter().filter(|change| !change.is_volatile());
        self.lock().unflushed.push(stored.cloned().collect());
    }

    pub(super) fn flush(&self) {
        let mut records = self.lock();
        let batches = std::mem::take(&mut records.unflushed);
        batches.into_iter().for_each(|batch| records.apply(batch));
    }

    pub(super) fn view(&self) -> View {
        let mut view = View::default();
        self.lock()
            .flushed
            .values()
            .for_each(|change| view.commit(change));
        view
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn apply(&mut self, batch: Vec<Change>) {
        for change in batch {
            if change.is_removal() {
                self.flushed.remove(&change.key());
            } else {
                self.flushed.insert(change.key(), change);
            }
        }
    }
}
