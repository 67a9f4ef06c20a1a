//! The packet half of `ibc.core.channel.v1.Query`.

use ibc_proto::cosmos::base::query::v1beta1::PageRequest;
use ibc_proto::cosmos::base::query::v1beta1::PageResponse;
use ibc_proto::ibc::core::channel::v1::*;

use super::channel::end;
use super::page::page;
use super::{Answer, At};

/// Where a channel's packets are under one of the three roots.
fn path(root: &str, port: &str, channel: &str) -> String {
    format!("{root}/ports/{port}/channels/{channel}/sequences/")
}

fn has(at: At<'_>, root: &str, port: &str, channel: &str, sequence: u64) -> bool {
    let key = format!("{}{sequence}", path(root, port, channel));
    at.ibc().get(key.as_bytes()).is_some()
}

pub(super) fn commitment(
    at: At<'_>,
    ask: QueryPacketCommitmentRequest,
) -> Answer<QueryPacketCommitmentResponse> {
    let key = path("commitments", &ask.port_id, &ask.channel_id);
    Ok(QueryPacketCommitmentResponse {
        commitment: at.value(&format!("{key}{}", ask.sequence))?.to_vec(),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn commitments(
    at: At<'_>,
    ask: QueryPacketCommitmentsRequest,
) -> Answer<QueryPacketCommitmentsResponse> {
    end(at, &ask.port_id, &ask.channel_id)?;
    let root = "commitments";
    let (commitments, pagination) = list(at, root, ask.port_id, ask.channel_id, ask.pagination);
    Ok(QueryPacketCommitmentsResponse {
        commitments,
        pagination,
        height: at.proof_height(),
    })
}

fn list(
    at: At<'_>,
    root: &str,
    port: String,
    channel: String,
    pagination: Option<PageRequest>,
) -> (Vec<PacketState>, Option<PageResponse>) {
    let prefix = path(root, &port, &channel);
    let entries = at.ibc().with_prefix(prefix.as_bytes());
    let states = entries.filter_map(|(key, value)| {
        let text = std::str::from_utf8(&key[prefix.len()..]).ok()?;
        let state = PacketState {
            port_id: port.clone(),
            channel_id: channel.clone(),
            sequence: text.parse().ok()?,
            data: value.to_vec(),
        };
        Some((key.to_vec(), state))
    });
    page(states, pagination)
}

pub(super) fn receipt(
    at: At<'_>,
    ask: QueryPacketReceiptRequest,
) -> Answer<QueryPacketReceiptResponse> {
    Ok(QueryPacketReceiptResponse {
        received: has(at, "receipts", &ask.port_id, &ask.channel_id, ask.sequence),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn acknowledgement(
    at: At<'_>,
    ask: QueryPacketAcknowledgementRequest,
) -> Answer<QueryPacketAcknowledgementResponse> {
    let key = path("acks", &ask.port_id, &ask.channel_id);
    Ok(QueryPacketAcknowledgementResponse {
        acknowledgement: at.value(&format!("{key}{}", ask.sequence))?.to_vec(),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

/// Of the asked sequences those with an acknowledgement; all, if none is asked.
pub(super) fn acknowledgements(
    at: At<'_>,
    ask: QueryPacketAcknowledgementsRequest,
) -> Answer<QueryPacketAcknowledgementsResponse> {
    end(at, &ask.port_id, &ask.channel_id)?;
    let (port, channel) = (ask.port_id, ask.channel_id);
    let height = at.proof_height();
    if ask.packet_commitment_sequences.is_empty() {
        let (acknowledgements, pagination) = list(at, "acks", port, channel, ask.pagination);
        return Ok(QueryPacketAcknowledgementsResponse {
            acknowledgements,
            pagination,
            height,
        });
    }
    let prefix = path("acks", &port, &channel);
    let asked = ask.packet_commitment_sequences.into_iter();
    let found = asked.filter_map(|sequence| {
        let key = format!("{prefix}{sequence}");
        Some(PacketState {
            port_id: port.clone(),
            channel_id: channel.clone(),
            sequence,
            data: at.ibc().get(key.as_bytes())?.to_vec(),
        })
    });
    Ok(QueryPacketAcknowledgementsResponse {
        acknowledgements: found.collect(),
        pagination: None,
        height,
    })
}

pub(super) fn unreceived_packets(
    at: At<'_>,
    ask: QueryUnreceivedPacketsRequest,
) -> Answer<QueryUnreceivedPacketsResponse> {
    let (port, channel) = (&ask.port_id, &ask.channel_id);
    let ordered = end(at, port, channel)?.ordering() == Order::Ordered;
    let next = at.number(&format!("nextSequenceRecv/ports/{port}/channels/{channel}"))?;
    let asked = ask.packet_commitment_sequences.into_iter();
    let missing = asked.filter(|sequence| match ordered {
        true => *sequence >= next,
        false => !has(at, "receipts", port, channel, *sequence),
    });
    Ok(QueryUnreceivedPacketsResponse {
        sequences: missing.collect(),
        height: at.proof_height(),
    })
}

/// Of the asked sequences those whose packet still has its commitment.
pub(super) fn unreceived_acks(
    at: At<'_>,
    ask: QueryUnreceivedAcksRequest,
) -> Answer<QueryUnreceivedAcksResponse> {
    let (port, channel) = (&ask.port_id, &ask.channel_id);
    end(at, port, channel)?;
    let asked = ask.packet_ack_sequences.into_iter();
    let open = asked.filter(|sequence| has(at, "commitments", port, channel, *sequence));
    Ok(QueryUnreceivedAcksResponse {
        sequences: open.collect(),
        height: at.proof_height(),
    })
}

pub(super) fn next_receive(
    at: At<'_>,
    ask: QueryNextSequenceReceiveRequest,
) -> Answer<QueryNextSequenceReceiveResponse> {
    let (port, channel) = (ask.port_id, ask.channel_id);
    let key = format!("nextSequenceRecv/ports/{port}/channels/{channel}");
    Ok(QueryNextSequenceReceiveResponse {
        next_sequence_receive: at.number(&key)?,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn next_send(
    at: At<'_>,
    ask: QueryNextSequenceSendRequest,
) -> Answer<QueryNextSequenceSendResponse> {
    let (port, channel) = (ask.port_id, ask.channel_id);
    let key = format!("nextSequenceSend/ports/{port}/channels/{channel}");
    Ok(QueryNextSequenceSendResponse {
        next_sequence_send: at.number(&key)?,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}
