//! The nodes of one chain: each question goes to the one that is best for it,
//! and to another when that fails or is slow.
//!
//! What decides is pure: [`record`] keeps how each node behaved, [`choice`] ranks
//! them, [`hedge_budget`] bounds how much is asked twice. [`race`] asks. A chain with
//! one node has none of it: that node is asked, and its answer is the answer.
//! [`last_failure`] is for people: what they are told of a node, the only one or not.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tern_chains::{ChainError, NodeStatus};
use tokio::sync::watch;
use tokio::time::{sleep, Instant};

use self::hedge_budget::HedgeBudget;
use self::record::Record;
pub(crate) use self::record::CLAIM_MAX;
use crate::errors::{is_not_yet, Origin, Result};
use crate::node::{Node, Permit};
pub(crate) use crate::request::Kind;
use crate::settings::CosmosSettings;

mod choice;
mod hedge_budget;
mod last_failure;
mod latency;
mod mempool;
mod poll_heights;
mod race;
mod record;
#[cfg(test)]
mod tests;
mod trust;

/// How often, and how far apart, a chain's only node is asked again when it says that it
/// cannot tell yet: all in all some seconds, as after its start.
const NOT_YET_ATTEMPTS: u32 = 20;
const NOT_YET_PAUSE: Duration = Duration::from_millis(150);

/// What a node must have to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// This block and its state.
    At(u64),
    /// The newest state there is.
    Newest,
    /// The transactions sent before.
    Mempool,
}

impl Need {
    /// That of a query; `None` is the newest height.
    pub fn state(height: Option<u64>) -> Self {
        height.map_or(Self::Newest, Self::At)
    }
}

/// The nodes of one chain.
pub(crate) struct Pool {
    nodes: Vec<Arc<Node>>,
    board: Mutex<Board>,
    /// Moves when a node is no longer to be asked: who waits for it looks anew.
    ranking_changed: watch::Sender<u64>,
    timeout: Duration,
}

/// What is known of the nodes.
#[derive(Debug)]
struct Board {
    records: Vec<Record>,
    hedge_budget: HedgeBudget,
    proof_sources: trust::ProofSources,
    /// The greatest height that a node has answered a question about.
    served: u64,
}

impl Pool {
    pub fn new(settings: &CosmosSettings) -> Result<Self> {
        let addresses = settings.addresses().into_iter().enumerate();
        let nodes: Result<Vec<_>> = addresses
            .map(|(index, address)| Ok(Arc::new(Node::new(settings, index, &address)?)))
            .collect();
        let nodes = nodes?;
        let board = Board {
            records: vec![Record::default(); nodes.len()],
            hedge_budget: HedgeBudget::default(),
            proof_sources: trust::ProofSources::default(),
            served: 0,
        };
        Ok(Self {
            nodes,
            board: Mutex::new(board),
            ranking_changed: watch::Sender::default(),
            timeout: settings.request_timeout,
        })
    }

    /// All of them, in the order configured.
    pub fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// How each has behaved, in the order configured.
    pub fn statuses(&self) -> Vec<NodeStatus> {
        let now = Instant::now();
        let board = self.board();
        let nodes = self.nodes.iter().zip(&board.records);
        let status = |(node, record): (&Arc<Node>, &Record)| NodeStatus {
            address: node.rpc.origin.node.clone(),
            state: record.state(now),
            height: (record.height > 0).then_some(record.height),
            requests: node.requests.stats(),
        };
        nodes.map(status).collect()
    }

    /// The chain, as errors that are no node's name it.
    pub fn origin(&self) -> &Origin {
        // There is always one.
        &self.nodes[0].rpc.origin
    }

    /// One question, answered by whoever answers first and well.
    ///
    /// # Errors
    /// The chain's own refusal, or, when no node answers, what says most of why.
    pub async fn read<T, F>(
        &self,
        kind: Kind,
        need: Need,
        ask: impl Fn(Arc<Node>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let read = self.read_from(kind, need, &[], ask).await;
        read.map(|(_, answer)| answer)
    }

    /// The same, with the index of the node whose answer it is; the nodes in
    /// `except` are not asked.
    pub async fn read_from<T, F>(
        &self,
        kind: Kind,
        need: Need,
        except: &[usize],
        ask: impl Fn(Arc<Node>) -> F,
    ) -> Result<(usize, T)>
    where
        F: Future<Output = Result<T>>,
    {
        if let [only] = self.nodes.as_slice() {
            let _permit = only.enter(kind).await;
            let mut attempt = 1;
            return loop {
                match ask(only.clone()).await {
                    Err(error) if is_not_yet(&error) && attempt < NOT_YET_ATTEMPTS => {
                        attempt += 1;
                        sleep(NOT_YET_PAUSE).await;
                    }
                    Err(error) => {
                        self.note_failure(only.index, kind, &error);
                        break Err(error);
                    }
                    Ok(answer) => {
                        self.note_answer(only.index, kind);
                        break Ok((only.index, answer));
                    }
                }
            };
        }
        race::race(self, kind, need, except, ask).await
    }

    /// Whether there is one whom a person has not excluded in `except`.
    pub fn has_other_than(&self, except: &[usize]) -> bool {
        let now = Instant::now();
        let board = self.board();
        let mut nodes = board.records.iter().enumerate();
        nodes.any(|(index, record)| !except.contains(&index) && !record.is_quarantined(now))
    }

    /// A node says that its newest block is at this height.
    pub fn saw(&self, node: usize, height: u64) {
        let record = &mut self.board().records[node];
        if record.is_heard(Instant::now()) {
            record.height = height;
        }
    }

    /// A node said that it has not what it must have by its own word.
    fn lacks(&self, node: usize, height: u64) {
        let mut board = self.board();
        let served = board.served;
        let has_lied = board.records[node].lacks(height, served, Instant::now());
        drop(board);
        if has_lied {
            let Origin { chain, node, .. } = &self.nodes[node].rpc.origin;
            tracing::warn!(%chain, node, height, "the node claims a height far above what it has: not believed for a minute");
        }
    }

    /// Whether a node is asked and has answered lately, as far as is known.
    pub fn is_well(&self, node: usize) -> bool {
        let record = &self.board().records[node];
        !record.is_quarantined(Instant::now()) && !record.is_failing()
    }

    /// Whether a node's word on the newest height counts.
    pub fn is_heard(&self, node: usize) -> bool {
        self.board().records[node].is_heard(Instant::now())
    }

    /// The best node for a question that is not in `tried`, and the right to
    /// ask it. Waits for that, as long as it stays the best.
    async fn enter(&self, kind: Kind, need: Need, tried: &[usize]) -> Option<(Arc<Node>, Permit)> {
        let mut ranking_changed = self.ranking_changed.subscribe();
        loop {
            let ranked = self.board().ranked(kind, need);
            let index = ranked.into_iter().find(|index| !tried.contains(index))?;
            let node = self.nodes[index].clone();
            tokio::select! {
                biased;
                permit = node.enter(kind) => {
                    self.board().chosen(index);
                    return Some((node, permit));
                }
                // The sender is ours: no error here.
                _ = ranking_changed.changed() => {}
            }
        }
    }

    /// A second node for a question, if there is one that is well and free.
    fn second(&self, kind: Kind, need: Need, tried: &[usize]) -> Option<(Arc<Node>, Permit)> {
        let now = Instant::now();
        let board = self.board();
        let ranked = choice::rank(&board.records, kind, need, now);
        let mut others = ranked
            .into_iter()
            .filter(|index| !tried.contains(index))
            .filter(|index| choice::is_well(&board.records, *index, need, now));
        others.find_map(|index| {
            let node = self.nodes[index].clone();
            let permit = node.try_enter(kind)?;
            Some((node, permit))
        })
    }

    /// A node did not answer, or with nothing that can be read.
    fn failed(&self, node: usize, kind: Kind, reason: &dyn Display) {
        let first = self.board().records[node].failed(kind, reason, Instant::now());
        self.tell_failed(node, first, reason);
    }

    /// The same of a chain's only node, which is not ranked.
    fn note_failure(&self, node: usize, kind: Kind, error: &ChainError) {
        if let Some(reason) = failure(error) {
            let last_failure = &mut self.board().records[node].last_failure;
            last_failure.failed(kind, reason, Instant::now());
        }
    }

    /// A node answered what says nothing of its rank.
    fn note_answer(&self, node: usize, kind: Kind) {
        let last_failure = &mut self.board().records[node].last_failure;
        last_failure.answered(kind, Instant::now());
    }

    fn tell_failed(&self, node: usize, first: bool, reason: &dyn Display) {
        let Origin { chain, node, .. } = &self.nodes[node].rpc.origin;
        if !first {
            tracing::debug!(%chain, node, %reason, "the node fails");
            return;
        }
        tracing::warn!(%chain, node, %reason, "the node fails: asking others first");
        self.ranking_changed
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    fn answered(&self, node: usize, kind: Kind, need: Need, took: Duration) {
        let mut board = self.board();
        if let Need::At(height) = need {
            board.served = board.served.max(height);
        }
        let recovered = board.records[node].answered(kind, took, Instant::now());
        drop(board);
        if recovered {
            let Origin { chain, node, .. } = &self.nodes[node].rpc.origin;
            tracing::info!(%chain, node, recovered = true, "the node answers again");
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn ranked(&self, kind: Kind, need: Need) -> Vec<usize> {
        choice::rank(&self.records, kind, need, Instant::now())
    }

    /// A node is about to be asked.
    fn chosen(&mut self, node: usize) {
        self.hedge_budget.asked();
        self.records[node].try_again(Instant::now());
    }
}

/// Why an error shows that a chain's only node cannot be relied on, if it does.
fn failure(error: &ChainError) -> Option<&dyn Display> {
    match error {
        ChainError::Node { .. } if crate::errors::answer(error).is_some() => None,
        ChainError::Node { .. } if is_not_yet(error) => None,
        ChainError::Node { source, .. } => Some(source),
        ChainError::Malformed { .. }
        | ChainError::WrongChain { .. }
        | ChainError::Unverified { .. } => Some(error),
        ChainError::Pruned { .. }
        | ChainError::Rejected { .. }
        | ChainError::NoAccount { .. }
        | ChainError::ClientUnusable { .. }
        | ChainError::SignerAway { .. }
        | ChainError::SignerRefused { .. }
        | ChainError::Local { .. } => None,
    }
}

/// Of two reasons why a question was not answered, which says more: what nodes
/// said before what lay between, and both before what an operator has to fix.
fn weight(error: &ChainError) -> u8 {
    match error {
        ChainError::Rejected { .. } | ChainError::NoAccount { .. } => 0,
        ChainError::Pruned { .. } => 1,
        ChainError::Node { .. } if crate::errors::answer(error).is_some() => 2,
        ChainError::Node { .. } => 3,
        ChainError::Unverified { .. } => 4,
        ChainError::WrongChain { .. } => 6,
        _ => 5,
    }
}
