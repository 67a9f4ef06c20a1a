//! The chain as something to hold on to: shared, and heard of when it moves.
//!
//! Whoever makes blocks calls [`Node::make_block`] with the time; all doors look
//! at the same chain.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tendermint::Time;
use tokio::sync::watch;

use crate::block::Committed;
use crate::devnet::{Checked, Devnet};
use crate::error::DevnetError;
use crate::genesis::Genesis;

/// A shared development chain. Clones are the same chain.
#[derive(Clone)]
pub struct Node(Arc<Shared>);

struct Shared {
    chain: Mutex<Devnet>,
    newest: watch::Sender<u64>,
}

impl Node {
    pub fn new(genesis: &Genesis) -> Result<Self, DevnetError> {
        Ok(Self(Arc::new(Shared {
            chain: Mutex::new(Devnet::new(genesis)?),
            newest: watch::Sender::new(0),
        })))
    }

    /// Reads the chain. Short: everybody else waits.
    pub fn read<T>(&self, read: impl FnOnce(&Devnet) -> T) -> T {
        read(&self.lock())
    }

    /// Makes the next block and wakes who waits for it.
    pub fn make_block(&self, time: Time) -> Result<Arc<Committed>, DevnetError> {
        let block = self.lock().make_block(time)?;
        self.0.newest.send_replace(block.height());
        Ok(block)
    }

    /// Offers a transaction to the mempool.
    pub fn check_tx(&self, bytes: Vec<u8>) -> Checked {
        self.lock().check_tx(bytes)
    }

    /// The newest height, and every change of it.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Devnet> {
        // A panic in a reader leaves the chain as it was.
        self.0.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
