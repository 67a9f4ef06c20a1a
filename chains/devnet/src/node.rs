//! A shared handle to a chain, with notification of new blocks.
//!
//! [`Node::make_block`] makes a block; all endpoints read the same chain through
//! their node. [`Node::another`] is one more node of the same chain, and each node
//! has its own [`Faults`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tendermint::Time;

use crate::block::Committed;
use crate::devnet::{Checked, Devnet};
use crate::error::DevnetError;
use crate::faults::{Faults, Lie};
use crate::genesis::{Genesis, ValidatorUpdate};
use crate::preopened_channels::Entries;
use crate::refusal::Refusal;
use crate::upgrade_plan::UpgradePlan;
use crate::watched::Watched;

/// One node of a development chain. Clones are the same node.
#[derive(Clone)]
pub struct Node(Arc<Shared>);

struct Shared {
    network: Arc<Network>,
    faults: Watched<Faults>,
    /// The node's own copy of the chain while it is behind.
    own: Mutex<Option<Box<Devnet>>>,
    newest: Watched<u64>,
}

/// Shared by all nodes of a chain.
struct Network {
    chain: Mutex<Devnet>,
    nodes: Mutex<Vec<Weak<Shared>>>,
}

impl Node {
    pub fn new(genesis: &Genesis) -> Result<Self, DevnetError> {
        let network = Network {
            chain: Mutex::new(Devnet::new(genesis)?),
            nodes: Mutex::default(),
        };
        Ok(Self::of(Arc::new(network)))
    }

    /// One more node of the same chain, without faults.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::of(self.0.network.clone())
    }

    fn of(network: Arc<Network>) -> Self {
        let (newest, _) = lock(&network.chain).latest();
        let node = Self(Arc::new(Shared {
            network,
            faults: Watched::default(),
            own: Mutex::default(),
            newest: Watched::new(newest),
        }));
        let mut nodes = lock(&node.0.network.nodes);
        nodes.retain(|known| known.strong_count() > 0);
        nodes.push(Arc::downgrade(&node.0));
        drop(nodes);
        node
    }

    /// Reads the chain as this node has it. Holds a lock: keep `read` short.
    pub fn read<T>(&self, read: impl FnOnce(&Devnet) -> T) -> T {
        if let Some(own) = lock(&self.0.own).as_deref() {
            return read(own);
        }
        read(&lock(&self.0.network.chain))
    }

    /// Makes the chain's next block and notifies all waiters.
    pub fn make_block(&self, time: Time) -> Result<Arc<Committed>, DevnetError> {
        let block = lock(&self.0.network.chain).make_block(time)?;
        let nodes = lock(&self.0.network.nodes);
        for node in nodes.iter().filter_map(Weak::upgrade) {
            if lock(&node.own).is_none() {
                node.newest.set(block.height());
            }
        }
        Ok(block)
    }

    /// CheckTx: adds a transaction to the mempool if it is valid.
    pub fn check_tx(&self, bytes: Vec<u8>) -> Checked {
        if let Some(refusal) = self.0.faults.get().refuses.clone() {
            return Checked::Refused(refusal);
        }
        if let Some(own) = lock(&self.0.own).as_mut() {
            let checked = own.check_tx(bytes.clone());
            if checked != Checked::Added {
                return checked;
            }
        }
        lock(&self.0.network.chain).check_tx(bytes)
    }

    /// Waits until this node is at least at `height`; returns its newest height.
    pub async fn reaches(&self, height: u64) -> u64 {
        self.0.newest.when(|newest| *newest >= height).await
    }

    /// Changes a validator's power, from two blocks after the next; 0 removes it.
    pub fn update_validator(&self, update: ValidatorUpdate) {
        lock(&self.0.network.chain).update_validator(update);
    }

    /// Makes every transaction of the next blocks fail like this, until `None`.
    pub fn fail_txs(&self, refusal: Option<Refusal>) {
        lock(&self.0.network.chain).fail_txs(refusal);
    }

    /// Plans an upgrade of the chain to a new revision.
    pub fn plan_upgrade(&self, plan: UpgradePlan) {
        lock(&self.0.network.chain).plan_upgrade(plan);
    }

    /// Sets this node's faults; the default is none.
    pub fn set_faults(&self, faults: Faults) {
        let chain = lock(&self.0.network.chain);
        let own = faults.behind.map(|height| Box::new(chain.as_of(height)));
        let (newest, _) = own.as_deref().unwrap_or(&chain).latest();
        drop(chain);
        *lock(&self.0.own) = own;
        self.0.faults.set(faults);
        self.0.newest.set(newest);
    }

    /// Writes entries into the `ibc` store at the start of the next block.
    pub(crate) fn inject_state(&self, written: Entries) {
        lock(&self.0.network.chain).inject_state(written);
    }

    /// Waits while this node is silent.
    pub async fn answers(&self) {
        self.0.faults.when(|faults| !faults.silent).await;
    }

    /// The block at `height`, with this node's lie applied.
    pub(crate) fn block(&self, height: u64) -> Option<Arc<Committed>> {
        let lie = self.lie();
        self.read(|chain| {
            let block = chain.block(height)?;
            Some(match lie {
                Some(lie) => lie.block(chain, block),
                None => block.clone(),
            })
        })
    }

    pub(crate) fn lie(&self) -> Option<Lie> {
        self.0.faults.get().lies
    }
}

/// A panic in a reader leaves the chain as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
