//! Comparing one channel's packets with both chains, for what was not followed.
//!
//! The commitments on the source are what is still open; the destination says
//! which of those it has not received. What the ledger lacks (a packet's data,
//! an acknowledgement's bytes) is in the block that wrote it: that block is
//! found by bisecting the state, and the node's index is asked last. Findings
//! go to the ledger in the same way as events, block by block, so that the
//! first packets of a flood are on their way while the others are looked for.

mod blocks;
mod confirm;
mod differences;
pub(super) mod schedule;
mod settled;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{
    Block, Chain, ChainError, ChainId, Event, EventQuery, PacketId, Sequence, StorePath,
};
use tern_core::ledger::{EndKey, Fact, Finding, Path};
use tokio::sync::mpsc;
use tracing::debug;

use super::bisect::{since_present, Since};
use super::facts;
use super::follow::describe;
use super::input::Input;
use super::parts::Clock;
use super::prove::ChainAccess;
pub use blocks::Blocks;
use differences::{differences, Differences};

/// What the ledger knows of a source end's open packets, before asking.
pub type Snapshot = BTreeMap<Sequence, Known>;

/// What is known of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub is_sent: bool,
    pub is_received: bool,
    pub has_data: bool,
    pub has_ack: bool,
}

/// The packets of a source end, as both chains have them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The height of the source's state that has them.
    pub height: u64,
    /// Sent, and not received on the destination.
    pub unreceived: BTreeSet<Sequence>,
    /// Received, and not acknowledged on the source.
    pub unacknowledged: BTreeSet<Sequence>,
}

/// Asks both chains what is open between two ends. Two questions, whatever the
/// number of packets.
pub async fn pending(
    src: &dyn Chain,
    dst: &dyn Chain,
    src_end: &EndKey,
    dst_end: &EndKey,
) -> Result<Pending, ChainError> {
    let committed = src.commitments(&src_end.end).await?;
    let (height, committed) = (committed.height, committed.all);
    let unreceived: BTreeSet<Sequence> = dst
        .unreceived_packets(&dst_end.end, &committed)
        .await?
        .into_iter()
        .collect();
    let unacknowledged = committed
        .into_iter()
        .filter(|sequence| !unreceived.contains(sequence))
        .collect();
    Ok(Pending {
        height,
        unreceived,
        unacknowledged,
    })
}

/// One path to be compared.
pub(super) struct Comparison<'a> {
    pub src: &'a ChainAccess,
    pub dst: &'a ChainAccess,
    pub path: &'a Path,
    /// The newest followed blocks of source and destination.
    pub heads: [u64; 2],
    pub known: &'a Snapshot,
    /// Not looked for this time: they could not be found lately.
    pub put_off: &'a BTreeSet<Sequence>,
    pub blocks: &'a Blocks,
    pub clock: &'a Clock,
}

/// What a comparison ends with.
#[derive(Debug, Default)]
pub struct Compared {
    /// What has not been reported yet, to be applied at once.
    pub facts: Vec<Fact>,
    /// Packets whose block was not found, and why.
    pub not_located: NotLocated,
}

pub type NotLocated = BTreeMap<Sequence, NotFound>;

/// A packet whose block was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    pub reason: String,
    /// False where others were not found before it, and it was given up with them.
    pub was_looked_for: bool,
}

impl From<String> for NotFound {
    fn from(reason: String) -> Self {
        Self {
            reason,
            was_looked_for: true,
        }
    }
}

/// A node is not believed to have more blocks than this after the newest followed one.
const AHEAD_MAX: u64 = 20;

/// Most packets of a comparison whose receiving is proven. Default 200: the others are
/// looked at with the next ones.
const DOUBTS_MAX: usize = 200;

/// Brings the ledger's packets of one path up to date. What cannot be found does not
/// keep the others from it.
///
/// # Errors
/// The chains' lists could not be read: nothing is known of the path.
pub(super) async fn reconcile(
    comparison: &Comparison<'_>,
    mut reporter: Reporter<'_>,
) -> Result<Compared, ChainError> {
    let Comparison {
        path,
        known,
        put_off,
        blocks,
        ..
    } = *comparison;
    let (src, dst) = (&*comparison.src.chain, &*comparison.dst.chain);
    let (src_end, dst_end) = (&path.src, &path.dst);
    let ((src_head, _), (dst_head, _)) = tokio::try_join!(src.latest(), dst.latest())?;
    // What is found carries these heights, and is taken back only by later ones.
    let src_head = src_head.min(comparison.heads[0].saturating_add(AHEAD_MAX));
    let dst_head = dst_head.min(comparison.heads[1].saturating_add(AHEAD_MAX));
    let pending = pending(src, dst, src_end, dst_end).await?;
    let Differences {
        not_open,
        mut sends,
        mut acks,
        unreceived,
    } = differences(&pending, known);
    let found_on = |chain: &dyn Chain, head, sequences: Vec<Sequence>, finding: fn(_) -> _| {
        let ids = sequences.into_iter();
        let findings = ids.map(move |sequence| finding(id(src_end, dst_end, sequence)));
        facts::found(chain.id(), head, findings)
    };

    let settled = settled::settled(src, src_end, not_open, src_head).await?;
    let settled = found_on(src, src_head, settled, |packet| Finding::Settled { packet });
    let received = acks.iter().copied().collect();
    let received = found_on(dst, dst_head, received, |packet| Finding::Received {
        packet,
    });
    let all = settled.chain(received);
    reporter.compared(src_end, all.collect()).await;

    sends.retain(|sequence| !put_off.contains(sequence));
    acks.retain(|sequence| !put_off.contains(sequence));
    let looked = Looked::Sends(src_end);
    let heads = (src_head, src_head.min(pending.height));
    let mut not_located = locate(src, looked, sends, heads, blocks, &mut reporter).await;
    let looked = Looked::Acks(dst_end);
    let heads = (dst_head, dst_head);
    let no_acks = locate(dst, looked, acks, heads, blocks, &mut reporter).await;
    // Received by the word of one list or event, and not by that of another.
    let doubtful = unreceived.into_iter().chain(no_acks.keys().copied());
    let doubtful = doubtful.take(DOUBTS_MAX).collect();
    match confirm::not_received(comparison, doubtful, dst_head).await {
        Ok((height, unreceived)) => {
            let facts = found_on(dst, height, unreceived, |packet| Finding::NotReceived {
                packet,
            });
            reporter.found(facts.collect()).await;
        }
        Err(error) => {
            let reason = describe(&error);
            debug!(chain = %dst.id(), reason, "cannot prove whether packets were received");
        }
    }
    not_located.extend(no_acks);
    Ok(Compared {
        facts: reporter.kept,
        not_located,
    })
}

/// How findings reach the ledger.
pub(super) struct Reporter<'a> {
    /// `None`: all at the end. The packets of an ordered channel are found from
    /// the last to the first, and go from the first to the last.
    in_parts: Option<&'a mpsc::Sender<Input>>,
    kept: Vec<Fact>,
}

impl<'a> Reporter<'a> {
    pub fn in_parts(inputs: &'a mpsc::Sender<Input>) -> Self {
        Self {
            in_parts: Some(inputs),
            kept: vec![],
        }
    }

    pub fn at_the_end() -> Self {
        Self {
            in_parts: None,
            kept: vec![],
        }
    }

    /// All packets in the ledger are now as both chains have them.
    async fn compared(&mut self, src: &EndKey, facts: Vec<Fact>) {
        let src = src.clone();
        self.send(facts, |facts| Input::Compared { src, facts })
            .await;
    }

    async fn found(&mut self, facts: Vec<Fact>) {
        self.send(facts, Input::Facts).await;
    }

    async fn send(&mut self, facts: Vec<Fact>, input: impl FnOnce(Vec<Fact>) -> Input) {
        match self.in_parts {
            // The engine is gone when it stops: then nobody needs to know.
            Some(inputs) => drop(inputs.send(input(facts)).await),
            None => self.kept.extend(facts),
        }
    }
}

fn id(src: &EndKey, dst: &EndKey, sequence: Sequence) -> PacketId {
    PacketId {
        src: src.end.clone(),
        dst: dst.end.clone(),
        sequence,
    }
}

/// What is looked for, and at which end it was written.
#[derive(Clone, Copy)]
enum Looked<'a> {
    Sends(&'a EndKey),
    Acks(&'a EndKey),
}

impl Looked<'_> {
    /// The state that appears with the event.
    fn path(self, sequence: Sequence) -> StorePath {
        match self {
            Self::Sends(EndKey { end, .. }) => StorePath::Commitment {
                src: end.clone(),
                sequence,
            },
            Self::Acks(EndKey { end, .. }) => StorePath::Acknowledgement {
                dst: end.clone(),
                sequence,
            },
        }
    }

    fn query(self, sequence: Sequence) -> EventQuery {
        match self {
            Self::Sends(EndKey { end, .. }) => EventQuery::Send {
                src: end.clone(),
                sequence,
            },
            Self::Acks(EndKey { end, .. }) => EventQuery::Ack {
                dst: end.clone(),
                sequence,
            },
        }
    }

    /// The packet that something is offered for, if its send is looked for.
    fn offered_for(self, event: &Event) -> Option<Sequence> {
        match (self, event) {
            (Self::Sends(key), Event::FeesOffered { src, sequence, .. }) => {
                (key.end == *src).then_some(*sequence)
            }
            _ => None,
        }
    }

    /// The sequence, if the event is one looked for.
    fn matches(self, event: &Event) -> Option<Sequence> {
        match (self, event) {
            (Self::Sends(key), Event::SendPacket(packet)) => {
                (key.end == packet.src).then_some(packet.sequence)
            }
            (Self::Acks(key), Event::WriteAcknowledgement { packet, .. }) => {
                (key.end == packet.dst).then_some(packet.sequence)
            }
            _ => None,
        }
    }
}

/// After so many failures in a row the rest is not looked for: the node may be at fault.
/// The next comparison begins with the rest.
const FAILURES_MAX: u32 = 3;

/// Finds the events of these sequences up to `head`, which were open at `open_at`. One
/// block often holds many of them, so the newest that is missing is looked for next. Returns
/// those that were not found.
async fn locate(
    chain: &dyn Chain,
    looked: Looked<'_>,
    mut missing: BTreeSet<Sequence>,
    (head, open_at): (u64, u64),
    blocks: &Blocks,
    reporter: &mut Reporter<'_>,
) -> NotLocated {
    let mut not_located = NotLocated::new();
    let (mut latest, mut failures) = (head, 0);
    while let Some(sequence) = missing.last().copied() {
        match block_of(chain, looked, sequence, latest, blocks).await {
            Ok(block) => {
                failures = 0;
                let events = events(&block, chain.id(), looked, &mut missing);
                let open = events
                    .iter()
                    .filter_map(|event| still_open(chain.id(), open_at, event));
                let open: Vec<Fact> = open.collect();
                reporter
                    .found(open.into_iter().chain(events).collect())
                    .await;
                if matches!(looked, Looked::Sends(_)) {
                    // Sequences are given out in order: older ones are not in later
                    // blocks.
                    latest = block.height;
                }
                if missing.remove(&sequence) {
                    let height = block.height;
                    let reason =
                        format!("block {height}, since which the state has it, has no event of it");
                    not_located.insert(sequence, reason.into());
                }
            }
            Err(Unlocated::Unknown(reason)) => {
                missing.remove(&sequence);
                not_located.insert(sequence, reason.to_owned().into());
            }
            Err(Unlocated::Failed(error)) => {
                missing.remove(&sequence);
                let reason = describe(&error);
                failures += 1;
                if failures >= FAILURES_MAX {
                    let rest = std::mem::take(&mut missing).into_iter();
                    let given_up = |sequence| {
                        let not_found = NotFound {
                            reason: reason.clone(),
                            was_looked_for: false,
                        };
                        (sequence, not_found)
                    };
                    not_located.extend(rest.map(given_up));
                }
                not_located.insert(sequence, reason.into());
            }
        }
    }
    not_located
}

/// Why the block that has an event is not known.
enum Unlocated {
    /// By what the nodes say.
    Unknown(&'static str),
    /// The nodes did not say.
    Failed(ChainError),
}

impl From<ChainError> for Unlocated {
    fn from(error: ChainError) -> Self {
        Self::Failed(error)
    }
}

/// The block that has the event.
async fn block_of(
    chain: &dyn Chain,
    looked: Looked<'_>,
    sequence: Sequence,
    latest: u64,
    blocks: &Blocks,
) -> Result<Arc<Block>, Unlocated> {
    let height = match since_present(chain, &looked.path(sequence), 0, latest).await? {
        Since::Height(height) => height,
        Since::Never => return Err(Unlocated::Unknown("the state does not have it")),
        Since::BeforePruned => {
            let found = chain.find_event(&looked.query(sequence)).await?;
            found.ok_or(Unlocated::Unknown(
                "written before the node's state reaches back, and the node has no index: use \
                 a node with more history to relay it",
            ))?
        }
    };
    Ok(blocks.block(chain, height).await?)
}

/// A packet that was sent and is in the list of a height has not ended before.
fn still_open(chain: &ChainId, open_at: u64, sent: &Fact) -> Option<Fact> {
    let Fact::Event {
        event: Event::SendPacket(packet),
        ..
    } = sent
    else {
        return None;
    };
    let packet = packet.id();
    facts::found(chain, open_at, [Finding::NotSettled { packet }]).next()
}

/// A block's events of missing sequences, which are not missing any more, and what is offered
/// there for packets that it sends.
fn events(
    block: &Block,
    chain: &ChainId,
    looked: Looked<'_>,
    missing: &mut BTreeSet<Sequence>,
) -> Vec<Fact> {
    let mut found = BTreeSet::new();
    let is_missing = |event: &&Event| {
        let sequence = looked.matches(event);
        let sequence = sequence.filter(|sequence| missing.remove(sequence));
        sequence.is_some_and(|sequence| found.insert(sequence))
    };
    let head = facts::head(block);
    let events: Vec<&Event> = block.events.iter().filter(is_missing).collect();
    let offers = block.events.iter().filter(|event| {
        let offered = looked.offered_for(event);
        offered.is_some_and(|sequence| found.contains(&sequence))
    });
    let events = events.into_iter().chain(offers);
    events
        .map(|event| facts::of_event(chain, head, event.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, Body, ChannelId, End, Packet, PortId, Timeout};

    use super::*;

    fn end(channel: u64) -> EndKey {
        EndKey {
            chain: ChainId::from_string("a-1"),
            end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
        }
    }

    fn packet(src: u64, sequence: u64) -> Packet {
        Packet {
            src: end(src).end,
            dst: end(9).end,
            sequence: sequence.into(),
            timeout: Timeout::default(),
            body: Body::V1 { data: vec![1] },
        }
    }

    fn ack(packet: Packet) -> Event {
        Event::WriteAcknowledgement {
            packet,
            ack: vec![2],
        }
    }

    /// The sequences found in a block with these events, and those still missing.
    fn found(looked: Looked<'_>, events_of_block: Vec<Event>) -> (Vec<Fact>, Vec<u64>) {
        let block = Block {
            height: 7,
            time: BlockTime(70),
            events: events_of_block,
            txs: vec![],
        };
        let mut missing = [1, 2, 3].map(Sequence::from).into_iter().collect();
        let found = events(&block, &end(0).chain, looked, &mut missing);
        (
            found,
            missing.iter().map(|sequence| sequence.as_u64()).collect(),
        )
    }

    fn event(event: Event) -> Fact {
        let head = tern_core::ledger::Head {
            height: 7,
            time: BlockTime(70),
        };
        facts::of_event(&end(0).chain, head, event)
    }

    #[test]
    fn all_missing_sends_of_a_block_are_found_at_once() {
        let sent = [1, 2, 4].map(|sequence| Event::SendPacket(packet(0, sequence)));
        let (found, missing) = found(Looked::Sends(&end(0)), sent.to_vec());
        let [first, second, _] = sent;
        assert_eq!(found, [event(first), event(second)]);
        assert_eq!(missing, [3]);
    }

    #[test]
    fn what_is_offered_for_a_packet_that_is_found_comes_after_its_send() {
        let offer = |channel, sequence: u64| Event::FeesOffered {
            src: end(channel).end,
            sequence: sequence.into(),
            recv: vec![],
        };
        let sent = Event::SendPacket(packet(0, 1));
        let events = vec![offer(0, 1), sent.clone(), offer(0, 2), offer(5, 1)];
        let (found, missing) = found(Looked::Sends(&end(0)), events);
        assert_eq!(found, [event(sent), event(offer(0, 1))]);
        assert_eq!(missing, [2, 3]);
    }

    #[test]
    fn events_of_other_ends_and_kinds_are_left_alone() {
        let events = vec![
            Event::SendPacket(packet(5, 1)),
            ack(packet(0, 2)),
            Event::RecvPacket(packet(0, 3).id()),
        ];
        assert_eq!(
            found(Looked::Sends(&end(0)), events),
            (vec![], vec![1, 2, 3])
        );
    }

    #[test]
    fn an_acknowledgement_is_found_by_its_destination_end() {
        let events = vec![ack(packet(0, 2)), Event::SendPacket(packet(9, 1))];
        let (found, missing) = found(Looked::Acks(&end(9)), events);
        assert_eq!(found, [event(ack(packet(0, 2)))]);
        assert_eq!(missing, [1, 3]);
    }
}
