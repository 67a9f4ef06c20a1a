//! Which chains are followed up to their newest block, and why the others are not.

use std::collections::{BTreeMap, BTreeSet};

use tern_chains::{BlockTime, ChainId};

/// Nothing is planned for a chain that is not ready.
#[derive(Default)]
pub struct Readiness {
    ready: BTreeSet<ChainId>,
    /// Chains that have been ready once.
    synced_once: BTreeSet<ChainId>,
    down: BTreeMap<ChainId, Down>,
}

/// A chain's nodes do not answer, for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    pub reason: String,
    /// By the machine's clock.
    pub since: BlockTime,
}

impl Readiness {
    /// The chain is followed up to its newest block. True the first time.
    pub fn caught_up(&mut self, chain: &ChainId) -> bool {
        self.down.remove(chain);
        self.ready.insert(chain.clone());
        self.synced_once.insert(chain.clone())
    }

    /// The chain's nodes do not answer.
    pub fn down(&mut self, chain: ChainId, reason: String, now: BlockTime) {
        self.ready.remove(&chain);
        let since = self.down.get(&chain).map_or(now, |down| down.since);
        self.down.insert(chain, Down { reason, since });
    }

    pub fn ready(&self) -> &BTreeSet<ChainId> {
        &self.ready
    }

    pub fn is_ready(&self, chain: &ChainId) -> bool {
        self.ready.contains(chain)
    }

    pub fn has_been_ready(&self, chain: &ChainId) -> bool {
        self.synced_once.contains(chain)
    }

    pub fn why_down(&self, chain: &ChainId) -> Option<&Down> {
        self.down.get(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_ready_from_catching_up_until_its_nodes_fail() {
        let chain = ChainId::from_string("akash-1");
        let mut readiness = Readiness::default();
        assert!(!readiness.is_ready(&chain));
        assert!(readiness.caught_up(&chain));
        assert!(readiness.is_ready(&chain));

        readiness.down(chain.clone(), "no answer".to_owned(), BlockTime(5));
        readiness.down(chain.clone(), "refused".to_owned(), BlockTime(9));
        assert!(!readiness.is_ready(&chain));
        assert!(readiness.has_been_ready(&chain));
        let down = Down {
            reason: "refused".to_owned(),
            since: BlockTime(5),
        };
        assert_eq!(readiness.why_down(&chain), Some(&down));

        assert!(!readiness.caught_up(&chain), "not the first time");
        assert_eq!(readiness.why_down(&chain), None);
    }
}
