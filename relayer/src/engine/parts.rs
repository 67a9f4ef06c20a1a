//! What an engine is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tern_chains::{Account, BlockTime, ChainError, ChainId, ClientParams};
use tern_core::ledger::{Entry, View};
use tern_core::plan::Paused;
use tern_core::policy::Policy;
use tern_core::statistics::Statistics;

use super::prove::Chains;
use super::store::Store;
use super::submit::LaneSettings;

/// What light clients call the current time; handed in so that a simulation can
/// set it.
pub type Clock = Arc<dyn Fn() -> BlockTime + Send + Sync>;

/// Called with every entry of the ledger that changed something.
pub type Observer = Box<dyn FnMut(&Entry) + Send>;

/// What an engine is made of.
pub struct Parts {
    /// The chains to follow and relay between.
    pub chains: Chains,
    /// Who signs on each chain. Accounts of a chain do not wait for each other;
    /// what must stay in order goes through the first.
    pub accounts: BTreeMap<ChainId, Vec<Arc<dyn Account>>>,
    pub lanes: BTreeMap<ChainId, LaneSettings>,
    pub clients: BTreeMap<ChainId, ClientParams>,
    pub policy: Policy,
    pub clock: Clock,
    /// How often packets are compared with chain state while all goes well.
    pub reconcile_every: Duration,
    pub kept: Kept,
    pub observer: Observer,
}

/// What an engine leaves to the next one.
pub struct Kept {
    pub store: Store,
    /// The ledger as the store has it.
    pub view: View,
    /// What happened since the start of the program.
    pub statistics: Statistics,
    /// What the operator has paused.
    pub paused: Paused,
    /// Why the engine has ended by itself, if it was for an upgrade.
    pub next_revision: Option<NextRevision>,
}

/// A chain that goes on under another id: an upgrade has ended its revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRevision {
    pub chain: ChainId,
    pub now: ChainId,
}

impl NextRevision {
    /// What an error says: a node that serves a later revision than the one wanted.
    pub fn of(error: &ChainError) -> Option<Self> {
        let ChainError::WrongChain {
            expected, actual, ..
        } = error
        else {
            return None;
        };
        let now = ChainId::from_string(actual);
        now.is_later_revision_of(expected).then(|| Self {
            chain: expected.clone(),
            now,
        })
    }
}

impl Parts {
    /// How often packets are compared with chain state, if nothing else is said.
    const RECONCILE_EVERY: Duration = Duration::from_secs(300);

    /// An engine without chains.
    pub fn new(policy: Policy, clock: Clock, store: Store, view: View) -> Self {
        Self {
            chains: BTreeMap::new(),
            accounts: BTreeMap::new(),
            lanes: BTreeMap::new(),
            clients: BTreeMap::new(),
            policy,
            clock,
            reconcile_every: Self::RECONCILE_EVERY,
            kept: Kept {
                store,
                view,
                statistics: Statistics::default(),
                paused: Paused::default(),
                next_revision: None,
            },
            observer: Box::new(|_| {}),
        }
    }
}
