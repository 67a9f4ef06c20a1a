//! When a path's packets are compared with both chains: at start, after blocks
//! were left out, when a path is assigned, and on a slow clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{ChainId, Ordering};
use tern_core::ledger::{EndKey, PacketState, View};
use tokio::sync::{mpsc, Semaphore};

use super::{reconcile, Blocks, Comparison, Known, Reporter, Snapshot};
use crate::engine::input::Input;
use crate::engine::prove::Chains;
use crate::engine::readiness::Readiness;
use crate::engine::tasks::{Task, Tasks};

/// Which source ends must be compared, and which are being compared.
pub struct Reconciling {
    /// Nothing is planned for these until they are compared.
    unreconciled: BTreeSet<EndKey>,
    running: BTreeSet<EndKey>,
    /// Could not be compared: again once their chain is past this height.
    failed: BTreeMap<EndKey, u64>,
    limit: Arc<Semaphore>,
    blocks: Arc<Blocks>,
}

impl Reconciling {
    /// `comparisons_max` run at a time.
    pub fn new(comparisons_max: usize) -> Self {
        Self {
            unreconciled: BTreeSet::new(),
            running: BTreeSet::new(),
            failed: BTreeMap::new(),
            limit: Arc::new(Semaphore::new(comparisons_max)),
            blocks: Arc::default(),
        }
    }

    /// Source ends that nothing is planned for yet.
    pub fn unreconciled(&self) -> &BTreeSet<EndKey> {
        &self.unreconciled
    }

    /// These must be compared before their packets are planned.
    pub fn expect(&mut self, ends: impl IntoIterator<Item = EndKey>) {
        self.unreconciled.extend(ends);
    }

    /// Whether an end is compared, and no comparison of it runs.
    pub fn is_done(&self, src: &EndKey) -> bool {
        !self.unreconciled.contains(src)
            && !self.failed.contains_key(src)
            && !self.running.contains(src)
    }

    /// What waits for a comparison and can be tried now.
    pub fn due(&self, view: &View) -> BTreeSet<EndKey> {
        let is_due = |src: &&EndKey| {
            let head = view.head(&src.chain).map(|head| head.height);
            let failed_at = self.failed.get(src).copied();
            !self.running.contains(*src) && (failed_at.is_none() || head > failed_at)
        };
        let waiting = self.unreconciled.iter().chain(self.failed.keys());
        waiting.filter(is_due).cloned().collect()
    }

    /// All packets in the ledger are as both chains have them; others are being
    /// looked for.
    pub fn compared(&mut self, src: &EndKey) {
        self.unreconciled.remove(src);
    }

    /// A comparison has ended.
    pub fn succeeded(&mut self, src: &EndKey) {
        self.running.remove(src);
        self.unreconciled.remove(src);
        self.failed.remove(src);
    }

    /// A comparison has failed, with `head` as the newest block of the source. The
    /// next block tries again.
    pub fn failed(&mut self, src: EndKey, head: u64) {
        self.running.remove(&src);
        self.failed.insert(src, head);
    }

    /// Compares a path in a task of its own, unless it runs already or one of its
    /// chains is not ready.
    pub fn start(
        &mut self,
        src_end: EndKey,
        view: &View,
        readiness: &Readiness,
        chains: &Chains,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut Tasks,
    ) {
        if self.running.contains(&src_end) {
            return;
        }
        let Some(path) = view.path(&src_end) else {
            return;
        };
        let (dst_end, ordering) = (path.dst, path.ordering);
        let is_ready = |end: &EndKey| readiness.is_ready(&end.chain);
        if !is_ready(&src_end) || !is_ready(&dst_end) {
            return;
        }
        let access = |end: &EndKey| chains.get(&end.chain).map(|access| access.chain.clone());
        let (Some(src), Some(dst)) = (access(&src_end), access(&dst_end)) else {
            return;
        };
        let known = snapshot(view, &src_end);
        self.running.insert(src_end.clone());
        let task = Task::Reconcile {
            src: src_end.clone(),
        };
        let inputs = inputs.clone();
        let (limit, blocks) = (Arc::clone(&self.limit), Arc::clone(&self.blocks));
        tasks.spawn(task, async move {
            let _permit = limit.acquire().await;
            let comparison = Comparison {
                src: &*src,
                dst: &*dst,
                src_end: &src_end,
                dst_end: &dst_end,
                known: &known,
                blocks: &blocks,
            };
            let reporter = if ordering == Ordering::Ordered {
                Reporter::at_the_end()
            } else {
                Reporter::in_parts(&inputs)
            };
            let facts = reconcile(&comparison, reporter).await;
            let facts = facts.map_err(|error| crate::engine::follow::describe(&error));
            let ended = Input::Reconciled {
                src: src_end,
                facts,
            };
            // The engine is gone when it stops: then nobody needs to know.
            let _ = inputs.send(ended).await;
        });
    }
}

/// The source ends of open channels between two of these chains.
pub fn open_ends<'a>(view: &'a View, chains: &'a Chains) -> impl Iterator<Item = EndKey> + 'a {
    let channels = view.channels().filter(|(key, record)| {
        record.state.is_open()
            && chains.contains_key(&key.chain)
            && chains.contains_key(&record.counterparty_chain)
    });
    channels.map(|(key, _)| EndKey::from(key.clone()))
}

/// Those of [`open_ends`] with this chain at either side.
pub fn open_ends_of(view: &View, chains: &Chains, chain: &ChainId) -> Vec<EndKey> {
    let is_concerned = |src: &EndKey| {
        let dst = view.path(src).map(|path| path.dst.chain);
        src.chain == *chain || dst.as_ref() == Some(chain)
    };
    open_ends(view, chains).filter(is_concerned).collect()
}

fn snapshot(view: &View, src_end: &EndKey) -> Snapshot {
    let in_memory = view.open_packets_of(src_end).map(|(sequence, record)| {
        let known = Known {
            is_sent: record.sent.is_some(),
            has_data: record.packet.is_some(),
            has_ack: record.ack.is_some(),
        };
        (sequence, known)
    });
    let in_store = view.evicted_packets_of(src_end).map(|(sequence, state)| {
        let known = Known {
            is_sent: true,
            has_data: true,
            has_ack: state == PacketState::AckWritten,
        };
        (sequence, known)
    });
    in_memory.chain(in_store).collect()
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, End, PortId};
    use tern_core::ledger::{Change, Head};

    use super::*;

    fn end() -> EndKey {
        EndKey {
            chain: ChainId::from_string("a-1"),
            end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
        }
    }

    fn view_at(height: u64) -> View {
        let mut view = View::default();
        let head = Head {
            height,
            time: BlockTime(0),
        };
        view.commit(&Change::Head(end().chain, head));
        view
    }

    #[test]
    fn an_end_is_due_until_it_is_compared() {
        let mut reconciling = Reconciling::new(1);
        assert!(reconciling.is_done(&end()));
        reconciling.expect([end()]);
        assert!(!reconciling.is_done(&end()));
        assert_eq!(reconciling.due(&view_at(7)), [end()].into());
        reconciling.succeeded(&end());
        assert!(reconciling.is_done(&end()));
        assert!(reconciling.due(&view_at(7)).is_empty());
    }

    #[test]
    fn packets_are_planned_before_those_not_yet_found() {
        let mut reconciling = Reconciling::new(1);
        reconciling.expect([end()]);
        reconciling.compared(&end());
        assert!(reconciling.unreconciled().is_empty());
    }

    #[test]
    fn a_failed_comparison_is_tried_again_with_the_next_block_only() {
        let mut reconciling = Reconciling::new(1);
        reconciling.expect([end()]);
        reconciling.failed(end(), 7);
        assert!(!reconciling.is_done(&end()));
        assert!(reconciling.due(&view_at(7)).is_empty());
        assert_eq!(reconciling.due(&view_at(8)), [end()].into());
    }
}
