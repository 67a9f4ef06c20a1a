//! Validator sets: fetched page by page, checked against their hash, kept in a
//! small cache, since most blocks have the set of the block before.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::try_join_all;
use tendermint::validator::{Info, Set};
use tendermint::Hash;

use crate::errors::Result;
use crate::rpc::Rpc;

/// The most CometBFT gives in one page, and the most pages of one set.
const PER_PAGE: u8 = 100;
const PAGES_MAX: usize = 100;
/// Sets kept. A client is rarely more than two changes behind.
const CACHED_MAX: usize = 16;

/// The validator sets of one chain.
#[derive(Default)]
pub(crate) struct Validators {
    /// By hash, the latest used last. Sets without a proposer.
    cached: Mutex<VecDeque<(Hash, Arc<Set>)>>,
    /// Whether the set changed between the last two headers verified: then the
    /// next one is fetched without waiting for its header to say so.
    moving: AtomicBool,
}

impl Validators {
    /// The set with this hash, which signs `height`.
    pub async fn with_hash(&self, rpc: &Rpc, hash: Hash, height: u64) -> Result<Arc<Set>> {
        if let Some(set) = self.cached(hash) {
            return Ok(set);
        }
        let set = self.at(rpc, height).await?;
        if set.hash() == hash {
            return Ok(set);
        }
        let doing = format!("validators at {height}");
        let reason = format!("their hash is {}, not {hash}", set.hash());
        Err(rpc.origin.unverified(doing, reason))
    }

    /// The set that signs `height`, as the node says.
    pub async fn at(&self, rpc: &Rpc, height: u64) -> Result<Arc<Set>> {
        let validators = fetch(rpc, height).await?;
        let total: u64 = validators.iter().fold(0, |sum, validator| {
            sum.saturating_add(validator.power.value())
        });
        // Building a set beyond this limit panics.
        if total > Set::MAX_TOTAL_VOTING_POWER || validators.is_empty() {
            let doing = format!("validators at {height}");
            let reason = format!("{} validators of power {total}", validators.len());
            return Err(rpc.origin.unverified(doing, reason));
        }
        let set = Arc::new(Set::without_proposer(validators));
        self.keep(set.hash(), set.clone());
        Ok(set)
    }

    /// Whether the set of the next header is probably the one with this hash
    /// and need not be fetched.
    pub fn expects(&self, hash: Hash) -> bool {
        !self.moving.load(Ordering::Relaxed) && self.cached(hash).is_some()
    }

    /// Learns whether the set has changed since the trusted header.
    pub fn moved(&self, changed: bool) {
        self.moving.store(changed, Ordering::Relaxed);
    }

    /// The set with this hash, if it was seen lately.
    pub fn cached(&self, hash: Hash) -> Option<Arc<Set>> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let index = cached.iter().position(|(known, _)| *known == hash)?;
        let entry = cached.remove(index)?;
        let set = entry.1.clone();
        cached.push_back(entry);
        Some(set)
    }

    fn keep(&self, hash: Hash, set: Arc<Set>) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.retain(|(known, _)| *known != hash);
        cached.push_back((hash, set));
        while cached.len() > CACHED_MAX {
            cached.pop_front();
        }
    }
}

async fn fetch(rpc: &Rpc, height: u64) -> Result<Vec<Info>> {
    let page = |number| {
        let ask = move || rpc.validators(height, number, PER_PAGE);
        rpc.settled(height, ask)
    };
    let first = page(1).await?;
    let total = usize::try_from(first.total).unwrap_or_default();
    let pages = total.div_ceil(PER_PAGE.into()).min(PAGES_MAX);
    let rest = try_join_all((2..=pages).map(page)).await?;
    let mut validators = first.validators;
    validators.extend(rest.into_iter().flat_map(|page| page.validators));
    Ok(validators)
}
