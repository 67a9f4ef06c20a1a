//! Blocks that several channels look into at about the same time: each is read
//! once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tern_chains::{Block, Chain, ChainError, ChainId};
use tokio::sync::OnceCell;

/// Most blocks kept: channels that are compared walk back through much the same
/// ones.
const BLOCKS_MAX: usize = 8;

type Cell = Arc<OnceCell<Arc<Block>>>;

/// The blocks asked for last, of any chain.
#[derive(Default)]
pub struct Blocks {
    recent: Mutex<VecDeque<((ChainId, u64), Cell)>>,
}

impl Blocks {
    /// The block at `height`; who asks while it is being read waits for it.
    pub async fn block(&self, chain: &dyn Chain, height: u64) -> Result<Arc<Block>, ChainError> {
        let cell = self.cell((chain.id().clone(), height));
        let read = || async { Ok(Arc::new(chain.block(height).await?)) };
        cell.get_or_try_init(read).await.cloned()
    }

    fn cell(&self, key: (ChainId, u64)) -> Cell {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = recent.iter().find(|(known, _)| *known == key) {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        recent.push_front((key, Arc::clone(&cell)));
        recent.truncate(BLOCKS_MAX);
        cell
    }
}
