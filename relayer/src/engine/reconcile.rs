//! Comparing one channel's packets with both chains, for what was not followed.
//!
//! The commitments on the source are what is still open; the destination says
//! which of those it has not received. What the ledger lacks (a packet's data,
//! an acknowledgement's bytes) is in the block that wrote it: that block is
//! found by bisecting the state, and the node's index is asked last. Findings
//! go to the ledger in the same way as events, block by block, so that the
//! first packets of a flood are on their way while the others are looked for.

mod blocks;
mod differences;
pub(super) mod schedule;
mod settled;

use std::collections::{BTreeMap, BTreeSet};

use tern_chains::{
    Block, Chain, ChainError, ChainId, Event, EventQuery, PacketId, Sequence, StorePath,
};
use tern_core::ledger::{EndKey, Fact, Finding};
use tokio::sync::mpsc;
use tracing::warn;

use super::bisect::{since_present, Since};
use super::facts;
use super::input::Input;
pub use blocks::Blocks;
use differences::{differences, Differences};

/// What the ledger knows of a source end's open packets, before asking.
pub type Snapshot = BTreeMap<Sequence, Known>;

/// What is known of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub is_sent: bool,
    pub has_data: bool,
    pub has_ack: bool,
}

/// The packets of a source end, as both chains have them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
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
        unreceived,
        unacknowledged,
    })
}

/// One source end to be compared.
pub(super) struct Comparison<'a> {
    pub src: &'a dyn Chain,
    pub dst: &'a dyn Chain,
    pub src_end: &'a EndKey,
    pub dst_end: &'a EndKey,
    pub known: &'a Snapshot,
    pub blocks: &'a Blocks,
}

/// Brings the ledger's packets of one end up to date. Returns what has not been
/// reported yet, to be applied at once.
pub(super) async fn reconcile(
    comparison: &Comparison<'_>,
    mut reporter: Reporter<'_>,
) -> Result<Vec<Fact>, ChainError> {
    let Comparison {
        src,
        dst,
        src_end,
        dst_end,
        known,
        blocks,
    } = *comparison;
    let ((src_head, _), (dst_head, _)) = tokio::try_join!(src.latest(), dst.latest())?;
    let pending = pending(src, dst, src_end, dst_end).await?;
    let Differences {
        not_open,
        sends,
        acks,
    } = differences(&pending, known);

    let settled = settled::settled(src, src_end, not_open, src_head).await?;
    let settled = settled.into_iter().map(|sequence| Finding::Settled {
        packet: id(src_end, dst_end, sequence),
    });
    let received = acks.iter().map(|sequence| Finding::Received {
        packet: id(src_end, dst_end, *sequence),
    });
    let settled = facts::found(src.id(), src_head, settled);
    let received = facts::found(dst.id(), dst_head, received);
    reporter
        .compared(src_end, settled.chain(received).collect())
        .await;

    let looked = Looked::Sends(src_end);
    locate(src, looked, sends, src_head, blocks, &mut reporter).await?;
    let looked = Looked::Acks(dst_end);
    locate(dst, looked, acks, dst_head, blocks, &mut reporter).await?;
    Ok(reporter.kept)
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

/// Finds the events of these sequences. One block often holds many of them, so
/// the newest that is missing is looked for next.
async fn locate(
    chain: &dyn Chain,
    looked: Looked<'_>,
    mut missing: BTreeSet<Sequence>,
    latest: u64,
    blocks: &Blocks,
    reporter: &mut Reporter<'_>,
) -> Result<(), ChainError> {
    let mut latest = latest;
    while let Some(sequence) = missing.last().copied() {
        let height = match since_present(chain, &looked.path(sequence), 0, latest).await? {
            Since::Height(height) => Some(height),
            Since::Never => None,
            Since::BeforePruned => {
                let found = chain.find_event(&looked.query(sequence)).await?;
                if found.is_none() {
                    warn!(
                        chain = %chain.id(), %sequence,
                        "written before the node's state reaches back, and the node has no \
                         index: use a node with more history to relay it"
                    );
                }
                found
            }
        };
        if let Some(height) = height {
            let block = blocks.block(chain, height).await?;
            reporter
                .found(events(&block, chain.id(), looked, &mut missing))
                .await;
            if matches!(looked, Looked::Sends(_)) {
                // Sequences are given out in order: older ones are not in later
                // blocks.
                latest = height;
            }
        }
        if let (true, Some(height)) = (missing.remove(&sequence), height) {
            warn!(
                chain = %chain.id(), %sequence, height,
                "the state has a packet since this block, but the block has no event of it"
            );
        }
    }
    Ok(())
}

/// A block's events of missing sequences, which are not missing any more.
fn events(
    block: &Block,
    chain: &ChainId,
    looked: Looked<'_>,
    missing: &mut BTreeSet<Sequence>,
) -> Vec<Fact> {
    let is_missing = |event: &&Event| {
        let sequence = looked.matches(event);
        sequence.is_some_and(|sequence| missing.remove(&sequence))
    };
    let head = facts::head(block);
    let events = block.events.iter().filter(is_missing);
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
        let sends = [1, 2, 4].map(|sequence| Event::SendPacket(packet(0, sequence)));
        let (found, missing) = found(Looked::Sends(&end(0)), sends.to_vec());
        let [first, second, _] = sends;
        assert_eq!(found, [event(first), event(second)]);
        assert_eq!(missing, [3]);
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
