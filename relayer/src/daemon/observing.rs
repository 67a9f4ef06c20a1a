//! A running engine as it is looked at: its status, its nodes, and its wallets, which are
//! read in the background so that whoever looks waits for no chain.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tern::engine::status::{FoundPackets, PacketSearch, Status, Wallet};
use tern::engine::{EngineError, EngineHandle};
use tern::overview::{ChainOverview, Overview, Sources};
use tern_chains::{BlockTime, ChainId, NodeStatus};
use tern_core::ledger::EndKey;
use tokio::sync::{watch, Mutex, MutexGuard, Notify, RwLock, RwLockWriteGuard};
use tokio::time::{timeout, Instant};
use tokio_util::sync::CancellationToken;

use crate::clock;

/// How often balances are read: one question for each account.
const WALLETS_EVERY: Duration = Duration::from_secs(60);
/// And where one is empty, or not known: somebody may be about to send it some.
const WALLETS_SOON: Duration = Duration::from_secs(10);

/// A look serves all who want one within this: a status costs the engine a plan, and
/// strangers may ask for it.
const FRESH: Duration = Duration::from_millis(500);

/// The way to look at an engine. Clones look at the same.
#[derive(Clone)]
pub struct Observed {
    engine: Arc<RwLock<EngineHandle>>,
    wallets: Arc<watch::Sender<Vec<Wallet>>>,
    /// Told when another engine is at work, whose accounts may be others.
    swapped: Arc<Notify>,
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
            swapped: Arc::default(),
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
            wallets: &self.wallets,
            swapped: &self.swapped,
        }
    }

    /// Reads the wallets again and again, and at once when another engine is at work, until
    /// `stopping`.
    pub async fn read_wallets(&self, stopping: CancellationToken) {
        let reading = async {
            loop {
                let pause = match self.wallets_are_well().await {
                    true => WALLETS_EVERY,
                    false => WALLETS_SOON,
                };
                // The next engine's are read at once.
                let _ = timeout(pause, self.swapped.notified()).await;
            }
        };
        stopping.run_until_cancelled(reading).await;
    }

    /// Reads the wallets. Whether all are known, and none is empty.
    async fn wallets_are_well(&self) -> bool {
        let read = self.engine().await.wallets().await;
        // Those of an engine that has ended meanwhile are nobody's any more.
        let engine = self.engine.read().await;
        let read = theirs(read, &engine);
        let mut balances = read.iter().map(|wallet| &wallet.balance);
        let are_well = balances.all(|read| read.as_ref().is_ok_and(|coin| coin.amount > 0));
        self.wallets.send_replace(read);
        are_well
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
    wallets: &'a watch::Sender<Vec<Wallet>>,
    swapped: &'a Notify,
}

impl Swap<'_> {
    /// They look at this engine from now on, and at its wallets alone.
    pub fn to(mut self, engine: EngineHandle) {
        let wallets = self.wallets.borrow().clone();
        self.wallets.send_replace(theirs(wallets, &engine));
        self.swapped.notify_one();
        *self.engine = engine;
        *self.newest = None;
    }
}

/// Those of the wallets that an engine pays from.
fn theirs(mut wallets: Vec<Wallet>, engine: &EngineHandle) -> Vec<Wallet> {
    wallets.retain(|wallet| engine.pays_from(&wallet.chain, &wallet.address));
    wallets
}

impl Observation {
    pub fn overview(&self) -> Overview {
        Overview::of(&self.sources())
    }

    /// The chains of the overview alone: thousands of paths cost more.
    pub fn chains(&self) -> Vec<ChainOverview> {
        ChainOverview::all(&self.sources())
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            status: &self.status,
            nodes: &self.nodes,
            wallets: &self.wallets,
            now: self.now,
            started: self.started,
        }
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
    async fn a_wallet_that_the_next_engine_does_not_have_is_shown_no_more() {
        let (observed, engine) = testing::idle();
        observed.wallets.send_replace(vec![Wallet {
            chain: ChainId::from_string("kava-1"),
            address: "kava1relayer".to_owned(),
            balance: Err("not read".to_owned()),
            unit: None,
        }]);
        let (next, _next_engine) = testing::idle();
        let swap = observed.swap().await;
        swap.to(next.engine().await);
        assert!(observed.wallets().is_empty());
        drop(engine);
    }

    #[tokio::test]
    async fn an_engine_that_has_ended_is_said_to_be_stopped() {
        let (observed, mut engine) = testing::idle();
        engine.shutdown().await;
        assert!(matches!(observed.look().await, Err(EngineError::Stopped)));
    }
}
