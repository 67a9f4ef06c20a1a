//! Finding both ends of a request in what is on chain.

use std::collections::BTreeSet;

use tern_chains::{BlockTime, ChainId, ClientId, ConnectionId, ConnectionState};

use crate::ledger::{
    ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey, ConnectionRecord, Goal,
    HandshakeRequest, View,
};

/// The ends the request has progress, and their counterparts.
#[derive(Default)]
pub(super) struct Ends<'a> {
    pub connection_on_a: Option<(&'a ConnectionKey, &'a ConnectionRecord)>,
    pub connection_on_b: Option<(&'a ConnectionKey, &'a ConnectionRecord)>,
    pub channel_on_a: Option<(&'a ChannelKey, &'a ChannelRecord)>,
    pub channel_on_b: Option<(&'a ChannelKey, &'a ChannelRecord)>,
}

impl<'a> Ends<'a> {
    pub fn of(view: &'a View, request: &HandshakeRequest) -> Self {
        let mut ends = Self::default();
        let Some(connection_id) = &request.progress.connection_on_a else {
            return ends;
        };
        ends.connection_on_a = view
            .connections()
            .find(|(key, _)| key.chain == request.a && key.connection_id == *connection_id);
        if let Some((a, end)) = ends.connection_on_a {
            ends.connection_on_b = counterpart(view, request, a, end);
        }
        let channel = request
            .channel()
            .zip(request.progress.channel_on_a.as_ref());
        let Some((terms, channel_id)) = channel else {
            return ends;
        };
        ends.channel_on_a = view.channels().find(|(key, _)| {
            key.chain == request.a && key.port_id == terms.a_port && key.channel_id == *channel_id
        });
        if let Some((a, end)) = ends.channel_on_a {
            ends.channel_on_b = channel_counterpart(view, request, a, end);
        }
        ends
    }
}

/// The request with whatever it can go on with: what it has already, else what a
/// stopped run left unfinished, the newest first. Call it only when both chains
/// are followed up to their newest block.
///
/// Of a client alone, that is a client without any connection. Else unfinished is a connection between the chains without any channel but one
/// that the request could be and that is not open on both ends, or else a client
/// without any connection. Only clients count that are named, or that a transaction of ours
/// created: who creates a client can give it a false past, and prove by it what is not so.
pub fn resume(view: &View, request: &HandshakeRequest) -> HandshakeRequest {
    let mut request = request.clone();
    if request.goal == Goal::Client {
        if request.progress.client_on_a.is_none() {
            request.progress.client_on_a = unused_client(view, &request.a, &request.b);
        }
        return request;
    }
    if request.progress.connection_on_a.is_none() {
        request.progress.connection_on_a = unfinished_connection(view, &request);
    }
    let connection = Ends::of(view, &request).connection_on_a;
    if let Some((_, end)) = connection {
        request.progress.client_on_a = Some(end.client_id.clone());
        request.progress.client_on_b = Some(end.counterparty_client_id.clone());
    } else {
        let (a, b) = (request.a.clone(), request.b.clone());
        let progress = &mut request.progress;
        progress.client_on_a = progress
            .client_on_a
            .take()
            .or_else(|| unused_client(view, &a, &b));
        progress.client_on_b = progress
            .client_on_b
            .take()
            .or_else(|| unused_client(view, &b, &a));
    }
    if request.progress.channel_on_a.is_none() {
        request.progress.channel_on_a = unfinished_channel(view, &request);
    }
    request
}

fn unfinished_connection(view: &View, request: &HandshakeRequest) -> Option<ConnectionId> {
    let progress = &request.progress;
    let fits_client = |wanted: &Option<ClientId>, is: &ClientId| {
        wanted.as_ref().is_none_or(|wanted| wanted == is)
    };
    view.connections()
        .filter(|(key, end)| {
            key.chain == request.a
                && request.fits_connection(end)
                && end.counterparty_chain == request.b
                && matches!(end.state, ConnectionState::Init | ConnectionState::Open)
                && fits_client(&progress.client_on_a, &end.client_id)
                && fits_client(&progress.client_on_b, &end.counterparty_client_id)
                && (progress.client_on_a.is_some() || is_usable(view, &request.a, &end.client_id))
                && (progress.client_on_b.is_some()
                    || is_usable(view, &request.b, &end.counterparty_client_id))
        })
        .filter(|(key, _)| {
            view.channels()
                .filter(|(channel, end)| {
                    channel.chain == request.a && end.connection_id == key.connection_id
                })
                .all(|(channel, end)| is_unfinished(view, request, channel, end))
        })
        .max_by_key(|(key, _)| number(key.connection_id.as_str()))
        .map(|(key, _)| key.connection_id.clone())
}

fn unfinished_channel(view: &View, request: &HandshakeRequest) -> Option<tern_chains::ChannelId> {
    let connection_id = request.progress.connection_on_a.as_ref()?;
    view.channels()
        .filter(|(key, end)| {
            key.chain == request.a
                && end.connection_id == *connection_id
                && is_unfinished(view, request, key, end)
        })
        .max_by_key(|(key, _)| number(key.channel_id.as_str()))
        .map(|(key, _)| key.channel_id.clone())
}

fn is_unfinished(
    view: &View,
    request: &HandshakeRequest,
    key: &ChannelKey,
    end: &ChannelRecord,
) -> bool {
    let Some(terms) = request.channel() else {
        return false;
    };
    let is_requested = key.port_id == terms.a_port
        && end.counterparty_port_id == terms.b_port
        && end.ordering == terms.ordering
        && (terms.version.is_empty() || end.version == terms.version);
    let is_open_on_b = channel_counterpart(view, request, key, end)
        .is_some_and(|(_, end)| end.state.is_open() || end.state.is_closed());
    is_requested && !end.state.is_closed() && !(end.state.is_open() && is_open_on_b)
}

fn counterpart<'a>(
    view: &'a View,
    request: &HandshakeRequest,
    a: &ConnectionKey,
    end: &ConnectionRecord,
) -> Option<(&'a ConnectionKey, &'a ConnectionRecord)> {
    view.connections().find(|(key, b_end)| {
        key.chain == request.b
            && b_end.counterparty_connection_id.as_ref() == Some(&a.connection_id)
            && b_end.client_id == end.counterparty_client_id
            && b_end.counterparty_client_id == end.client_id
            && end
                .counterparty_connection_id
                .as_ref()
                .is_none_or(|known| *known == key.connection_id)
    })
}

fn channel_counterpart<'a>(
    view: &'a View,
    request: &HandshakeRequest,
    a: &ChannelKey,
    end: &ChannelRecord,
) -> Option<(&'a ChannelKey, &'a ChannelRecord)> {
    let connection = ConnectionKey {
        chain: request.a.clone(),
        connection_id: end.connection_id.clone(),
    };
    let connection_on_b = view
        .connection(&connection)
        .and_then(|record| counterpart(view, request, &connection, record));
    let (on_b, _) = connection_on_b?;
    view.channels().find(|(key, b_end)| {
        key.chain == request.b
            && key.port_id == end.counterparty_port_id
            && b_end.connection_id == on_b.connection_id
            && b_end.counterparty_port_id == a.port_id
            && b_end.counterparty_channel_id.as_ref() == Some(&a.channel_id)
            && end
                .counterparty_channel_id
                .as_ref()
                .is_none_or(|known| *known == key.channel_id)
    })
}

/// The newest usable client on `host` of `of` that no connection uses.
fn unused_client(view: &View, host: &ChainId, of: &ChainId) -> Option<ClientId> {
    let used: BTreeSet<&ClientId> = view
        .connections()
        .filter(|(key, _)| key.chain == *host)
        .map(|(_, end)| &end.client_id)
        .collect();
    view.clients()
        .filter(|(key, record)| {
            key.chain == *host
                && record.summary.chain_id == *of
                && !used.contains(&key.client_id)
                && is_usable(view, host, &key.client_id)
        })
        .max_by_key(|(key, _)| number(key.client_id.as_str()))
        .map(|(key, _)| key.client_id.clone())
}

/// A client of the request that has expired or is frozen: no step after this goes through.
/// A connection over one that was taken for it would not be found again, either.
pub fn unusable_client(view: &View, request: &HandshakeRequest) -> Option<ClientKey> {
    let progress = &request.progress;
    let taken = [
        (&request.a, &progress.client_on_a),
        (&request.b, &progress.client_on_b),
    ];
    let mut taken = taken.into_iter().filter_map(|(chain, client)| {
        Some(ClientKey {
            chain: chain.clone(),
            client_id: client.clone()?,
        })
    });
    // One that is not known may be of a kind that Tern does not read.
    taken.find(|key| {
        view.client(key)
            .is_some_and(|client| !is_alive(view, key, client))
    })
}

fn is_alive(view: &View, key: &ClientKey, client: &ClientRecord) -> bool {
    let now = view.head(&key.chain).map_or(BlockTime(0), |head| head.time);
    !client.summary.frozen && now < client.summary.expires_at(client.updated)
}

fn is_usable(view: &View, host: &ChainId, client_id: &ClientId) -> bool {
    let key = ClientKey {
        chain: host.clone(),
        client_id: client_id.clone(),
    };
    view.client(&key).is_some_and(|client| {
        client.is_ours && client.summary.flaws.is_empty() && is_alive(view, &key, client)
    })
}

/// The number an identifier ends with, for "the newest": `connection-12` is 12.
fn number(identifier: &str) -> u64 {
    identifier
        .rsplit('-')
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}
