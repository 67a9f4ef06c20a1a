//! How a status is made of what an engine has.

use std::collections::{BTreeMap, BTreeSet};

use tern_chains::{ChainId, Sequence};
use tern_core::budget::{Paid, Pauses};
use tern_core::ledger::{ChannelRecord, EndKey, Item, PacketKey, PacketState, View};
use tern_core::plan::{Assignment, Paused, Plan, Why};
use tern_core::policy::Policy;
use tern_core::statistics::Statistics;

use super::{
    BudgetStatus, ChainStatus, ClientStatus, FeesDayStatus, FeesStatus, Following, LaneStatus,
    MemoryStatus, OldestPacket, PacketStatus, PacketWait, PathStatus, Status, PACKETS_MAX,
};
use crate::engine::input::INPUTS_MAX;
use crate::engine::readiness::Readiness;
use crate::engine::reconcile::schedule::Reconciling;

/// What a snapshot is made of.
pub struct Snapshot<'a> {
    pub view: &'a View,
    pub plan: &'a Plan,
    pub assignment: &'a Assignment,
    pub policy: &'a Policy,
    pub pauses: &'a Pauses,
    /// Paths that commands asked to be cleared.
    pub cleared: &'a BTreeSet<EndKey>,
    pub paused: &'a Paused,
    pub is_draining: bool,
    pub readiness: &'a Readiness,
    pub reconciling: &'a Reconciling,
    pub chains: Vec<ChainId>,
    pub paths: Vec<EndKey>,
    pub lanes: Vec<LaneStatus>,
    pub tasks: Vec<String>,
    /// What waits for the engine.
    pub inputs: usize,
    /// Items between plan and signature.
    pub in_progress: usize,
    pub statistics: &'a Statistics,
}

impl Snapshot<'_> {
    /// The status, with the open packets and latencies of one path, or the first of all
    /// packets.
    pub fn status(self, of: Option<&EndKey>) -> Status {
        let ends = match of {
            Some(src) => vec![src],
            None => self.paths.iter().collect(),
        };
        let waits = self.waits();
        let packets = ends.into_iter().flat_map(|src| self.packets(src, &waits));
        Status {
            assignment: self.assignment.clone(),
            is_draining: self.is_draining,
            chains: self.chains.iter().map(|id| self.chain(id)).collect(),
            paths: self
                .paths
                .iter()
                .filter_map(|src| self.path(src, &waits))
                .collect(),
            packets: packets.take(PACKETS_MAX).collect(),
            clients: self.clients(),
            lanes: self.lanes.clone(),
            fees: self.fees(),
            fees_by_day: self.fees_by_day(),
            tasks: self.tasks.clone(),
            inputs: self.inputs,
            inputs_max: INPUTS_MAX,
            memory: MemoryStatus {
                packets: self.view.held(),
                failures: self.view.failures().count(),
                in_progress: self.in_progress,
                not_located: self.reconciling.not_located_count(),
            },
            txs: self.statistics.recent_txs().cloned().collect(),
            tx_counts: self.statistics.tx_counts().collect(),
            latencies: match of {
                Some(src) => self.statistics.latencies_of(src).cloned().collect(),
                None => self.statistics.latencies().cloned().collect(),
            },
        }
    }

    fn chain(&self, id: &ChainId) -> ChainStatus {
        let following = match self.readiness.why_down(id) {
            Some(down) => Following::Down {
                reason: down.reason.clone(),
                since: down.since,
            },
            None if self.readiness.is_ready(id) => Following::Ready,
            None => Following::CatchingUp,
        };
        ChainStatus {
            chain: id.clone(),
            head: self.view.head(id),
            following,
            paused: self.paused.chain(id),
            counts: self.statistics.chain(id),
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

    fn fees_by_day(&self) -> Vec<FeesDayStatus> {
        let days = self.view.fees().days().map(|(of, paid)| FeesDayStatus {
            of: of.clone(),
            paid: paid.clone(),
        });
        days.collect()
    }

    fn path(&self, src: &EndKey, waits: &BTreeMap<&PacketKey, PacketWait>) -> Option<PathStatus> {
        let path = self.view.path(src)?;
        let in_memory = self.view.open_packets_of(src).count();
        let first = self
            .packets(src, waits)
            .min_by_key(|open| open.packet.sequence);
        let connection = |end: &EndKey| {
            let channel = self.view.channel(&end.as_channel()?)?;
            Some(channel.connection_id.clone())
        };
        let channel = path.src.as_channel();
        let channel = channel.and_then(|key| self.view.channel(&key));
        Some(PathStatus {
            has_fees: channel.is_some_and(ChannelRecord::has_fees),
            connection_on_src: connection(&path.src),
            connection_on_dst: connection(&path.dst),
            is_assigned: self.assignment.has_path(src),
            not_admitted: self.policy.admission.path(self.view, &path).err(),
            paused: self.paused.path(src),
            is_compared: self.reconciling.is_done(src),
            open_packets: in_memory + self.view.evicted_packets_of(src).count(),
            oldest: first.map(|open| OldestPacket {
                sequence: open.packet.sequence.as_u64(),
                sent_at: open.sent_at,
                waits_for: open.waits_for,
            }),
            statistics: self.statistics.path(src),
            is_open: path.is_open_on_src && path.is_open_on_dst,
            src: path.src,
            dst: path.dst,
            client_on_src: path.client_on_src,
            client_on_dst: path.client_on_dst,
            ordering: path.ordering,
        })
    }

    /// What the planner says of each packet it looked at.
    pub(super) fn waits(&self) -> BTreeMap<&PacketKey, PacketWait> {
        let waits = self.plan.waits.iter().filter_map(|wait| {
            let packet = wait.item.packet()?;
            Some((packet, PacketWait::Planner(wait.why.clone())))
        });
        let work = self.plan.batches.iter().flat_map(|batch| &batch.work);
        let next = work.filter_map(|work| Some((work.item.packet()?, PacketWait::Nothing)));
        waits.chain(next).collect()
    }

    pub(super) fn packets<'b>(
        &'b self,
        src: &'b EndKey,
        waits: &'b BTreeMap<&PacketKey, PacketWait>,
    ) -> impl Iterator<Item = PacketStatus> + 'b {
        let dst = self.view.path(src).map(|path| path.dst);
        let is_served = self.assignment.has_path(src) || self.cleared.contains(src);
        let in_memory = self.view.open_packets_of(src);
        let in_memory = in_memory.map(|(sequence, record)| {
            let sent = (record.sent, record.sent_at);
            (sequence, record.state(), sent, true)
        });
        let evicted = self.view.evicted_packets_of(src);
        let evicted = evicted.map(|(sequence, state)| (sequence, state, (None, None), false));
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
        let unseen = unseen.map(|sequence| (sequence, PacketState::Unseen, (None, None), true));
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
                sent: sent.0,
                sent_at: sent.1,
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
            trusting_period: record.summary.trusting_period,
            is_frozen: record.summary.frozen,
            is_forked: self.view.evidence_of(key).is_some(),
            not_admitted: self.policy.admission.client(self.view, key).err(),
        });
        clients.collect()
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, Body, ChannelId, End, Packet, PacketId, PortId, Timeout};
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
            paused: &Paused::default(),
            is_draining: false,
            readiness: &Readiness::default(),
            reconciling: &reconciling,
            chains: vec![],
            paths: vec![end("a-1")],
            lanes: vec![],
            tasks: vec![],
            inputs: 0,
            in_progress: 0,
            statistics: &Statistics::default(),
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
