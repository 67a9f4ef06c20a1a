//! The engine's tasks, by kind: what runs, and what ended and how.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;

use tern_chains::ChainId;
use tern_core::ledger::EndKey;
use tokio::task::{Id, JoinError, JoinSet};

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Follows a chain, as long as the engine runs.
    Follow(ChainId),
    /// Submits for one account of a chain, as long as the engine runs.
    Submit { chain: ChainId, lane: usize },
    /// Proves one batch and hands it to a lane.
    Batch { dst: ChainId },
    /// Compares the packets of one source end with both chains.
    Reconcile { src: EndKey },
    /// Compares headers that were shown to clients with those of their chain.
    CheckHeader { chain: ChainId },
    /// Reads the balances of a chain's accounts.
    Wallets { chain: ChainId },
}

impl Task {
    /// Whether it ends when its work is done. The others must not end while the
    /// engine runs.
    pub fn is_finite(&self) -> bool {
        matches!(
            self,
            Self::Batch { .. }
                | Self::Reconcile { .. }
                | Self::CheckHeader { .. }
                | Self::Wallets { .. }
        )
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Follow(chain) => write!(f, "follow {chain}"),
            Self::Submit { chain, lane } => write!(f, "submit {chain} {lane}"),
            Self::Batch { dst } => write!(f, "batch to {dst}"),
            Self::Reconcile { src } => write!(f, "reconcile {src}"),
            Self::CheckHeader { chain } => write!(f, "check header of {chain}"),
            Self::Wallets { chain } => write!(f, "wallets {chain}"),
        }
    }
}

/// A task that ended; an error is its panic.
pub struct Ended {
    pub task: Task,
    pub result: Result<(), String>,
}

/// All tasks of one engine. Dropping it aborts them.
#[derive(Default)]
pub struct Tasks {
    set: JoinSet<()>,
    running: HashMap<Id, Task>,
}

impl Tasks {
    pub fn spawn(&mut self, task: Task, work: impl Future<Output = ()> + Send + 'static) {
        let handle = self.set.spawn(work);
        self.running.insert(handle.id(), task);
    }

    /// Waits for the next task to end; `None` if none runs. Cancel-safe.
    pub async fn ended(&mut self) -> Option<Ended> {
        let joined = self.set.join_next_with_id().await?;
        let (id, result) = match joined {
            Ok((id, ())) => (id, Ok(())),
            Err(error) => (error.id(), Err(reason(error))),
        };
        let task = self.running.remove(&id)?;
        Some(Ended { task, result })
    }

    pub fn any(&self, is_wanted: impl Fn(&Task) -> bool) -> bool {
        self.running.values().any(is_wanted)
    }

    /// What runs, by name, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.running.values().map(Task::to_string).collect();
        names.sort();
        names
    }

    pub fn abort_all(&mut self) {
        self.set.abort_all();
    }
}

/// What a panic said.
fn reason(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "it was aborted".to_owned();
    };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("it panicked: {}", text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow() -> Task {
        Task::Follow(ChainId::from_string("akash-1"))
    }

    #[tokio::test]
    async fn a_panic_keeps_the_name_of_its_task_and_what_it_said() {
        let mut tasks = Tasks::default();
        tasks.spawn(follow(), async { panic!("no such height") });
        let ended = tasks.ended().await.unwrap();
        assert_eq!(ended.task, follow());
        assert_eq!(ended.result, Err("it panicked: no such height".to_owned()));
        assert!(tasks.ended().await.is_none());
    }

    #[tokio::test]
    async fn a_task_counts_as_running_until_it_has_ended() {
        let mut tasks = Tasks::default();
        tasks.spawn(follow(), async {});
        assert!(tasks.any(|task| *task == follow()));
        let ended = tasks.ended().await.unwrap();
        assert_eq!((ended.task, ended.result), (follow(), Ok(())));
        assert!(!tasks.any(|_| true));
    }

    #[test]
    fn what_works_as_long_as_the_engine_does_not_end_by_itself() {
        let chain = ChainId::from_string("akash-1");
        assert!(!follow().is_finite());
        assert!(Task::Batch { dst: chain.clone() }.is_finite());
        assert!(!Task::Submit { chain, lane: 0 }.is_finite());
    }
}
