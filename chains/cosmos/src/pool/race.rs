//! One question on its way: asked of the best node, of the next one too when
//! the answer is late, of all in turn when they fail. The first good answer
//! wins; what is still under way then is dropped.

use std::future::Future;
use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::StreamExt;
use tern_chains::ChainError;
use tokio::time::{sleep_until, Instant};

use super::record::OVERTAKEN;
use super::{weight, Kind, Need, Pool};
use crate::errors::{answer, is_not_yet, Result};
use crate::node::{Node, Permit};

/// The least time a node has before another is asked the same, and the time
/// when little is known of it.
const HEDGE_MIN: Duration = Duration::from_millis(50);
const HEDGE_UNKNOWN: Duration = Duration::from_millis(1000);
/// After this many times what its answers take, a node has failed to answer;
/// but not before [`PATIENCE_MIN`].
const PATIENCE_FACTOR: u32 = 8;
const PATIENCE_MIN: Duration = Duration::from_secs(2);

/// A question under way.
struct Race<'a> {
    pool: &'a Pool,
    kind: Kind,
    need: Need,
    /// Who is not to be asked any more.
    tried: Vec<usize>,
    /// Whom no answer has come from, and since when.
    running: Vec<(usize, Instant)>,
    /// What the others said.
    errors: Vec<(usize, ChainError)>,
    /// Until when the one asked last has time, and what it is then.
    time: Stage,
    /// Whether nothing is to be hoped for from those who are asked.
    is_hopeless: bool,
    late: Instant,
    overdue: Instant,
}

/// How the one asked last is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    InTime,
    /// Another may be asked, too.
    Late,
    /// It counts as failed.
    Overdue,
}

pub(super) async fn race<T, F>(
    pool: &Pool,
    kind: Kind,
    need: Need,
    except: &[usize],
    ask: impl Fn(Arc<Node>) -> F,
) -> Result<(usize, T)>
where
    F: Future<Output = Result<T>>,
{
    let now = Instant::now();
    let mut race = Race {
        pool,
        kind,
        need,
        tried: except.to_vec(),
        running: Vec::new(),
        errors: Vec::new(),
        time: Stage::InTime,
        is_hopeless: true,
        late: now,
        overdue: now,
    };
    let mut ranking_changed = pool.ranking_changed.subscribe();
    let mut asked = FuturesUnordered::new();
    loop {
        let next = tokio::select! {
            Some((index, result)) = asked.next() => match race.judge(index, result) {
                Some(Ok(answer)) => return Ok((index, answer)),
                Some(Err(error)) => return Err(error),
                None => None,
            },
            entered = pool.enter(kind, need, &race.tried), if race.is_hopeless => match entered {
                None if asked.is_empty() => return Err(race.lost()),
                // Nobody else: the last one asked may take all its time.
                None => {
                    race.is_hopeless = false;
                    None
                }
                entered => entered,
            },
            () = sleep_until(race.next_look()), if race.may_ask_another() => race.look(),
            _ = ranking_changed.changed() => {
                race.is_hopeless = race.all_rest();
                None
            }
        };
        if let Some((node, permit)) = next {
            race.asks(&node);
            asked.push(attempt(node.index, permit, ask(node)));
        }
    }
}

async fn attempt<T>(
    index: usize,
    _permit: Permit,
    asking: impl Future<Output = Result<T>>,
) -> (usize, Result<T>) {
    (index, asking.await)
}

impl Race<'_> {
    fn asks(&mut self, node: &Node) {
        let now = Instant::now();
        let p95 = self.pool.board().records[node.index].p95(self.kind);
        let timeout = self.pool.timeout;
        self.late = now + p95.map_or(HEDGE_UNKNOWN, |p95| p95.max(HEDGE_MIN));
        let patience = p95.map_or(timeout / 2, |p95| p95 * PATIENCE_FACTOR);
        self.overdue = now + patience.max(PATIENCE_MIN).min(timeout);
        // A simulation knows the transactions of one node's mempool.
        self.time = match self.need {
            Need::Mempool => Stage::Late,
            _ => Stage::InTime,
        };
        self.is_hopeless = false;
        self.tried.push(node.index);
        self.running.push((node.index, now));
    }

    fn may_ask_another(&self) -> bool {
        !self.is_hopeless && self.time != Stage::Overdue && self.tried.len() < self.pool.nodes.len()
    }

    fn next_look(&self) -> Instant {
        match self.time {
            Stage::InTime => self.late,
            Stage::Late | Stage::Overdue => self.overdue,
        }
    }

    /// The one asked last is late: the next one, if it may be asked now.
    fn look(&mut self) -> Option<(Arc<Node>, Permit)> {
        let last = *self.tried.last()?;
        if self.time == Stage::Late {
            self.time = Stage::Overdue;
            self.is_hopeless = true;
            self.pool.failed(last, self.kind, &"no answer");
            return None;
        }
        self.time = Stage::Late;
        let mut board = self.pool.board();
        // A node that is only tried again was never counted on.
        let may = board.records[last].is_failing() || board.hedge_budget.take();
        drop(board);
        let second = || self.pool.second(self.kind, self.need, &self.tried);
        may.then(second).flatten()
    }

    /// Whether everybody asked has been found to fail meanwhile, by whomever.
    fn all_rest(&self) -> bool {
        let now = Instant::now();
        let board = self.pool.board();
        let mut waited = self.running.iter();
        waited.all(|(index, _)| board.records[*index].is_backing_off(now))
    }

    /// `None` when the answer is not the last word.
    fn judge<T>(&mut self, index: usize, result: Result<T>) -> Option<Result<T>> {
        let now = Instant::now();
        let since = self.running.iter().position(|(node, _)| *node == index);
        let took = since.map(|at| now.duration_since(self.running.remove(at).1));
        let took = took.unwrap_or_default();
        let error = match result {
            Ok(answer) => {
                self.pool.answered(index, self.kind, self.need, took);
                self.won(now);
                return Some(Ok(answer));
            }
            Err(error) => error,
        };
        if !self.may_be_anothers(index, &error) {
            return Some(Err(error));
        }
        self.errors.push((index, error));
        self.is_hopeless = self.running.is_empty() || self.all_rest();
        None
    }

    /// Learns from an error. False if it is the chain's word, or ours.
    fn may_be_anothers(&self, index: usize, error: &ChainError) -> bool {
        let pool = self.pool;
        match error {
            ChainError::Pruned { height, .. } => {
                let record = &mut pool.board().records[index];
                record.pruned_below = record.pruned_below.max(height + 1);
            }
            ChainError::Node { .. } if answer(error).is_some() => {
                if let Need::At(height) = self.need {
                    pool.lacks(index, height);
                }
            }
            // It is well, and another can tell now.
            ChainError::Node { .. } if is_not_yet(error) => {}
            ChainError::Node { source, .. } => pool.failed(index, self.kind, source),
            ChainError::Malformed { .. } => pool.failed(index, self.kind, error),
            ChainError::WrongChain { .. } => pool.set_aside(index, error),
            // Who is right shows when another's answer does verify.
            ChainError::Unverified { .. } => {}
            // A node may refuse what the chain would not: its own lowest price, a state or
            // an account that it does not have. What two say is the chain's word.
            ChainError::Rejected { .. } | ChainError::NoAccount { .. } => {
                let is_same =
                    |(_, said): &(_, ChainError)| discriminant(said) == discriminant(error);
                return !self.errors.iter().any(is_same);
            }
            ChainError::ClientUnusable { .. }
            | ChainError::SignerAway { .. }
            | ChainError::SignerRefused { .. }
            | ChainError::Local { .. } => return false,
        }
        true
    }

    fn won(&self, now: Instant) {
        for (index, since) in &self.running {
            let after = now.duration_since(*since);
            let failed = self.pool.board().records[*index].overtaken(self.kind, after, now);
            if failed {
                self.pool.tell_failed(*index, true, &OVERTAKEN);
            }
        }
        let lied = |error: &ChainError| matches!(error, ChainError::Unverified { .. });
        for (index, error) in self.errors.iter().filter(|(_, error)| lied(error)) {
            self.pool.set_aside(*index, error);
        }
    }

    fn lost(self) -> ChainError {
        let errors = self.errors.into_iter().map(|(_, error)| error);
        let telling = errors.min_by_key(weight);
        telling.unwrap_or_else(|| {
            let origin = self.pool.origin();
            origin.local("no other node is left to ask")
        })
    }
}
