//! What an engine knows and does, as plain data: for commands, and for programs
//! that show it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId, Coin, Ordering, Sequence};
use tern_core::admission::NotAdmitted;
use tern_core::budget::{Budget, OverBudget, Paid, Pauses, Purpose};
use tern_core::ledger::{
    ClientKey, EndKey, FeesKey, FeesRecord, Head, Held, Item, PacketKey, PacketState, View,
};
use tern_core::plan::{Assignment, Plan, Why};
use tern_core::policy::Policy;

use super::readiness::Readiness;
use super::reconcile::schedule::Reconciling;

/// A snapshot of one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub assignment: Assignment,
    pub chains: Vec<ChainStatus>,
    pub paths: Vec<PathStatus>,
    /// Open packets, at most [`PACKETS_MAX`].
    pub packets: Vec<PacketStatus>,
    pub clients: Vec<ClientStatus>,
    pub lanes: Vec<LaneStatus>,
    pub fees: Vec<FeesStatus>,
    /// The tasks that run, by name, in order.
    pub tasks: Vec<String>,
    pub memory: MemoryStatus,
}

/// The most packets in a snapshot. Default 10,000: some megabytes.
pub const PACKETS_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainStatus {
    pub chain: ChainId,
    /// The newest followed block.
    pub head: Option<Head>,
    pub following: Following,
    /// What may be spent on it, if that is limited.
    pub budget: Option<BudgetStatus>,
}

/// What was paid on a chain and what may be, in the smallest unit of the denom of fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetStatus {
    pub limits: Budget,
    pub paid: Paid,
    /// What is paused, and why.
    pub paused: Vec<(Purpose, OverBudget)>,
}

/// Fees that were paid for one path and kind since the store was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesStatus {
    pub of: FeesKey,
    pub paid: FeesRecord,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Following {
    /// Up to the chain's newest block.
    Ready,
    /// Blocks that exist already are being read.
    CatchingUp,
    /// The nodes do not answer.
    Down { reason: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStatus {
    pub src: EndKey,
    pub dst: EndKey,
    pub ordering: Ordering,
    pub is_assigned: bool,
    /// The rule by which it is not served, if there is one.
    pub not_admitted: Option<NotAdmitted>,
    /// Whether its packets were compared with both chains since blocks were left
    /// out.
    pub is_compared: bool,
    /// Packets sent and not finished.
    pub open_packets: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketStatus {
    pub packet: PacketKey,
    pub dst: EndKey,
    pub state: PacketState,
    /// Height of its send on the source, where it is known.
    pub sent: Option<u64>,
    pub waits_for: PacketWait,
}

/// What an open packet waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PacketWait {
    #[error("it can be relayed now")]
    Nothing,
    #[error("{0}")]
    Planner(Why),
    #[error("its path is not assigned to this relayer")]
    Assignment,
    #[error("more packets are open than memory holds: it is relayed after the ones before it")]
    Memory,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStatus {
    pub client: ClientKey,
    /// The chain it is a client of.
    pub of: ChainId,
    /// Revision height of its newest consensus state.
    pub latest_height: u64,
    /// It expires when its host's clock reaches this.
    pub expires: BlockTime,
    pub is_frozen: bool,
    /// The rule by which it is not looked after, if there is one.
    pub not_admitted: Option<NotAdmitted>,
}

/// One signing account at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStatus {
    pub chain: ChainId,
    pub address: String,
    /// Batches between plan and broadcast.
    pub batches: usize,
    /// Signed transactions that are in no block yet, and the items in them.
    pub txs_in_flight: usize,
    pub items_in_flight: usize,
}

/// How much an engine holds in memory of what grows with the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryStatus {
    pub packets: Held,
    /// Items that failed and were not done since.
    pub failures: usize,
    /// Items between plan and signature.
    pub in_progress: usize,
    /// Packets whose block was not found.
    pub not_located: usize,
}

/// A signing account and what it can pay with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub chain: ChainId,
    pub address: String,
    /// In the denom that fees are paid in; or why it is not known.
    pub balance: Result<Coin, String>,
}

/// What a snapshot is made of.
pub struct Snapshot<'a> {
    pub view: &'a View,
    pub plan: &'a Plan,
    pub assignment: &'a Assignment,
    pub policy: &'a Policy,
    pub pauses: &'a Pauses,
    /// Paths that commands asked to be cleared.
    pub cleared: &'a BTreeSet<EndKey>,
    pub readiness: &'a Readiness,
    pub reconciling: &'a Reconciling,
    pub chains: Vec<ChainId>,
    pub paths: Vec<EndKey>,
    pub lanes: Vec<LaneStatus>,
    pub tasks: Vec<String>,
    /// Items between plan and signature.
    pub in_progress: usize,
}

impl Snapshot<'_> {
    /// The status, with the open packets of one path, or the first of all.
    pub fn status(self, of: Option<&EndKey>) -> Status {
        let ends = match of {
            Some(src) => vec![src],
            None => self.paths.iter().collect(),
        };
        let waits = self.waits();
        let packets = ends.into_iter().flat_map(|src| self.packets(src, &waits));
        Status {
            assignment: self.assignment.clone(),
            chains: self.chains.iter().map(|id| self.chain(id)).collect(),
            paths: self.paths.iter().filter_map(|src| self.path(src)).collect(),
            packets: packets.take(PACKETS_MAX).collect(),
            clients: self.clients(),
            lanes: self.lanes.clone(),
            fees: self.fees(),
            tasks: self.tasks.clone(),
            memory: MemoryStatus {
                packets: self.view.held(),
                failures: self.view.failures().count(),
                in_progress: self.in_progress,
                not_located: self.reconciling.not_located_count(),
            },
        }
    }

    fn chain(&self, id: &ChainId) -> ChainStatus {
        let following = match self.readiness.why_down(id) {
            Some(reason) => Following::Down {
                reason: reason.to_owned(),
            },
            None if self.readiness.is_ready(id) => Following::Ready,
            None => Following::CatchingUp,
        };
        ChainStatus {
            chain: id.clone(),
            head: self.view.head(id),
            following,
            budget: self.budget(id),
        }
    }

    fn budget(&self, id: &ChainId) -> Option<BudgetStatus> {
        let limits = self.policy.budgets.chains.get(id)?.clone();
        let paused = self.pauses.iter().filter(|((chain, _), _)| chain == id);
        let paused = paused.map(|((_, purpose), why)| (*purpose, why.clone()));
        Some(BudgetStatus {
            limits,
            paid: Paid::on(self.view, id),
            paused: paused.collect(),
        })
    }

    fn fees(&self) -> Vec<FeesStatus> {
        let sums = self.view.fees().sums().map(|(of, paid)| FeesStatus {
            of: of.clone(),
            paid: paid.clone(),
        });
        sums.collect()
    }

    fn path(&self, src: &EndKey) -> Option<PathStatus> {
        let path = self.view.path(src)?;
        let in_memory = self.view.open_packets_of(src).count();
        Some(PathStatus {
            is_assigned: self.assignment.has_path(src),
            not_admitted: self.policy.admission.path(self.view, &path).err(),
            is_compared: self.reconciling.is_done(src),
            open_packets: in_memory + self.view.evicted_packets_of(src).count(),
            src: path.src,
            dst: path.dst,
            ordering: path.ordering,
        })
    }

    /// What the planner says of each packet it looked at.
    fn waits(&self) -> BTreeMap<&PacketKey, PacketWait> {
        let waits = self.plan.waits.iter().filter_map(|wait| {
            let packet = wait.item.packet()?;
            Some((packet, PacketWait::Planner(wait.why.clone())))
        });
        let work = self.plan.batches.iter().flat_map(|batch| &batch.work);
        let next = work.filter_map(|work| Some((work.item.packet()?, PacketWait::Nothing)));
        waits.chain(next).collect()
    }

    fn packets<'b>(
        &'b self,
        src: &'b EndKey,
        waits: &'b BTreeMap<&PacketKey, PacketWait>,
    ) -> impl Iterator<Item = PacketStatus> + 'b {
        let dst = self.view.path(src).map(|path| path.dst);
        let is_served = self.assignment.has_path(src) || self.cleared.contains(src);
        let in_memory = self.view.open_packets_of(src);
        let in_memory =
            in_memory.map(|(sequence, record)| (sequence, record.state(), record.sent, true));
        let evicted = self.view.evicted_packets_of(src);
        let evicted = evicted.map(|(sequence, state)| (sequence, state, None, false));
        let not_located: BTreeMap<_, _> = self.reconciling.not_located(src).collect();
        let is_unseen = |sequence: &Sequence| {
            let packet = PacketKey {
                src: src.clone(),
                sequence: *sequence,
            };
            // What is said to be done, and is not by the chain's state, is looked for, too.
            let record = self.view.packet(&packet);
            record.is_none_or(|record| record.done.is_some())
        };
        let unseen: Vec<Sequence> = not_located.keys().copied().filter(is_unseen).collect();
        let unseen = unseen.into_iter();
        let unseen = unseen.map(|sequence| (sequence, PacketState::Unseen, None, true));
        let packets = in_memory.chain(evicted).chain(unseen);
        packets.filter_map(move |(sequence, state, sent, is_in_memory)| {
            let packet = PacketKey {
                src: src.clone(),
                sequence,
            };
            let waits_for = match (not_located.get(&sequence), waits.get(&packet)) {
                (Some(reason), _) => PacketWait::Planner(Why::NotLocated((*reason).to_owned())),
                (None, Some(wait)) => wait.clone(),
                (None, None) if !is_served => PacketWait::Assignment,
                (None, None) if !is_in_memory => self.put_aside(&packet),
                (None, None) => PacketWait::Nothing,
            };
            Some(PacketStatus {
                packet,
                dst: dst.clone()?,
                state,
                sent,
                waits_for,
            })
        })
    }

    /// Why a packet is not in memory: it has failed, or there are too many.
    fn put_aside(&self, packet: &PacketKey) -> PacketWait {
        let items = Item::of_packet(packet);
        let failure = items.iter().find_map(|item| self.view.failure(item));
        failure.map_or(PacketWait::Memory, |failure| {
            PacketWait::Planner(Why::Failed {
                tries: failure.tries,
                not_before: failure.not_before,
                reason: failure.reason.clone(),
            })
        })
    }

    fn clients(&self) -> Vec<ClientStatus> {
        let clients = self.view.clients().map(|(key, record)| ClientStatus {
            client: key.clone(),
            of: record.summary.chain_id.clone(),
            latest_height: record.summary.latest_height,
            expires: record.summary.expires_at(record.updated),
            is_frozen: record.summary.frozen,
            not_admitted: self.policy.admission.client(self.view, key).err(),
        });
        clients.collect()
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Body, ChannelId, End, Packet, PacketId, PortId, Timeout};
    use tern_core::ledger::{Change, Done, Item, PacketRecord};
    use tern_core::plan::Wait;

    use super::*;

    fn end(chain: &str) -> EndKey {
        EndKey {
            chain: ChainId::from_string(chain),
            end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
        }
    }

    fn key(sequence: u64) -> PacketKey {
        PacketKey {
            src: end("a-1"),
            sequence: sequence.into(),
        }
    }

    /// Two sent packets of which the first waits for its acknowledgement, and one that is
    /// said to be done while its block is looked for.
    fn packets(assignment: &Assignment) -> Vec<(u64, PacketWait)> {
        let mut view = View::default();
        for change in crate::engine::testing::open_channel("a-1", "b-1") {
            view.commit(&change);
        }
        for sequence in [1, 2, 3] {
            let packet = Packet {
                src: end("a-1").end,
                dst: end("b-1").end,
                sequence: sequence.into(),
                timeout: Timeout::default(),
                body: Body::V1 { data: vec![] },
            };
            let id: PacketId = packet.id();
            let record = PacketRecord {
                packet: Some(packet),
                sent: Some(7),
                done: (sequence == 3).then_some((9, Done::Acknowledged)),
                ..PacketRecord::new(id, ChainId::from_string("b-1"))
            };
            view.commit(&Change::Packet(key(sequence), Some(Box::new(record))));
        }
        let wait = Wait {
            item: Item::Ack(key(1)),
            why: Why::AckNotWritten,
        };
        let clock = std::sync::Arc::new(|| BlockTime(0));
        let mut reconciling = Reconciling::new(&Policy::default(), clock);
        let not_located = [(3.into(), "pruned".to_owned().into())];
        reconciling.succeeded(&end("a-1"), not_located.into(), 9);
        let snapshot = Snapshot {
            view: &view,
            plan: &Plan {
                batches: vec![],
                waits: vec![wait],
            },
            assignment,
            policy: &Policy::default(),
            pauses: &Pauses::new(),
            cleared: &BTreeSet::new(),
            readiness: &Readiness::default(),
            reconciling: &reconciling,
            chains: vec![],
            paths: vec![end("a-1")],
            lanes: vec![],
            tasks: vec![],
            in_progress: 0,
        };
        let status = snapshot.status(None);
        assert_eq!(status.paths[0].open_packets, 2);
        let packets = status.packets.into_iter();
        let packets = packets.map(|status| (status.packet.sequence.as_u64(), status.waits_for));
        packets.collect()
    }

    #[test]
    fn every_open_packet_says_what_it_waits_for() {
        assert_eq!(
            packets(&Assignment::Everything),
            [
                (1, PacketWait::Planner(Why::AckNotWritten)),
                (2, PacketWait::Nothing),
                (3, PacketWait::Planner(Why::NotLocated("pruned".into())))
            ]
        );
    }

    #[test]
    fn packets_of_a_path_that_is_not_assigned_say_so() {
        let waits = packets(&Assignment::nothing());
        assert_eq!(waits[1], (2, PacketWait::Assignment));
    }
}
