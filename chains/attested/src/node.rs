//! A shared handle to a chain, with notification of new final blocks.
//!
//! [`Node::another`] is one more node of the same chain. Each node has its own
//! [`Faults`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tern_attested_core::{Header, SealedHeader};
use tern_chains::BlockTime;
use tern_devnet::{DevnetError, Faults, Lie, Refusal, Watched};

use crate::chain::{Attested, Checked};
use crate::genesis::Genesis;

/// One node. Clones are the same node.
#[derive(Clone)]
pub struct Node(Arc<Shared>);

struct Shared {
    network: Arc<Network>,
    faults: Watched<Faults>,
    /// The node's own copy of the chain while it is behind.
    own: Mutex<Option<Box<Attested>>>,
    /// The newest final height.
    newest: Watched<u64>,
}

/// Shared by all nodes of a chain.
struct Network {
    chain: Mutex<Attested>,
    nodes: Mutex<Vec<Weak<Shared>>>,
}

impl Node {
    pub fn new(genesis: &Genesis) -> Result<Self, DevnetError> {
        let network = Network {
            chain: Mutex::new(Attested::new(genesis)?),
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
        lock(&node.0.network.nodes).push(Arc::downgrade(&node.0));
        node
    }

    /// Reads the chain as this node has it. Holds a lock: keep `read` short.
    pub fn read<T>(&self, read: impl FnOnce(&Attested) -> T) -> T {
        if let Some(own) = lock(&self.0.own).as_deref() {
            return read(own);
        }
        read(&lock(&self.0.network.chain))
    }

    /// Makes the chain's next block and tells who waits for what is final now.
    pub fn make_block(&self, time: BlockTime) {
        let newest = lock(&self.0.network.chain).make_block(time);
        let nodes = lock(&self.0.network.nodes);
        for node in nodes.iter().filter_map(Weak::upgrade) {
            if lock(&node.own).is_none() {
                node.newest.set(newest);
            }
        }
    }

    /// Takes back up to so many blocks that are not final. Of their transactions
    /// those for which `keeps` is true wait again. Returns how many were taken back.
    pub fn replace_blocks(&self, most: u64, keeps: impl FnMut() -> bool) -> u64 {
        lock(&self.0.network.chain).replace_blocks(most, keeps)
    }

    /// Adds a transaction to the mempool if it may be included.
    pub fn check_tx(&self, bytes: Vec<u8>) -> Checked {
        if let Some(refusal) = self.0.faults.get().refuses {
            return Checked::Refused(refusal);
        }
        if let Some(own) = lock(&self.0.own).as_mut() {
            let checked = own.check_tx(bytes.clone());
            if !matches!(checked, Checked::Added | Checked::Replaced(_)) {
                return checked;
            }
        }
        lock(&self.0.network.chain).check_tx(bytes)
    }

    /// Waits until a height is final on this node.
    pub async fn reaches(&self, height: u64) -> u64 {
        self.0.newest.when(|newest| *newest >= height).await
    }

    /// Makes every transaction of the next blocks fail like this, until `None`.
    pub fn fail_txs(&self, refusal: Option<Refusal>) {
        lock(&self.0.network.chain).fail_txs(refusal);
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

    /// Waits while this node is silent.
    pub async fn answers(&self) {
        self.0.faults.when(|faults| !faults.silent).await;
    }

    /// The attested header of a final height, with this node's lie applied.
    pub(crate) fn sealed(&self, height: u64) -> Option<SealedHeader> {
        let lie = self.lie();
        self.read(|chain| {
            let header = chain.block(height)?.header.clone();
            Some(match lie {
                Some(Lie::Header) => SealedHeader {
                    header: forged(&header),
                    ..chain.seal(header)
                },
                Some(Lie::Equivocation) => chain.seal(forged(&header)),
                Some(Lie::Commit) => invalid(chain.seal(header)),
                Some(Lie::Value | Lie::Proof) | None => chain.seal(header),
            })
        })
    }

    pub(crate) fn lie(&self) -> Option<Lie> {
        self.0.faults.get().lies
    }
}

/// The header with a false root.
fn forged(header: &Header) -> Header {
    let mut forged = header.clone();
    if let Some(first) = forged.root.first_mut() {
        *first ^= 1;
    }
    forged
}

fn invalid(mut sealed: SealedHeader) -> SealedHeader {
    for attestation in &mut sealed.attestations {
        if let Some(first) = attestation.signature.first_mut() {
            *first ^= 1;
        }
    }
    sealed
}

/// A panic in a reader leaves the chain as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
