//! Finds the steps of a packet on two chains. The height of each step is found by
//! bisecting the state; the event is read from the block. The transaction index of
//! a node is used only if the state is pruned.

use tern::engine::bisect::{self, since_present, Since};
use tern::engine::describe;
use tern_chains::{
    ChainError, Class, ClientId, Event, EventQuery, Height, Ordering, Packet, PacketId, Sequence,
    StorePath,
};
use tern_core::ledger::{Acknowledgement, ChannelKey, Done, Head, PacketRecord, PacketState};
use tern_core::plan::packet::timed_out;

use super::error::TraceError;
use super::located_event::{locate_event, LocatedEvent};
use super::packet_trace::{Missing, PacketTrace, State, Step, StepKind, Wait};
use crate::ack::Ack;
use crate::connect::{BlockWithTxs, ConnectedChain};

/// One end of the packet's path.
pub struct Side<'a> {
    pub chain: &'a ConnectedChain,
    pub end: ChannelKey,
    /// The client on this chain for the other chain.
    pub client_id: ClientId,
    /// The newest block at the start of the search.
    pub head: Head,
}

/// The result of the search for a step.
enum Found {
    /// The step has not happened.
    NotHappened,
    Located(Box<LocatedEvent>),
    Missing(Missing),
}

/// Finds all steps of a packet.
///
/// # Errors
/// The packet was not sent yet, or a node does not answer.
pub async fn trace_packet(
    src: &Side<'_>,
    dst: &Side<'_>,
    ordering: Ordering,
    sequence: Sequence,
) -> Result<PacketTrace, TraceError> {
    let id = &id(src, dst, sequence);
    check_is_sent(src, sequence).await?;
    let (sent, received) = tokio::try_join!(src.sent(id), dst.received(id, ordering))?;
    let written = match &received {
        Found::NotHappened => Found::NotHappened,
        received => dst.written(id, received.height()).await?,
    };
    let settled = src.settled(id, sent.height()).await?;
    let (before_recv, before_end) = tokio::try_join!(
        dst.client_update(src, id, &received),
        src.client_update(dst, id, &settled)
    )?;

    let (packet, ack) = packet_and_ack(&sent, &written);
    let record = record(id, dst, packet, [&sent, &received, &written, &settled]);
    let state = state(&record, ack.clone(), dst.head);
    let end = match record.done {
        Some((_, Done::TimedOut)) => StepKind::TimedOut,
        Some((_, Done::Acknowledged)) => StepKind::Acknowledged,
        _ => StepKind::Settled,
    };
    let steps = [
        src.step(StepKind::Sent, &sent),
        before_recv,
        dst.step(StepKind::Received, &received),
        dst.step(StepKind::AckWritten(ack.clone()), &written),
        before_end,
        src.step(end, &settled),
    ];
    let caused = [received.caused(), settled.caused()].concat();
    Ok(PacketTrace {
        src: src.end.clone(),
        dst: dst.end.clone(),
        sequence,
        packet: packet.cloned(),
        steps: steps.into_iter().flatten().collect(),
        caused,
        state,
        waits_in_daemon: None,
    })
}

fn id(src: &Side<'_>, dst: &Side<'_>, sequence: Sequence) -> PacketId {
    PacketId {
        src: src.end.end(),
        dst: dst.end.end(),
        sequence,
    }
}

async fn check_is_sent(src: &Side<'_>, sequence: Sequence) -> Result<(), TraceError> {
    let next = src.chain.query(src.next_send(), Some(src.head.height));
    // A chain may store its next sequence elsewhere. Then the send is searched by
    // its event.
    if let Some(next) = next.await?.and_then(|value| src.next_sequence(&value)) {
        if sequence.as_u64() >= next {
            return Err(TraceError::NotSent {
                src: src.end.clone(),
                sequence: sequence.as_u64(),
                next,
            });
        }
    }
    Ok(())
}

/// The packet and the result in its acknowledgement, if a block that has them was
/// read.
fn packet_and_ack<'a>(sent: &'a Found, written: &'a Found) -> (Option<&'a Packet>, Option<Ack>) {
    let (mut packet, mut ack) = (None, None);
    for found in [written, sent] {
        match found.event() {
            Some(Event::SendPacket(sent)) => packet = Some(sent),
            Some(Event::WriteAcknowledgement {
                packet: of,
                ack: bytes,
            }) => {
                packet = Some(of);
                ack = Some(Ack::read(bytes));
            }
            _ => {}
        }
    }
    (packet, ack)
}

/// The packet as the ledger has it after these findings. A height that is not known
/// is 0.
fn record(
    id: &PacketId,
    dst: &Side<'_>,
    packet: Option<&Packet>,
    [sent, received, written, settled]: [&Found; 4],
) -> PacketRecord {
    let has_happened = |found: &Found| !matches!(found, Found::NotHappened);
    let height = |found: &Found| has_happened(found).then(|| found.height().unwrap_or_default());
    let ack = || match written.event() {
        Some(Event::WriteAcknowledgement { ack, .. }) => ack.clone(),
        _ => vec![],
    };
    let done = match settled.event() {
        Some(Event::TimeoutPacket(_)) => Done::TimedOut,
        Some(_) => Done::Acknowledged,
        None => Done::Settled,
    };
    PacketRecord {
        packet: packet.cloned(),
        sent: height(sent),
        received: height(received),
        ack: height(written).map(|height| Acknowledgement {
            height,
            bytes: ack(),
        }),
        done: height(settled).map(|height| (height, done)),
        ..PacketRecord::new(id.clone(), dst.chain.id().clone())
    }
}

fn state(record: &PacketRecord, ack: Option<Ack>, dst_head: Head) -> State {
    let has_timed_out = |packet: &Packet| timed_out(packet, &record.dst, dst_head);
    match (record.state(), record.done) {
        (_, Some((_, Done::Acknowledged))) => State::Acknowledged(ack),
        (_, Some((_, Done::TimedOut))) => State::TimedOut,
        (PacketState::Done, _) => State::Settled,
        (PacketState::AckWritten, _) => State::Waits(Wait::Ack),
        (PacketState::Received, _) => State::Waits(Wait::AckNotWritten),
        (PacketState::Sent | PacketState::Unseen, _) => {
            State::Waits(if record.packet.as_ref().is_some_and(has_timed_out) {
                Wait::Timeout
            } else {
                Wait::Recv
            })
        }
    }
}

impl Side<'_> {
    async fn sent(&self, id: &PacketId) -> Result<Found, ChainError> {
        let since = bisect::since(0, self.head.height, |height| async move {
            let value = bisect::value_at(&**self.chain, self.next_send(), height).await?;
            Ok(value.map(|value| self.is_past(value.as_deref(), id.sequence)))
        })
        .await?;
        let query = EventQuery::Send {
            src: id.src.clone(),
            sequence: id.sequence,
        };
        let is_send = |event: &Event| match event {
            Event::SendPacket(packet) => packet.id() == *id,
            _ => false,
        };
        // The packet was sent, so a missing next sequence proves nothing.
        let since = match since {
            Since::Never => Since::BeforePruned,
            since => since,
        };
        self.locate(since, Some(query), id, is_send).await
    }

    async fn received(&self, id: &PacketId, ordering: Ordering) -> Result<Found, ChainError> {
        let since = match ordering {
            Ordering::Ordered => {
                let path = &StorePath::NextSequenceRecv(id.dst.clone());
                bisect::since(0, self.head.height, |height| async move {
                    let value = bisect::value_at(&**self.chain, path.clone(), height).await?;
                    Ok(value.map(|value| self.is_past(value.as_deref(), id.sequence)))
                })
                .await?
            }
            _ => {
                let path = StorePath::Receipt {
                    dst: id.dst.clone(),
                    sequence: id.sequence,
                };
                since_present(&**self.chain, &path, 0, self.head.height).await?
            }
        };
        let is_recv = |event: &Event| matches!(event, Event::RecvPacket(of) if of == id);
        // Most applications write the acknowledgement at once.
        self.locate(since, Some(ack_query(id)), id, is_recv).await
    }

    async fn written(&self, id: &PacketId, received: Option<u64>) -> Result<Found, ChainError> {
        let path = StorePath::Acknowledgement {
            dst: id.dst.clone(),
            sequence: id.sequence,
        };
        // It cannot be written before the packet is received.
        let floor = received.map_or(0, |height| height.saturating_sub(1));
        let since = since_present(&**self.chain, &path, floor, self.head.height).await?;
        let is_write = |event: &Event| match event {
            Event::WriteAcknowledgement { packet, .. } => packet.id() == *id,
            _ => false,
        };
        self.locate(since, Some(ack_query(id)), id, is_write).await
    }

    /// The commitment is deleted when the packet is acknowledged or timed out.
    async fn settled(&self, id: &PacketId, sent: Option<u64>) -> Result<Found, ChainError> {
        let path = &StorePath::Commitment {
            src: id.src.clone(),
            sequence: id.sequence,
        };
        let floor = sent.unwrap_or(0);
        let since = bisect::since(floor, self.head.height, |height| async move {
            let value = bisect::value_at(&**self.chain, path.clone(), height).await?;
            Ok(value.map(|value| value.is_none()))
        })
        .await?;
        let is_end = |event: &Event| match event {
            Event::AcknowledgePacket(of) | Event::TimeoutPacket(of) => of == id,
            _ => false,
        };
        self.locate(since, None, id, is_end).await
    }

    /// The client update with the root that the proof of a step was checked against;
    /// `None` if the proof is not known.
    async fn client_update(
        &self,
        other: &Side<'_>,
        id: &PacketId,
        step: &Found,
    ) -> Result<Option<Step>, ChainError> {
        let Found::Located(step) = step else {
            return Ok(None);
        };
        let Some(consensus_height) = step.proof_height else {
            return Ok(None);
        };
        let path = StorePath::ConsensusState {
            client_id: self.client_id.clone(),
            height: Height::new(other.chain.id().version(), consensus_height),
        };
        let is_update = |event: &Event| match event {
            Event::ClientUpdated {
                client_id,
                consensus_heights,
            } => *client_id == self.client_id && consensus_heights.contains(&consensus_height),
            // A new client already has a consensus state.
            Event::ClientChanged { client_id } => *client_id == self.client_id,
            _ => false,
        };
        let since = since_present(&**self.chain, &path, 0, step.place.height).await?;
        let found = match self.locate(since, None, id, is_update).await? {
            Found::NotHappened => Found::Missing(Missing {
                height: None,
                why: "the client has pruned that consensus state".to_owned(),
            }),
            found => found,
        };
        let kind = StepKind::ClientUpdated {
            client_id: self.client_id.clone(),
            of: other.chain.id().clone(),
            consensus_height,
        };
        Ok(self.step(kind, &found))
    }

    /// Reads the event from the block at which the state changed.
    async fn locate(
        &self,
        since: Since,
        query: Option<EventQuery>,
        id: &PacketId,
        is_wanted: impl Fn(&Event) -> bool,
    ) -> Result<Found, ChainError> {
        let height = match (since, query) {
            (Since::Never, _) => return Ok(Found::NotHappened),
            (Since::Height(height), _) => Some(height),
            (Since::BeforePruned, Some(query)) => self.chain.find_event(&query).await?,
            (Since::BeforePruned, None) => None,
        };
        let missing = |why: &str| {
            let why = why.to_owned();
            Ok(Found::Missing(Missing { height, why }))
        };
        let Some(height) = height else {
            return missing(
                "the node has pruned the state of that height, and its index does not have the event",
            );
        };
        match self.block(height).await? {
            Err(why) => missing(&why),
            Ok(block) => match locate_event(&block, id, is_wanted) {
                Some(located) => Ok(Found::Located(Box::new(located))),
                None => missing("the block has no such event"),
            },
        }
    }

    /// A block, or why the node cannot give it.
    async fn block(&self, height: u64) -> Result<Result<BlockWithTxs, String>, ChainError> {
        match self.chain.block_with_txs(height).await {
            Ok(block) => Ok(Ok(block)),
            Err(error) if error.class() == Class::Node => Ok(Err(describe(&error))),
            Err(error) => Err(error),
        }
    }

    fn step(&self, kind: StepKind, found: &Found) -> Option<Step> {
        let place = match found {
            Found::NotHappened => return None,
            Found::Located(located) => Ok(located.place.clone()),
            Found::Missing(missing) => Err(missing.clone()),
        };
        Some(Step {
            kind,
            chain: self.chain.id().clone(),
            place,
        })
    }

    fn next_send(&self) -> StorePath {
        StorePath::NextSequenceSend(self.end.end())
    }

    fn next_sequence(&self, value: &[u8]) -> Option<u64> {
        self.chain.codec().next_sequence(value).ok()
    }

    /// Whether a stored "next sequence" is greater than this sequence.
    fn is_past(&self, value: Option<&[u8]>, sequence: Sequence) -> bool {
        let next = value.and_then(|value| self.next_sequence(value));
        next.is_some_and(|next| next > sequence.as_u64())
    }
}

impl Found {
    fn height(&self) -> Option<u64> {
        match self {
            Self::NotHappened => None,
            Self::Located(located) => Some(located.place.height),
            Self::Missing(missing) => missing.height,
        }
    }

    /// Packets that the application sent for the same message.
    fn caused(&self) -> &[Packet] {
        match self {
            Self::Located(located) => &located.caused,
            _ => &[],
        }
    }

    fn event(&self) -> Option<&Event> {
        match self {
            Self::Located(located) => Some(&located.event),
            _ => None,
        }
    }
}

fn ack_query(id: &PacketId) -> EventQuery {
    EventQuery::Ack {
        dst: id.dst.clone(),
        sequence: id.sequence,
    }
}
