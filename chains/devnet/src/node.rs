//! The chain as something to hold on to: shared, and heard of when it moves.
//!
//! Whoever makes blocks calls [`Node::make_block`] with the time; all doors look
//! at the same chain, through the node they were given. [`Node::another`] is one
//! more node of the same chain, and each can fail in its own way ([`Faults`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tendermint::Time;

use crate::block::Committed;
use crate::devnet::{Checked, Devnet};
use crate::error::DevnetError;
use crate::faults::{Faults, Lie};
use crate::genesis::{Genesis, ValidatorUpdate};
use crate::link::Entries;
use crate::refusal::Refusal;
use crate::watched::Watched;

/// One node of a development chain. Clones are the same node.
#[derive(Clone)]
pub struct Node(Arc<Shared>);

struct Shared {
    network: Arc<Network>,
    faults: Watched<Faults>,
    /// Its own copy of the chain, as long as it is behind.
    own: Mutex<Option<Box<Devnet>>>,
    newest: Watched<u64>,
}

/// What all nodes of a chain share.
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

    /// Reads the chain as this node knows it. Short: everybody else waits.
    pub fn read<T>(&self, read: impl FnOnce(&Devnet) -> T) -> T {
        if let Some(own) = lock(&self.0.own).as_deref() {
            return read(own);
        }
        read(&lock(&self.0.network.chain))
    }

    /// Makes the chain's next block and wakes who waits for it.
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

    /// Offers a transaction to the mempool.
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

    /// The newest height this node knows, once it is at least this.
    pub async fn reaches(&self, height: u64) -> u64 {
        self.0.newest.when(|newest| *newest >= height).await
    }

    /// A validator's power from two blocks after the next on; 0 is none.
    pub fn update_validator(&self, update: ValidatorUpdate) {
        lock(&self.0.network.chain).update_validator(update);
    }

    /// Every transaction of the blocks to come fails like this, until `None`.
    pub fn fail_txs(&self, refusal: Option<Refusal>) {
        lock(&self.0.network.chain).fail_txs(refusal);
    }

    /// What this node does wrong from now on; the default is nothing.
    pub fn set_faults(&self, faults: Faults) {
        let chain = lock(&self.0.network.chain);
        let own = faults.behind.map(|height| Box::new(chain.as_of(height)));
        let (newest, _) = own.as_deref().unwrap_or(&chain).latest();
        drop(chain);
        *lock(&self.0.own) = own;
        self.0.faults.set(faults);
        self.0.newest.set(newest);
    }

    /// Writes into the `ibc` store of the next block.
    pub(crate) fn plant(&self, written: Entries) {
        lock(&self.0.network.chain).plant(written);
    }

    /// Returns when this node answers: at once, unless it is silent.
    pub async fn answers(&self) {
        self.0.faults.when(|faults| !faults.silent).await;
    }

    /// The block at `height`, as this node shows it.
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
