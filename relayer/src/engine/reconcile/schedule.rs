//! When a path's packets are compared with both chains: at start, after blocks
//! were left out, when a path is assigned, and on a slow clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{ChainId, ChannelState, Ordering, Sequence};
use tern_core::ledger::{EndKey, PacketState, View};
use tern_core::policy::Policy;
use tokio::sync::{mpsc, Semaphore};
use tracing::{info, warn};

use super::{reconcile, Blocks, Comparison, Known, NotLocated, Reporter, Snapshot};
use crate::engine::follow::describe;
use crate::engine::input::Input;
use crate::engine::parts::Clock;
use crate::engine::prove::Chains;
use crate::engine::readiness::Readiness;
use crate::engine::tasks::{Task, Tasks};

/// Which source ends must be compared, and which are being compared.
pub struct Reconciling {
    /// Nothing is planned for these until they are compared.
    unreconciled: BTreeSet<EndKey>,
    /// Each with the newest block of its source when it began.
    running: BTreeMap<EndKey, u64>,
    /// Could not be compared: again once their chain is past this height.
    failed: BTreeMap<EndKey, u64>,
    /// Packets whose blocks were not found, by their source end.
    not_located: BTreeMap<EndKey, BTreeMap<Sequence, Missing>>,
    /// How often each end was compared.
    comparisons: BTreeMap<EndKey, u32>,
    limit: Arc<Semaphore>,
    backoff_blocks_max: u64,
    clock: Clock,
    blocks: Arc<Blocks>,
}

/// A packet whose block was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    tries: u32,
    /// Looked for again once the head of its source is here.
    not_before: u64,
    reason: String,
}

/// Most packets remembered as not found, for each path. Default 1,000: what is beyond is
/// looked for with each comparison.
const MISSING_MAX: usize = 1_000;

/// So often the packets of a closed channel are compared though none is known to be open.
/// Default 5: a node that lags or lies may have left some out, but not for ever.
const CLOSED_COMPARISONS: u32 = 5;

impl Reconciling {
    pub fn new(policy: &Policy, clock: Clock) -> Self {
        Self {
            unreconciled: BTreeSet::new(),
            running: BTreeMap::new(),
            failed: BTreeMap::new(),
            not_located: BTreeMap::new(),
            comparisons: BTreeMap::new(),
            limit: Arc::new(Semaphore::new(policy.comparisons_max)),
            backoff_blocks_max: policy.backoff_blocks_max,
            clock,
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
            && !self.running.contains_key(src)
    }

    /// What waits for a comparison and can be tried now.
    pub fn due(&self, view: &View) -> BTreeSet<EndKey> {
        let head = |src: &EndKey| view.head(&src.chain).map_or(0, |head| head.height);
        let has_just_failed = |src: &EndKey| {
            self.failed
                .get(src)
                .is_some_and(|failed| head(src) <= *failed)
        };
        let to_look_for = self.not_located.iter().filter(|(src, missing)| {
            let mut missing = missing.values();
            missing.any(|missing| missing.not_before <= head(src))
        });
        let waiting = self.unreconciled.iter().chain(self.failed.keys());
        let waiting = waiting.chain(to_look_for.map(|(src, _)| src));
        let due = waiting.filter(|src| !self.running.contains_key(*src) && !has_just_failed(src));
        due.cloned().collect()
    }

    /// Whether a comparison may find something that is not known. Nothing is sent on a
    /// closed channel any more: once it was compared some times, only what is open counts.
    pub fn may_differ(&self, view: &View, src: &EndKey) -> bool {
        let is_open = view.path(src).is_some_and(|path| path.is_open_on_src);
        let comparisons = self.comparisons.get(src).copied().unwrap_or_default();
        is_open || comparisons < CLOSED_COMPARISONS || view.has_open_packets(src)
    }

    /// Packets of a source end whose blocks were not found, and why.
    pub fn not_located(&self, src: &EndKey) -> impl Iterator<Item = (Sequence, &str)> {
        let missing = self.not_located.get(src).into_iter().flatten();
        missing.map(|(sequence, missing)| (*sequence, missing.reason.as_str()))
    }

    pub fn not_located_count(&self) -> usize {
        self.not_located.values().map(BTreeMap::len).sum()
    }

    /// Packets that are not looked for yet, with `head` as the newest block of the source.
    fn put_off(&self, src: &EndKey, head: u64) -> BTreeSet<Sequence> {
        let missing = self.not_located.get(src).into_iter().flatten();
        let put_off = missing.filter(|(_, missing)| missing.not_before > head);
        put_off.map(|(sequence, _)| *sequence).collect()
    }

    /// All packets in the ledger are as both chains have them; others are being
    /// looked for.
    pub fn compared(&mut self, src: &EndKey) {
        self.unreconciled.remove(src);
    }

    /// A comparison has ended, with `head` as the newest block of the source. What was
    /// not found is looked for again later, less often each time; what was given up with it
    /// with the next block, when that is put off.
    pub fn succeeded(&mut self, src: &EndKey, not_located: NotLocated, head: u64) {
        if let Some((sequence, not_found)) = not_located.first_key_value() {
            let reason = &not_found.reason;
            warn!(channel = %src, packets = not_located.len(), first = %sequence, reason, "packets were not found in blocks: they are looked for again later");
        }
        let began = self.running.remove(src).unwrap_or(head);
        self.unreconciled.remove(src);
        let had_failed = self.failed.remove(src).is_some();
        let comparisons = self.comparisons.entry(src.clone()).or_default();
        *comparisons = comparisons.saturating_add(1);
        let before = self.not_located.remove(src);
        let had_missing = before.is_some();
        let before = before.unwrap_or_default();
        // Those that were put off when it began were not looked for.
        let put_off = before
            .iter()
            .filter(|(_, missing)| missing.not_before > began);
        let mut missing: BTreeMap<Sequence, Missing> = put_off
            .map(|(sequence, missing)| (*sequence, missing.clone()))
            .collect();
        for (sequence, not_found) in not_located {
            let tries = before.get(&sequence).map_or(0, |missing| missing.tries);
            let tries = tries + u32::from(not_found.was_looked_for);
            let wait = 1u64.checked_shl(tries).unwrap_or(u64::MAX);
            let entry = Missing {
                tries,
                not_before: head.saturating_add(wait.min(self.backoff_blocks_max)),
                reason: not_found.reason,
            };
            missing.insert(sequence, entry);
        }
        while missing.len() > MISSING_MAX {
            missing.pop_last();
        }
        if had_failed {
            info!(channel = %src, recovered = true, "the channel's packets are compared again");
        }
        if had_missing && missing.is_empty() {
            info!(channel = %src, recovered = true, "no packet is looked for any more");
        }
        if !missing.is_empty() {
            self.not_located.insert(src.clone(), missing);
        }
    }

    /// A comparison has failed, with `head` as the newest block of the source. The
    /// next block tries again.
    pub fn failed(&mut self, src: EndKey, reason: &str, head: u64) {
        warn!(channel = %src, reason, "cannot compare the channel's packets with both chains; trying again with the next block");
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
        if self.running.contains_key(&src_end) {
            return;
        }
        let Some(path) = view.path(&src_end) else {
            return;
        };
        let is_ready = |end: &EndKey| readiness.is_ready(&end.chain);
        if !is_ready(&path.src) || !is_ready(&path.dst) {
            return;
        }
        let access = |end: &EndKey| chains.get(&end.chain).cloned();
        let (Some(src), Some(dst)) = (access(&path.src), access(&path.dst)) else {
            return;
        };
        let known = snapshot(view, &src_end);
        let head_of = |chain| view.head(chain).map_or(0, |head| head.height);
        let heads = [head_of(&path.src.chain), head_of(&path.dst.chain)];
        let head = heads[0];
        let put_off = self.put_off(&src_end, head);
        self.running.insert(src_end.clone(), head);
        let task = Task::Reconcile {
            src: src_end.clone(),
        };
        let inputs = inputs.clone();
        let (limit, blocks) = (Arc::clone(&self.limit), Arc::clone(&self.blocks));
        let clock = Arc::clone(&self.clock);
        tasks.spawn(task, async move {
            let _permit = limit.acquire().await;
            let comparison = Comparison {
                src: &src,
                dst: &dst,
                path: &path,
                heads,
                known: &known,
                put_off: &put_off,
                blocks: &blocks,
                clock: &clock,
            };
            let reporter = match path.ordering {
                Ordering::Ordered => Reporter::at_the_end(),
                Ordering::Unordered | Ordering::Uninitialized => Reporter::in_parts(&inputs),
            };
            let compared = reconcile(&comparison, reporter).await;
            let ended = Input::Reconciled {
                src: src_end,
                compared: compared.map_err(|error| describe(&error)),
            };
            // The engine is gone when it stops: then nobody needs to know.
            let _ = inputs.send(ended).await;
        });
    }
}

/// The source ends of channels between two of these chains whose packets may be open: those
/// of a closed channel still have to be timed out.
pub fn served_ends<'a>(view: &'a View, chains: &'a Chains) -> impl Iterator<Item = EndKey> + 'a {
    let channels = view.channels().filter(|(key, record)| {
        has_packets(record.state)
            && chains.contains_key(&key.chain)
            && chains.contains_key(&record.counterparty_chain)
    });
    channels.map(|(key, _)| EndKey::from(key.clone()))
}

fn has_packets(state: ChannelState) -> bool {
    !matches!(
        state,
        ChannelState::Uninitialized | ChannelState::Init | ChannelState::TryOpen
    )
}

/// Those of [`served_ends`] with this chain at either side.
pub fn served_ends_of(view: &View, chains: &Chains, chain: &ChainId) -> Vec<EndKey> {
    let is_concerned = |src: &EndKey| {
        let dst = view.path(src).map(|path| path.dst.chain);
        src.chain == *chain || dst.as_ref() == Some(chain)
    };
    served_ends(view, chains).filter(is_concerned).collect()
}

fn snapshot(view: &View, src_end: &EndKey) -> Snapshot {
    let in_memory = view.open_packets_of(src_end).map(|(sequence, record)| {
        let known = Known {
            is_sent: record.sent.is_some(),
            is_received: record.received.is_some(),
            has_data: record.packet.is_some(),
            has_ack: record.ack.is_some(),
        };
        (sequence, known)
    });
    let in_store = view.evicted_packets_of(src_end).map(|(sequence, state)| {
        let known = Known {
            is_sent: true,
            is_received: matches!(state, PacketState::Received | PacketState::AckWritten),
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

    use super::super::NotFound;
    use super::*;

    fn reconciling() -> Reconciling {
        Reconciling::new(&Policy::default(), Arc::new(|| BlockTime(0)))
    }

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
        let mut reconciling = reconciling();
        assert!(reconciling.is_done(&end()));
        reconciling.expect([end()]);
        assert!(!reconciling.is_done(&end()));
        assert_eq!(reconciling.due(&view_at(7)), [end()].into());
        reconciling.succeeded(&end(), NotLocated::new(), 7);
        assert!(reconciling.is_done(&end()));
        assert!(reconciling.due(&view_at(7)).is_empty());
    }

    #[test]
    fn the_packets_of_a_closed_channel_are_compared_and_those_of_a_half_open_one_are_not() {
        for (state, expected) in [
            (ChannelState::Open, true),
            (ChannelState::Closed, true),
            (ChannelState::TryOpen, false),
            (ChannelState::Init, false),
        ] {
            assert_eq!(has_packets(state), expected, "{state}");
        }
    }

    #[test]
    fn packets_are_planned_before_those_not_yet_found() {
        let mut reconciling = reconciling();
        reconciling.expect([end()]);
        reconciling.compared(&end());
        assert!(reconciling.unreconciled().is_empty());
    }

    #[test]
    fn a_failed_comparison_is_tried_again_with_the_next_block_only() {
        let mut reconciling = reconciling();
        reconciling.expect([end()]);
        reconciling.failed(end(), "no answer", 7);
        assert!(!reconciling.is_done(&end()));
        assert!(reconciling.due(&view_at(7)).is_empty());
        assert_eq!(reconciling.due(&view_at(8)), [end()].into());
    }

    #[test]
    fn what_was_put_off_when_a_comparison_began_is_not_forgotten_when_it_ends() {
        let mut reconciling = reconciling();
        let not_found = NotLocated::from([(3.into(), "pruned".to_owned().into())]);
        reconciling.succeeded(&end(), not_found, 7);
        reconciling.running.insert(end(), 8);
        // Its time has come meanwhile, but it was not looked for.
        reconciling.succeeded(&end(), NotLocated::new(), 9);
        let missing: Vec<_> = reconciling.not_located(&end()).collect();
        assert_eq!(missing, [(3.into(), "pruned")]);
        assert_eq!(reconciling.due(&view_at(9)), [end()].into());
    }

    #[test]
    fn a_packet_to_look_for_does_not_hasten_a_comparison_that_has_failed() {
        let mut reconciling = reconciling();
        let not_found = NotLocated::from([(3.into(), "429".to_owned().into())]);
        reconciling.succeeded(&end(), not_found, 7);
        assert_eq!(reconciling.due(&view_at(9)), [end()].into());
        reconciling.failed(end(), "no answer", 9);
        assert!(reconciling.due(&view_at(9)).is_empty());
        assert_eq!(reconciling.due(&view_at(10)), [end()].into());
    }

    #[test]
    fn a_closed_channel_is_compared_some_times_though_nothing_of_it_is_known() {
        let mut reconciling = reconciling();
        // As one whose state is closed: there is no open path.
        let view = view_at(7);
        for _ in 0..CLOSED_COMPARISONS {
            assert!(reconciling.may_differ(&view, &end()));
            reconciling.succeeded(&end(), NotLocated::new(), 7);
        }
        assert!(!reconciling.may_differ(&view, &end()));
    }

    #[test]
    fn what_was_given_up_with_others_is_looked_for_before_them() {
        let mut reconciling = reconciling();
        let given_up = NotFound {
            reason: "429".to_owned(),
            was_looked_for: false,
        };
        let not_located = NotLocated::from([
            (1.into(), given_up),
            (3.into(), NotFound::from("429".to_owned())),
        ]);
        reconciling.succeeded(&end(), not_located, 7);
        assert_eq!(reconciling.due(&view_at(8)), [end()].into());
        // As the comparison sees it: the one that was looked for is put off.
        let put_off = reconciling.put_off(&end(), 8);
        assert_eq!(put_off, [3.into()].into());
    }

    #[test]
    fn a_packet_that_was_not_found_is_looked_for_again_less_often_each_time() {
        let mut reconciling = reconciling();
        let not_found = || NotLocated::from([(3.into(), "429".to_owned().into())]);
        reconciling.succeeded(&end(), not_found(), 7);
        // The path goes on without it.
        assert!(reconciling.is_done(&end()));
        let missing: Vec<_> = reconciling.not_located(&end()).collect();
        assert_eq!(missing, [(3.into(), "429")]);
        assert!(reconciling.due(&view_at(8)).is_empty());
        assert_eq!(reconciling.due(&view_at(9)), [end()].into());
        reconciling.succeeded(&end(), not_found(), 9);
        assert!(reconciling.due(&view_at(12)).is_empty());
        assert_eq!(reconciling.due(&view_at(13)), [end()].into());
        reconciling.succeeded(&end(), NotLocated::new(), 13);
        assert_eq!(reconciling.not_located(&end()).count(), 0);
    }
}
