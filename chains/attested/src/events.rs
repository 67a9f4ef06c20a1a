//! What the handlers report, as events of the seam.

use ibc::core::channel::types::timeout::{TimeoutHeight, TimeoutTimestamp};
use ibc::core::handler::types::events::IbcEvent;
use tern_chains::{Body, End, Event, Height, IdError, Packet, PacketId, Timeout};

/// `None` for what is no event of the seam.
pub(crate) fn read(event: &IbcEvent) -> Option<Event> {
    of(event).ok().flatten()
}

/// The ends and the sequence of a packet's event.
macro_rules! packet_id {
    ($event:expr, $sequence:ident) => {
        PacketId {
            src: end(
                $event.port_id_on_a().as_str(),
                $event.chan_id_on_a().as_str(),
            )?,
            dst: end(
                $event.port_id_on_b().as_str(),
                $event.chan_id_on_b().as_str(),
            )?,
            sequence: $event.$sequence().value().into(),
        }
    };
}

macro_rules! packet {
    ($event:expr, $sequence:ident) => {{
        let id = packet_id!($event, $sequence);
        Packet {
            src: id.src,
            dst: id.dst,
            sequence: id.sequence,
            timeout: timeout(
                $event.timeout_height_on_b(),
                $event.timeout_timestamp_on_b(),
            ),
            body: Body::V1 {
                data: $event.packet_data().to_vec(),
            },
        }
    }};
}

fn of(event: &IbcEvent) -> Result<Option<Event>, IdError> {
    Ok(Some(match event {
        IbcEvent::SendPacket(event) => Event::SendPacket(packet!(event, seq_on_a)),
        IbcEvent::ReceivePacket(event) => Event::RecvPacket(packet_id!(event, seq_on_b)),
        IbcEvent::WriteAcknowledgement(event) => Event::WriteAcknowledgement {
            packet: packet!(event, seq_on_a),
            ack: event.acknowledgement().as_bytes().to_vec(),
        },
        IbcEvent::AcknowledgePacket(event) => Event::AcknowledgePacket(packet_id!(event, seq_on_a)),
        IbcEvent::TimeoutPacket(event) => Event::TimeoutPacket(packet_id!(event, seq_on_a)),
        IbcEvent::CreateClient(event) => Event::ClientChanged {
            client_id: event.client_id().as_str().parse()?,
        },
        IbcEvent::UpgradeClient(event) => Event::ClientChanged {
            client_id: event.client_id().as_str().parse()?,
        },
        IbcEvent::UpdateClient(event) => {
            let heights = event.consensus_heights().iter();
            Event::ClientUpdated {
                client_id: event.client_id().as_str().parse()?,
                consensus_heights: heights.map(|height| height.revision_height()).collect(),
            }
        }
        IbcEvent::ClientMisbehaviour(event) => Event::ClientFrozen {
            client_id: event.client_id().as_str().parse()?,
        },
        IbcEvent::OpenInitConnection(event) => connection(event.conn_id_on_a().as_str())?,
        IbcEvent::OpenTryConnection(event) => connection(event.conn_id_on_b().as_str())?,
        IbcEvent::OpenAckConnection(event) => connection(event.conn_id_on_a().as_str())?,
        IbcEvent::OpenConfirmConnection(event) => connection(event.conn_id_on_b().as_str())?,
        IbcEvent::OpenInitChannel(event) => {
            channel(event.port_id_on_a().as_str(), event.chan_id_on_a().as_str())?
        }
        IbcEvent::OpenTryChannel(event) => {
            channel(event.port_id_on_b().as_str(), event.chan_id_on_b().as_str())?
        }
        IbcEvent::OpenAckChannel(event) => {
            channel(event.port_id_on_a().as_str(), event.chan_id_on_a().as_str())?
        }
        IbcEvent::OpenConfirmChannel(event) => {
            channel(event.port_id_on_b().as_str(), event.chan_id_on_b().as_str())?
        }
        IbcEvent::CloseInitChannel(event) => {
            channel(event.port_id_on_a().as_str(), event.chan_id_on_a().as_str())?
        }
        IbcEvent::CloseConfirmChannel(event) => {
            channel(event.port_id_on_b().as_str(), event.chan_id_on_b().as_str())?
        }
        // An ordered channel that a timeout has closed.
        IbcEvent::ChannelClosed(event) => match event.chan_id_on_a() {
            Some(id) => channel(event.port_id_on_a().as_str(), id.as_str())?,
            None => return Ok(None),
        },
        IbcEvent::Module(_) | IbcEvent::Message(_) => return Ok(None),
    }))
}

fn end(port: &str, channel: &str) -> Result<End, IdError> {
    Ok(End::Channel {
        port_id: port.parse()?,
        channel_id: channel.parse()?,
    })
}

fn connection(id: &str) -> Result<Event, IdError> {
    Ok(Event::ConnectionChanged {
        connection_id: id.parse()?,
    })
}

fn channel(port: &str, channel: &str) -> Result<Event, IdError> {
    Ok(Event::ChannelChanged {
        port_id: port.parse()?,
        channel_id: channel.parse()?,
    })
}

fn timeout(height: &TimeoutHeight, time: &TimeoutTimestamp) -> Timeout {
    Timeout {
        height: match height {
            TimeoutHeight::Never => Height::default(),
            TimeoutHeight::At(height) => {
                Height::new(height.revision_number(), height.revision_height())
            }
        },
        timestamp_ns: match time {
            TimeoutTimestamp::Never => 0,
            TimeoutTimestamp::At(time) => time.nanoseconds(),
        },
    }
}
