//! A running engine as it is looked at: its status, its nodes, and its wallets, which are
//! read in the background so that whoever looks waits for no chain.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tern::engine::status::{FoundPackets, PacketSearch, Status, Wallet};
use tern::engine::{EngineError, EngineHandle};
use tern::overview::{Overview, Sources};
use tern_chains::{BlockTime, ChainId, NodeStatus};
use tern_core::ledger::EndKey;
use tokio::sync::{watch, Mutex, MutexGuard, RwLock, RwLockWriteGuard};
use tokio::time::{interval, Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::clock;

/// How often balances are read: one question for each account.
const WALLETS_EVERY: Duration = Duration::from_secs(60);

/// A look serves all who want one within this: a status costs the engine a plan, and
/// strangers may ask for it.
const FRESH: Duration = Duration::from_millis(500);

/// The way to look at an engine. Clones look at the same.
#[derive(Clone)]
pub struct Observed {
    engine: Arc<RwLock<EngineHandle>>,
    wallets: Arc<watch::Sender<Vec<Wallet>>>,
    /// The newest look. Locked while the engine is asked, so that it is asked once at a time.
    newest: Arc<Mutex<Option<Newest>>>,
    started: BlockTime,
}

/// The newest look, and when it was.
struct Newest {
    at: Instant,
    observation: Arc<Observation>,
}

/// One look.
pub struct Observation {
    pub status: Status,
    pub nodes: BTreeMap<ChainId, Vec<NodeStatus>>,
    pub wallets: Vec<Wallet>,
    /// By the machine's clock.
    pub now: BlockTime,
    pub started: BlockTime,
}

impl Observed {
    pub fn new(engine: EngineHandle) -> Self {
        Self {
            engine: Arc::new(RwLock::new(engine)),
            wallets: Arc::default(),
            newest: Arc::default(),
            started: clock::now(),
        }
    }

    /// The engine at work. During a reload it is waited for.
    pub async fn engine(&self) -> EngineHandle {
        self.engine.read().await.clone()
    }

    /// Asks the engine at work; the next one, if a reload ended it meanwhile. So the question
    /// may be asked twice.
    pub async fn ask<T, F: Future<Output = Result<T, EngineError>>>(
        &self,
        question: impl Fn(EngineHandle) -> F,
    ) -> Result<T, EngineError> {
        match question(self.engine().await).await {
            Err(EngineError::Stopped) => question(self.engine().await).await,
            answer => answer,
        }
    }

    /// From now on everybody waits for another engine.
    pub async fn swap(&self) -> Swap<'_> {
        // In this order everywhere.
        let newest = self.newest.lock().await;
        Swap {
            engine: self.engine.write().await,
            newest,
        }
    }

    /// Reads the wallets again and again, until `stopping`.
    pub async fn read_wallets(&self, stopping: CancellationToken) {
        let mut times = interval(WALLETS_EVERY);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reading = async {
            loop {
                times.tick().await;
                let wallets = self.engine().await.wallets().await;
                self.wallets.send_replace(wallets);
            }
        };
        stopping.run_until_cancelled(reading).await;
    }

    /// The wallets as they were read last.
    pub fn wallets(&self) -> Vec<Wallet> {
        self.wallets.borrow().clone()
    }

    /// What is so now, or was a moment ago. Asks no chain.
    pub async fn look(&self) -> Result<Arc<Observation>, EngineError> {
        let mut newest = self.newest.lock().await;
        if let Some(Newest { at, observation }) = newest.as_ref() {
            if at.elapsed() < FRESH {
                return Ok(Arc::clone(observation));
            }
        }
        let observation = Arc::new(Observation {
            status: self.status(None).await?,
            nodes: self.engine().await.nodes(),
            wallets: self.wallets(),
            now: clock::now(),
            started: self.started,
        });
        *newest = Some(Newest {
            at: Instant::now(),
            observation: Arc::clone(&observation),
        });
        Ok(observation)
    }

    /// The open packets that fit, and the time.
    pub async fn search(
        &self,
        search: PacketSearch,
    ) -> Result<(FoundPackets, BlockTime), EngineError> {
        let _one_at_a_time = self.newest.lock().await;
        let found = self.ask(|engine| {
            let search = search.clone();
            async move { engine.packets(search).await }
        });
        Ok((found.await?, clock::now()))
    }

    /// The status with the open packets of one path, and the time.
    pub async fn path(&self, src: EndKey) -> Result<(Status, BlockTime), EngineError> {
        let _one_at_a_time = self.newest.lock().await;
        Ok((self.status(Some(src)).await?, clock::now()))
    }

    /// The engine's status, with the open packets of one path, or the first of all.
    pub async fn status(&self, of: Option<EndKey>) -> Result<Status, EngineError> {
        self.ask(|engine| {
            let of = of.clone();
            async move { engine.status(of).await }
        })
        .await
    }
}

/// Everybody who looks waits as long as it is held.
pub struct Swap<'a> {
    engine: RwLockWriteGuard<'a, EngineHandle>,
    newest: MutexGuard<'a, Option<Newest>>,
}

impl Swap<'_> {
    /// They look at this engine from now on.
    pub fn to(mut self, engine: EngineHandle) {
        *self.engine = engine;
        *self.newest = None;
    }
}

impl Observation {
    pub fn overview(&self) -> Overview {
        Overview::of(&Sources {
            status: &self.status,
            nodes: &self.nodes,
            wallets: &self.wallets,
            now: self.now,
            started: self.started,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::testing;

    #[tokio::test(start_paused = true)]
    async fn all_who_look_within_half_a_second_share_one_look() {
        let (observed, _engine) = testing::idle();
        let first = observed.look().await.unwrap();
        let second = observed.clone().look().await.unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        tokio::time::advance(FRESH).await;
        let third = observed.look().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &third));
    }

    #[tokio::test]
    async fn an_engine_that_has_ended_is_said_to_be_stopped() {
        let (observed, mut engine) = testing::idle();
        engine.shutdown().await;
        assert!(matches!(observed.look().await, Err(EngineError::Stopped)));
    }
}
