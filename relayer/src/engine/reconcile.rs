//! Comparing one channel's packets with both chains, for what was not followed.
//!
//! The commitments on the source are what is still open; the destination says
//! which of those it has not received. What the ledger lacks (a packet's data,
//! an acknowledgement's bytes) is in the block that wrote it: that block is
//! found by bisecting the state, and the node's index is asked last. Findings
//! go to the ledger through the same door as events.

pub(super) mod schedule;
mod settled;

use std::collections::{BTreeMap, BTreeSet};

use ibc_relayer_types::core::ics24_host::path::{AcksPath, CommitmentsPath};
use tern_chains::{
    Block, Chain, ChainError, ChannelId, Event, EventQuery, PacketId, Path, PortId, Sequence,
};
use tern_core::ledger::{ChannelKey, Fact, Finding, Head};
use tracing::warn;

use super::bisect::{since_present, Since};

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
    src_end: &ChannelKey,
    dst_end: &ChannelKey,
) -> Result<Pending, ChainError> {
    let committed = src
        .commitments(&src_end.port_id, &src_end.channel_id)
        .await?;
    let unreceived: BTreeSet<Sequence> = dst
        .unreceived_packets(&dst_end.port_id, &dst_end.channel_id, &committed)
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

/// The facts that bring the ledger's packets of `src_end` up to date.
pub async fn reconcile(
    src: &dyn Chain,
    dst: &dyn Chain,
    src_end: &ChannelKey,
    dst_end: &ChannelKey,
    known: &Snapshot,
) -> Result<Vec<Fact>, ChainError> {
    let ((src_height, src_time), (dst_height, dst_time)) =
        tokio::try_join!(src.latest(), dst.latest())?;
    let (src_head, dst_head) = (
        Head {
            height: src_height,
            time: src_time,
        },
        Head {
            height: dst_height,
            time: dst_time,
        },
    );
    let pending = pending(src, dst, src_end, dst_end).await?;
    let open: BTreeSet<Sequence> = pending
        .unreceived
        .union(&pending.unacknowledged)
        .copied()
        .collect();

    let mut facts = Vec::new();
    let not_open = known.keys().filter(|sequence| !open.contains(sequence));
    let settled = settled::settled(src, src_end, not_open.copied().collect(), src_height);
    for sequence in settled.await? {
        facts.push(Fact::Found {
            chain: src.id().clone(),
            head: src_head,
            finding: Finding::Settled {
                packet: id(src_end, dst_end, sequence),
            },
        });
    }
    let no_data = |sequence: &&Sequence| {
        known
            .get(sequence)
            .is_none_or(|known| !known.has_data || !known.is_sent)
    };
    let sends = open.iter().filter(no_data).copied().collect();
    facts.extend(locate(src, Looked::Sends(src_end), sends, src_height).await?);

    let no_ack = |sequence: &&Sequence| known.get(sequence).is_none_or(|known| !known.has_ack);
    let acks: BTreeSet<Sequence> = pending
        .unacknowledged
        .iter()
        .filter(no_ack)
        .copied()
        .collect();
    facts.extend(acks.iter().map(|sequence| Fact::Found {
        chain: dst.id().clone(),
        head: dst_head,
        finding: Finding::Received {
            packet: id(src_end, dst_end, *sequence),
        },
    }));
    facts.extend(locate(dst, Looked::Acks(dst_end), acks, dst_height).await?);
    Ok(facts)
}

fn id(src: &ChannelKey, dst: &ChannelKey, sequence: Sequence) -> PacketId {
    PacketId {
        src_port: src.port_id.clone(),
        src_channel: src.channel_id.clone(),
        dst_port: dst.port_id.clone(),
        dst_channel: dst.channel_id.clone(),
        sequence,
    }
}

/// What is looked for, and at which end it was written.
#[derive(Clone, Copy)]
enum Looked<'a> {
    Sends(&'a ChannelKey),
    Acks(&'a ChannelKey),
}

impl Looked<'_> {
    /// The state that appears with the event.
    fn path(self, sequence: Sequence) -> Path {
        match self {
            Self::Sends(end) => Path::Commitments(CommitmentsPath {
                port_id: end.port_id.clone(),
                channel_id: end.channel_id.clone(),
                sequence,
            }),
            Self::Acks(end) => Path::Acks(AcksPath {
                port_id: end.port_id.clone(),
                channel_id: end.channel_id.clone(),
                sequence,
            }),
        }
    }

    fn query(self, sequence: Sequence) -> EventQuery {
        match self {
            Self::Sends(end) => EventQuery::Send {
                port_id: end.port_id.clone(),
                channel_id: end.channel_id.clone(),
                sequence,
            },
            Self::Acks(end) => EventQuery::Ack {
                port_id: end.port_id.clone(),
                channel_id: end.channel_id.clone(),
                sequence,
            },
        }
    }

    /// The sequence, if the event is one looked for.
    fn matches(self, event: &Event) -> Option<Sequence> {
        let at = |end: &ChannelKey, port: &PortId, channel: &ChannelId| {
            end.port_id == *port && end.channel_id == *channel
        };
        match (self, event) {
            (Self::Sends(end), Event::SendPacket(packet)) => {
                at(end, &packet.source_port, &packet.source_channel).then_some(packet.sequence)
            }
            (Self::Acks(end), Event::WriteAcknowledgement { packet, .. }) => {
                at(end, &packet.destination_port, &packet.destination_channel)
                    .then_some(packet.sequence)
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
) -> Result<Vec<Fact>, ChainError> {
    let mut facts = Vec::new();
    let mut latest = latest;
    while let Some(sequence) = missing.pop_last() {
        let height = match since_present(chain, &looked.path(sequence), 0, latest).await? {
            Since::Height(height) => Some(height),
            Since::Never => continue,
            Since::BeforePruned => chain.find_event(&looked.query(sequence)).await?,
        };
        let Some(height) = height else {
            warn!(
                chain = %chain.id(), %sequence,
                "written before the node's state reaches back, and the node has no index: use a \
                 node with more history to relay it"
            );
            continue;
        };
        let block = chain.block(height).await?;
        missing.retain(|sequence| !has(&block, looked, *sequence));
        let head = Head {
            height: block.height,
            time: block.time,
        };
        let events = block
            .events
            .into_iter()
            .filter(|event| looked.matches(event).is_some());
        facts.extend(events.map(|event| Fact::Event {
            chain: chain.id().clone(),
            head,
            event,
        }));
        if matches!(looked, Looked::Sends(_)) {
            // Sequences are given out in order: older ones are not in later blocks.
            latest = height;
        }
    }
    Ok(facts)
}

fn has(block: &Block, looked: Looked<'_>, sequence: Sequence) -> bool {
    block
        .events
        .iter()
        .any(|event| looked.matches(event) == Some(sequence))
}
