//! A store in memory with the disk's manners: what was not flushed is lost in a
//! crash. For simulation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tern_chains::ChainId;
use tern_core::ledger::{Change, View};

/// What outlives the engine. Clones are the same memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    flushed: BTreeMap<String, Change>,
    /// With what is not flushed.
    current: BTreeMap<String, Change>,
    /// Batches written since the last flush, the oldest first.
    unflushed: Vec<Vec<Change>>,
}

impl Memory {
    /// The machine stops: of the batches that were not flushed only the first
    /// `kept` have reached the disk.
    pub fn crash(&self, kept: usize) {
        let mut records = self.lock();
        let batches = std::mem::take(&mut records.unflushed);
        for batch in batches.into_iter().take(kept) {
            apply(&mut records.flushed, batch);
        }
        records.current = records.flushed.clone();
    }

    /// How many batches a crash could lose.
    pub fn unflushed(&self) -> usize {
        self.lock().unflushed.len()
    }

    pub(super) fn commit(&self, changes: &[Change]) {
        let stored = changes.iter().filter(|change| !change.is_volatile());
        let batch: Vec<Change> = stored.cloned().collect();
        let mut records = self.lock();
        apply(&mut records.current, batch.clone());
        records.unflushed.push(batch);
    }

    pub(super) fn read(&self, name: &str) -> Option<Change> {
        self.lock().current.get(name).cloned()
    }

    pub(super) fn flush(&self) {
        let mut records = self.lock();
        let batches = std::mem::take(&mut records.unflushed);
        for batch in batches {
            apply(&mut records.flushed, batch);
        }
    }

    pub(super) fn go_over(&self, from: &ChainId, to: &ChainId) -> View {
        let mut records = self.lock();
        let all = std::mem::take(&mut records.current).into_values();
        let over = all.filter_map(|change| change.over(from, to));
        let over: BTreeMap<String, Change> = over.map(|change| (change.key(), change)).collect();
        *records = Records {
            flushed: over.clone(),
            current: over,
            unflushed: vec![],
        };
        drop(records);
        self.view()
    }

    pub(super) fn view(&self) -> View {
        let mut view = View::default();
        for change in self.lock().flushed.values() {
            super::restore(&mut view, change);
        }
        view
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(records: &mut BTreeMap<String, Change>, batch: Vec<Change>) {
    for change in batch {
        if change.is_removal() {
            records.remove(&change.key());
        } else {
            records.insert(change.key(), change);
        }
    }
}
