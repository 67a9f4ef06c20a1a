//! `ibc.core.channel.v1.Query` for channel ends; packets are in `packet`.

use ibc_proto::ibc::core::channel::v1::*;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd;
use prost::Message;
use tonic::Status;

use super::connection::identified_client;
use super::page::page;
use super::{call, packet, unknown, Answer, At};

pub(super) fn answer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Channel" => call(request, |request| channel(at, request)),
        "Channels" => call(request, |request| channels(at, request)),
        "ConnectionChannels" => call(request, |request| connection_channels(at, request)),
        "ChannelClientState" => call(request, |request| client_state(at, request)),
        "ChannelConsensusState" => call(request, |request| consensus_state(at, request)),
        "PacketCommitment" => call(request, |request| packet::commitment(at, request)),
        "PacketCommitments" => call(request, |request| packet::commitments(at, request)),
        "PacketReceipt" => call(request, |request| packet::receipt(at, request)),
        "PacketAcknowledgement" => call(request, |request| packet::acknowledgement(at, request)),
        "PacketAcknowledgements" => call(request, |request| packet::acknowledgements(at, request)),
        "UnreceivedPackets" => call(request, |request| packet::unreceived_packets(at, request)),
        "UnreceivedAcks" => call(request, |request| packet::unreceived_acks(at, request)),
        "NextSequenceReceive" => call(request, |request| packet::next_receive(at, request)),
        "NextSequenceSend" => call(request, |request| packet::next_send(at, request)),
        _ => unknown(method),
    }
}

pub(super) fn end(at: At<'_>, port: &str, channel: &str) -> Answer<Channel> {
    at.find(&format!("channelEnds/ports/{port}/channels/{channel}"))
}

fn channel(at: At<'_>, request: QueryChannelRequest) -> Answer<QueryChannelResponse> {
    Ok(QueryChannelResponse {
        channel: Some(end(at, &request.port_id, &request.channel_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

/// Every channel end, in the order of keys.
fn ends(at: At<'_>) -> impl Iterator<Item = (Vec<u8>, IdentifiedChannel)> + '_ {
    const PREFIX: &str = "channelEnds/ports/";
    let entries = at.ibc().with_prefix(PREFIX.as_bytes());
    entries.filter_map(|(key, value)| {
        let rest = std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?;
        let (port, channel) = rest.split_once("/channels/")?;
        let end = Channel::decode(value).ok()?;
        let identified = IdentifiedChannel {
            state: end.state,
            ordering: end.ordering,
            counterparty: end.counterparty,
            connection_hops: end.connection_hops,
            version: end.version,
            port_id: port.to_owned(),
            channel_id: channel.to_owned(),
            upgrade_sequence: end.upgrade_sequence,
        };
        Some((key.to_vec(), identified))
    })
}

fn channels(at: At<'_>, request: QueryChannelsRequest) -> Answer<QueryChannelsResponse> {
    let (channels, pagination) = page(ends(at), request.pagination);
    Ok(QueryChannelsResponse {
        channels,
        pagination,
        height: at.proof_height(),
    })
}

fn connection_channels(
    at: At<'_>,
    request: QueryConnectionChannelsRequest,
) -> Answer<QueryConnectionChannelsResponse> {
    let over = ends(at).filter(|(_, end)| end.connection_hops.contains(&request.connection));
    let (channels, pagination) = page(over, request.pagination);
    Ok(QueryConnectionChannelsResponse {
        channels,
        pagination,
        height: at.proof_height(),
    })
}

/// The client under a channel.
fn client_id(at: At<'_>, port: &str, channel: &str) -> Answer<String> {
    let end = end(at, port, channel)?;
    let hop = end.connection_hops.first();
    let hop = hop.ok_or_else(|| Status::internal("a channel without a connection"))?;
    let connection: ConnectionEnd = at.find(&format!("connections/{hop}"))?;
    Ok(connection.client_id)
}

fn client_state(
    at: At<'_>,
    request: QueryChannelClientStateRequest,
) -> Answer<QueryChannelClientStateResponse> {
    let client_id = client_id(at, &request.port_id, &request.channel_id)?;
    Ok(QueryChannelClientStateResponse {
        identified_client_state: Some(identified_client(at, client_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn consensus_state(
    at: At<'_>,
    request: QueryChannelConsensusStateRequest,
) -> Answer<QueryChannelConsensusStateResponse> {
    let client_id = client_id(at, &request.port_id, &request.channel_id)?;
    let (revision, height) = (request.revision_number, request.revision_height);
    let key = format!("clients/{client_id}/consensusStates/{revision}-{height}");
    Ok(QueryChannelConsensusStateResponse {
        consensus_state: Some(at.find(&key)?),
        client_id,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}
