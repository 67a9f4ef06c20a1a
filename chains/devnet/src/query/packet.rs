//! `ibc.core.channel.v1.Query` for packets.

use ibc_proto::cosmos::base::query::v1beta1::PageRequest;
use ibc_proto::cosmos::base::query::v1beta1::PageResponse;
use ibc_proto::ibc::core::channel::v1::*;

use super::channel::end;
use super::page::page;
use super::{Answer, At};

/// The store path of a channel's packets under one of the three roots.
fn path(root: &str, port: &str, channel: &str) -> String {
    format!("{root}/ports/{port}/channels/{channel}/sequences/")
}

fn has(at: At<'_>, root: &str, port: &str, channel: &str, sequence: u64) -> bool {
    let key = format!("{}{sequence}", path(root, port, channel));
    at.ibc().get(key.as_bytes()).is_some()
}

pub(super) fn commitment(
    at: At<'_>,
    request: QueryPacketCommitmentRequest,
) -> Answer<QueryPacketCommitmentResponse> {
    let key = path("commitments", &request.port_id, &request.channel_id);
    Ok(QueryPacketCommitmentResponse {
        commitment: at.value(&format!("{key}{}", request.sequence))?.to_vec(),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn commitments(
    at: At<'_>,
    request: QueryPacketCommitmentsRequest,
) -> Answer<QueryPacketCommitmentsResponse> {
    end(at, &request.port_id, &request.channel_id)?;
    let root = "commitments";
    let (commitments, pagination) = list(
        at,
        root,
        request.port_id,
        request.channel_id,
        request.pagination,
    );
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
    request: QueryPacketReceiptRequest,
) -> Answer<QueryPacketReceiptResponse> {
    Ok(QueryPacketReceiptResponse {
        received: has(
            at,
            "receipts",
            &request.port_id,
            &request.channel_id,
            request.sequence,
        ),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn acknowledgement(
    at: At<'_>,
    request: QueryPacketAcknowledgementRequest,
) -> Answer<QueryPacketAcknowledgementResponse> {
    let key = path("acks", &request.port_id, &request.channel_id);
    Ok(QueryPacketAcknowledgementResponse {
        acknowledgement: at.value(&format!("{key}{}", request.sequence))?.to_vec(),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

/// The requested sequences that have an acknowledgement; without a request, all.
pub(super) fn acknowledgements(
    at: At<'_>,
    request: QueryPacketAcknowledgementsRequest,
) -> Answer<QueryPacketAcknowledgementsResponse> {
    end(at, &request.port_id, &request.channel_id)?;
    let (port, channel) = (request.port_id, request.channel_id);
    let height = at.proof_height();
    if request.packet_commitment_sequences.is_empty() {
        let (acknowledgements, pagination) = list(at, "acks", port, channel, request.pagination);
        return Ok(QueryPacketAcknowledgementsResponse {
            acknowledgements,
            pagination,
            height,
        });
    }
    let prefix = path("acks", &port, &channel);
    let requested = request.packet_commitment_sequences.into_iter();
    let found = requested.filter_map(|sequence| {
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
    request: QueryUnreceivedPacketsRequest,
) -> Answer<QueryUnreceivedPacketsResponse> {
    let (port, channel) = (&request.port_id, &request.channel_id);
    let ordered = end(at, port, channel)?.ordering() == Order::Ordered;
    let next = at.number(&format!("nextSequenceRecv/ports/{port}/channels/{channel}"))?;
    let requested = request.packet_commitment_sequences.into_iter();
    let missing = requested.filter(|sequence| {
        if ordered {
            *sequence >= next
        } else {
            !has(at, "receipts", port, channel, *sequence)
        }
    });
    Ok(QueryUnreceivedPacketsResponse {
        sequences: missing.collect(),
        height: at.proof_height(),
    })
}

/// The requested sequences whose packet commitment still exists.
pub(super) fn unreceived_acks(
    at: At<'_>,
    request: QueryUnreceivedAcksRequest,
) -> Answer<QueryUnreceivedAcksResponse> {
    let (port, channel) = (&request.port_id, &request.channel_id);
    end(at, port, channel)?;
    let requested = request.packet_ack_sequences.into_iter();
    let open = requested.filter(|sequence| has(at, "commitments", port, channel, *sequence));
    Ok(QueryUnreceivedAcksResponse {
        sequences: open.collect(),
        height: at.proof_height(),
    })
}

pub(super) fn next_receive(
    at: At<'_>,
    request: QueryNextSequenceReceiveRequest,
) -> Answer<QueryNextSequenceReceiveResponse> {
    let (port, channel) = (request.port_id, request.channel_id);
    let key = format!("nextSequenceRecv/ports/{port}/channels/{channel}");
    Ok(QueryNextSequenceReceiveResponse {
        next_sequence_receive: at.number(&key)?,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

pub(super) fn next_send(
    at: At<'_>,
    request: QueryNextSequenceSendRequest,
) -> Answer<QueryNextSequenceSendResponse> {
    let (port, channel) = (request.port_id, request.channel_id);
    let key = format!("nextSequenceSend/ports/{port}/channels/{channel}");
    Ok(QueryNextSequenceSendResponse {
        next_sequence_send: at.number(&key)?,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}
