//! Finding a packet's steps in two chains: the block of each by bisecting what
//! it left in state, what happened from the block itself. A node's index is
//! asked last.

use anyhow::bail;
use ibc_relayer_types::core::ics24_host::path::{
    AcksPath, ClientConsensusStatePath, CommitmentsPath, ReceiptsPath, SeqRecvsPath, SeqSendsPath,
};
use tern::engine::bisect::{self, since_present, Since};
use tern::engine::describe;
use tern_chains::{
    ChainError, Class, ClientId, Event, EventQuery, Ordering, Packet, PacketId, Path, Sequence,
};
use tern_core::ledger::{ChannelKey, Head};
use tern_core::plan::packet::timed_out;

use super::sighting::{sight, Sighting};
use super::story::{Missing, State, Step, Story, Wait, What};
use crate::cli::ack::Ack;
use crate::connect::{BlockWithTxs, ConnectedChain};

/// One end of the packet's path.
pub struct Side<'a> {
    pub chain: &'a ConnectedChain,
    pub end: ChannelKey,
    /// The client on this chain, of the other.
    pub client_id: ClientId,
    /// The newest block when the search began.
    pub head: Head,
}

/// What is known of a step.
enum Found {
    /// It has not happened.
    Not,
    Seen(Box<Sighting>),
    Missing(Missing),
}

/// Tells the story of a packet.
///
/// # Errors
/// It was not sent yet, or a node does not answer.
pub async fn story(
    src: &Side<'_>,
    dst: &Side<'_>,
    ordering: Ordering,
    sequence: Sequence,
) -> anyhow::Result<Story> {
    let id = &id(src, dst, sequence);
    must_be_sent(src, sequence).await?;
    let (sent, received) = tokio::try_join!(src.sent(id), dst.received(id, ordering))?;
    let written = match &received {
        Found::Not => Found::Not,
        received => dst.written(id, received.height()).await?,
    };
    let settled = src.settled(id, sent.height()).await?;
    let (before_recv, before_end) = tokio::try_join!(
        dst.client_update(src, id, &received),
        src.client_update(dst, id, &settled)
    )?;

    let (packet, ack) = said(&sent, &written);
    let state = state(&settled, &received, &written, &ack, || {
        packet.is_some_and(|packet| timed_out(packet, dst.chain.id(), dst.head))
    });
    let end = match &settled {
        Found::Seen(seen) if matches!(seen.event, Event::TimeoutPacket(_)) => What::TimedOut,
        Found::Seen(_) => What::Acknowledged,
        _ => What::Settled,
    };
    let steps = [
        src.step(What::Sent, &sent),
        before_recv,
        dst.step(What::Received, &received),
        dst.step(What::AckWritten(ack.clone()), &written),
        before_end,
        src.step(end, &settled),
    ];
    Ok(Story {
        src: src.end.clone(),
        dst: dst.end.clone(),
        sequence,
        packet: packet.cloned(),
        steps: steps.into_iter().flatten().collect(),
        state,
    })
}

fn id(src: &Side<'_>, dst: &Side<'_>, sequence: Sequence) -> PacketId {
    PacketId {
        src_port: src.end.port_id.clone(),
        src_channel: src.end.channel_id.clone(),
        dst_port: dst.end.port_id.clone(),
        dst_channel: dst.end.channel_id.clone(),
        sequence,
    }
}

async fn must_be_sent(src: &Side<'_>, sequence: Sequence) -> anyhow::Result<()> {
    let next = src.chain.query(src.next_send(), Some(src.head.height));
    // A chain that keeps its count elsewhere is asked for its events later.
    if let Some(next) = next.await?.and_then(|value| number(&value)) {
        if sequence.as_u64() >= next {
            let end = &src.end;
            bail!("packet #{sequence} was not sent on {end} yet: the next one will be #{next}");
        }
    }
    Ok(())
}

/// The packet and what its acknowledgement says, from whatever block has them.
fn said<'a>(sent: &'a Found, written: &'a Found) -> (Option<&'a Packet>, Option<Ack>) {
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

fn state(
    settled: &Found,
    received: &Found,
    written: &Found,
    ack: &Option<Ack>,
    has_timed_out: impl Fn() -> bool,
) -> State {
    match (settled, received, written) {
        (Found::Seen(seen), ..) => match seen.event {
            Event::TimeoutPacket(_) => State::TimedOut,
            _ => State::Acknowledged(ack.clone()),
        },
        (Found::Missing(_), ..) => State::Settled,
        (Found::Not, Found::Not, _) if has_timed_out() => State::Waits(Wait::Timeout),
        (Found::Not, Found::Not, _) => State::Waits(Wait::Recv),
        (Found::Not, _, Found::Not) => State::Waits(Wait::AckNotWritten),
        (Found::Not, ..) => State::Waits(Wait::Ack),
    }
}

impl Side<'_> {
    async fn sent(&self, id: &PacketId) -> Result<Found, ChainError> {
        let since = bisect::since(0, self.head.height, |height| async move {
            let value = bisect::value_at(&**self.chain, self.next_send(), height).await?;
            Ok(value.map(|value| is_past(value.as_deref(), id.sequence)))
        })
        .await?;
        let query = EventQuery::Send {
            port_id: id.src_port.clone(),
            channel_id: id.src_channel.clone(),
            sequence: id.sequence,
        };
        let is_send = |event: &Event| match event {
            Event::SendPacket(packet) => PacketId::of(packet) == *id,
            _ => false,
        };
        // It was sent: a count that is not where it should be says nothing.
        let since = match since {
            Since::Never => Since::BeforePruned,
            since => since,
        };
        self.look(since, Some(query), id, is_send).await
    }

    async fn received(&self, id: &PacketId, ordering: Ordering) -> Result<Found, ChainError> {
        let since = match ordering {
            Ordering::Ordered => {
                let path = SeqRecvsPath(id.dst_port.clone(), id.dst_channel.clone());
                let path = &Path::SeqRecvs(path);
                bisect::since(0, self.head.height, |height| async move {
                    let value = bisect::value_at(&**self.chain, path.clone(), height).await?;
                    Ok(value.map(|value| is_past(value.as_deref(), id.sequence)))
                })
                .await?
            }
            _ => {
                let path = Path::Receipts(ReceiptsPath {
                    port_id: id.dst_port.clone(),
                    channel_id: id.dst_channel.clone(),
                    sequence: id.sequence,
                });
                since_present(&**self.chain, &path, 0, self.head.height).await?
            }
        };
        let is_recv = |event: &Event| matches!(event, Event::RecvPacket(of) if of == id);
        // Most applications write the acknowledgement at once.
        self.look(since, Some(ack_query(id)), id, is_recv).await
    }

    async fn written(&self, id: &PacketId, received: Option<u64>) -> Result<Found, ChainError> {
        let path = Path::Acks(AcksPath {
            port_id: id.dst_port.clone(),
            channel_id: id.dst_channel.clone(),
            sequence: id.sequence,
        });
        // It cannot have been before the packet was received.
        let floor = received.map_or(0, |height| height.saturating_sub(1));
        let since = since_present(&**self.chain, &path, floor, self.head.height).await?;
        let is_write = |event: &Event| match event {
            Event::WriteAcknowledgement { packet, .. } => PacketId::of(packet) == *id,
            _ => false,
        };
        self.look(since, Some(ack_query(id)), id, is_write).await
    }

    /// The commitment goes when the packet is acknowledged or timed out.
    async fn settled(&self, id: &PacketId, sent: Option<u64>) -> Result<Found, ChainError> {
        let path = &Path::Commitments(CommitmentsPath {
            port_id: id.src_port.clone(),
            channel_id: id.src_channel.clone(),
            sequence: id.sequence,
        });
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
        self.look(since, None, id, is_end).await
    }

    /// The update that gave the client here the root that a step's proof was
    /// checked against; `None` where no proof is known.
    async fn client_update(
        &self,
        other: &Side<'_>,
        id: &PacketId,
        step: &Found,
    ) -> Result<Option<Step>, ChainError> {
        let Found::Seen(step) = step else {
            return Ok(None);
        };
        let Some(consensus_height) = step.proof_height else {
            return Ok(None);
        };
        let path = Path::ClientConsensusState(ClientConsensusStatePath {
            client_id: self.client_id.clone(),
            epoch: other.chain.id().version(),
            height: consensus_height,
        });
        let is_update = |event: &Event| match event {
            Event::ClientUpdated {
                client_id,
                consensus_heights,
            } => *client_id == self.client_id && consensus_heights.contains(&consensus_height),
            // A client begins with a state, too.
            Event::ClientChanged { client_id } => *client_id == self.client_id,
            _ => false,
        };
        let since = since_present(&**self.chain, &path, 0, step.place.height).await?;
        let found = match self.look(since, None, id, is_update).await? {
            Found::Not => Found::Missing(Missing {
                height: None,
                why: "the client has forgotten that state".to_owned(),
            }),
            found => found,
        };
        let what = What::ClientUpdated {
            client_id: self.client_id.clone(),
            of: other.chain.id().clone(),
            consensus_height,
        };
        Ok(self.step(what, &found))
    }

    /// Reads the block in which something became so.
    async fn look(
        &self,
        since: Since,
        query: Option<EventQuery>,
        id: &PacketId,
        is_wanted: impl Fn(&Event) -> bool,
    ) -> Result<Found, ChainError> {
        let height = match (since, query) {
            (Since::Never, _) => return Ok(Found::Not),
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
                "the node has pruned the state of that time, and its index does not have it",
            );
        };
        match self.block(height).await? {
            Err(why) => missing(&why),
            Ok(block) => match sight(&block, id, is_wanted) {
                Some(seen) => Ok(Found::Seen(Box::new(seen))),
                None => missing("no event of that block says so"),
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

    fn step(&self, what: What, found: &Found) -> Option<Step> {
        let place = match found {
            Found::Not => return None,
            Found::Seen(seen) => Ok(seen.place.clone()),
            Found::Missing(missing) => Err(missing.clone()),
        };
        Some(Step {
            what,
            chain: self.chain.id().clone(),
            place,
        })
    }

    fn next_send(&self) -> Path {
        let end = &self.end;
        Path::SeqSends(SeqSendsPath(end.port_id.clone(), end.channel_id.clone()))
    }
}

impl Found {
    fn height(&self) -> Option<u64> {
        match self {
            Self::Not => None,
            Self::Seen(seen) => Some(seen.place.height),
            Self::Missing(missing) => missing.height,
        }
    }

    fn event(&self) -> Option<&Event> {
        match self {
            Self::Seen(seen) => Some(&seen.event),
            _ => None,
        }
    }
}

fn ack_query(id: &PacketId) -> EventQuery {
    EventQuery::Ack {
        port_id: id.dst_port.clone(),
        channel_id: id.dst_channel.clone(),
        sequence: id.sequence,
    }
}

/// Whether a "next sequence" is past this one.
fn is_past(value: Option<&[u8]>, sequence: Sequence) -> bool {
    let next = value.and_then(number);
    next.is_some_and(|next| next > sequence.as_u64())
}

/// Sequences are stored as eight bytes, big endian (ICS-24).
fn number(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_be_bytes)
}
