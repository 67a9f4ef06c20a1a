//! `ibc.core.channel.v1.Query`: the ends; the packets are in `packet`.

use ibc_proto::ibc::core::channel::v1::*;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd;
use prost::Message;
use tonic::Status;

use super::connection::identified_client;
use super::page::page;
use super::{call, packet, unknown, Answer, At};

pub(super) fn answer(at: At<'_>, method: &str, request: &[u8]) -> Answer<Vec<u8>> {
    match method {
        "Channel" => call(request, |ask| channel(at, ask)),
        "Channels" => call(request, |ask| channels(at, ask)),
        "ConnectionChannels" => call(request, |ask| connection_channels(at, ask)),
        "ChannelClientState" => call(request, |ask| client_state(at, ask)),
        "ChannelConsensusState" => call(request, |ask| consensus_state(at, ask)),
        "PacketCommitment" => call(request, |ask| packet::commitment(at, ask)),
        "PacketCommitments" => call(request, |ask| packet::commitments(at, ask)),
        "PacketReceipt" => call(request, |ask| packet::receipt(at, ask)),
        "PacketAcknowledgement" => call(request, |ask| packet::acknowledgement(at, ask)),
        "PacketAcknowledgements" => call(request, |ask| packet::acknowledgements(at, ask)),
        "UnreceivedPackets" => call(request, |ask| packet::unreceived_packets(at, ask)),
        "UnreceivedAcks" => call(request, |ask| packet::unreceived_acks(at, ask)),
        "NextSequenceReceive" => call(request, |ask| packet::next_receive(at, ask)),
        "NextSequenceSend" => call(request, |ask| packet::next_send(at, ask)),
        _ => unknown(method),
    }
}

pub(super) fn end(at: At<'_>, port: &str, channel: &str) -> Answer<Channel> {
    at.find(&format!("channelEnds/ports/{port}/channels/{channel}"))
}

fn channel(at: At<'_>, ask: QueryChannelRequest) -> Answer<QueryChannelResponse> {
    Ok(QueryChannelResponse {
        channel: Some(end(at, &ask.port_id, &ask.channel_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

/// Every channel end, by key.
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

fn channels(at: At<'_>, ask: QueryChannelsRequest) -> Answer<QueryChannelsResponse> {
    let (channels, pagination) = page(ends(at), ask.pagination);
    Ok(QueryChannelsResponse {
        channels,
        pagination,
        height: at.proof_height(),
    })
}

fn connection_channels(
    at: At<'_>,
    ask: QueryConnectionChannelsRequest,
) -> Answer<QueryConnectionChannelsResponse> {
    let over = ends(at).filter(|(_, end)| end.connection_hops.contains(&ask.connection));
    let (channels, pagination) = page(over, ask.pagination);
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
    ask: QueryChannelClientStateRequest,
) -> Answer<QueryChannelClientStateResponse> {
    let client_id = client_id(at, &ask.port_id, &ask.channel_id)?;
    Ok(QueryChannelClientStateResponse {
        identified_client_state: Some(identified_client(at, client_id)?),
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}

fn consensus_state(
    at: At<'_>,
    ask: QueryChannelConsensusStateRequest,
) -> Answer<QueryChannelConsensusStateResponse> {
    let client_id = client_id(at, &ask.port_id, &ask.channel_id)?;
    let (revision, height) = (ask.revision_number, ask.revision_height);
    let key = format!("clients/{client_id}/consensusStates/{revision}-{height}");
    Ok(QueryChannelConsensusStateResponse {
        consensus_state: Some(at.find(&key)?),
        client_id,
        proof: Vec::new(),
        proof_height: at.proof_height(),
    })
}
