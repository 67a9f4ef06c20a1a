//! Changes of client, connection and channel records.

use tern_chains::{BlockTime, ChainId, ChannelEnd, ClientId, ConnectionEnd};

use crate::ledger::{
    Change, ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey, ConnectionRecord,
    View,
};

/// A transaction of ours has created this client.
pub(super) fn client_created(view: &View, chain: &ChainId, client_id: &ClientId) -> Vec<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let old = view.client(&key).filter(|old| !old.is_ours);
    let new = old.map(|old| ClientRecord {
        is_ours: true,
        ..old.clone()
    });
    new.into_iter()
        .map(|new| Change::Client(key.clone(), new))
        .collect()
}

/// An update as its event states it. The time of the new consensus state is not in it: the
/// block's stands for it until the state is read.
pub(super) fn client_updated(
    view: &View,
    chain: &ChainId,
    time: BlockTime,
    client_id: &ClientId,
    heights: &[u64],
) -> Vec<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let newest = heights.iter().copied().max().unwrap_or_default();
    let old = view.client(&key);
    let Some(old) = old.filter(|old| newest > old.summary.latest_height) else {
        return vec![];
    };
    let mut new = old.clone();
    new.summary.latest_height = newest;
    new.updated = time;
    vec![Change::Client(key, new)]
}

pub(super) fn client_found(
    view: &View,
    chain: &ChainId,
    client_id: &ClientId,
    record: ClientRecord,
) -> Vec<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let record = ClientRecord {
        is_ours: view.client(&key).is_some_and(|old| old.is_ours),
        ..record
    };
    let is_known = view.client(&key).is_some_and(|old| {
        let is_same = old.summary == record.summary && old.updated == record.updated;
        old.seen > record.seen || is_same
    });
    if is_known {
        return vec![];
    }
    let mut changes = vec![];
    if view
        .client(&key)
        .is_some_and(|old| old.summary.chain_id != record.summary.chain_id)
    {
        changes.extend(now_of(view, &key, &record.summary.chain_id));
    }
    changes.push(Change::Client(key, record));
    changes
}

/// The client's chain has another id after an upgrade: so have the counterparties of the
/// connections and channels over it.
fn now_of<'a>(
    view: &'a View,
    client: &'a ClientKey,
    id: &'a ChainId,
) -> impl Iterator<Item = Change> + 'a {
    let connections = view
        .connections()
        .filter(|(key, record)| key.chain == client.chain && record.client_id == client.client_id);
    let connections = connections.map(|(key, record)| {
        let record = ConnectionRecord {
            counterparty_chain: id.clone(),
            ..record.clone()
        };
        Change::Connection(key.clone(), record)
    });
    let channels = view
        .channels()
        .filter(|(key, record)| key.chain == client.chain && record.client_id == client.client_id);
    let channels = channels.map(|(key, record)| {
        let record = ChannelRecord {
            counterparty_chain: id.clone(),
            ..record.clone()
        };
        Change::Channel(key.clone(), record)
    });
    connections.chain(channels)
}

pub(super) fn connection_found(
    view: &View,
    key: ConnectionKey,
    height: u64,
    end: &ConnectionEnd,
) -> Vec<Change> {
    let client = ClientKey {
        chain: key.chain.clone(),
        client_id: end.client_id.clone(),
    };
    let Some(client) = view.client(&client) else {
        return vec![];
    };
    let old = view.connection(&key);
    if old.is_some_and(|old| old.seen >= height) {
        return vec![];
    }
    let record = ConnectionRecord {
        state: end.state,
        client_id: end.client_id.clone(),
        counterparty_chain: client.summary.chain_id.clone(),
        counterparty_client_id: end.counterparty.client_id.clone(),
        counterparty_connection_id: end.counterparty.connection_id.clone(),
        delay_period_ns: end.delay_period_ns,
        versions: end.versions.clone(),
        seen: height,
    };
    vec![Change::Connection(key, record)]
}

pub(super) fn channel_found(
    view: &View,
    key: &ChannelKey,
    height: u64,
    end: &ChannelEnd,
) -> Vec<Change> {
    let Some(connection_id) = end.connection_hops.first() else {
        return vec![];
    };
    let connection = ConnectionKey {
        chain: key.chain.clone(),
        connection_id: connection_id.clone(),
    };
    let Some(connection) = view.connection(&connection) else {
        return vec![];
    };
    let old = view.channel(key);
    if old.is_some_and(|old| old.seen >= height) {
        return vec![];
    }
    let record = ChannelRecord {
        state: end.state,
        ordering: end.ordering,
        version: end.version.clone(),
        connection_id: connection_id.clone(),
        client_id: connection.client_id.clone(),
        counterparty_chain: connection.counterparty_chain.clone(),
        counterparty_port_id: end.counterparty.port_id.clone(),
        counterparty_channel_id: end.counterparty.channel_id.clone(),
        seen: height,
    };
    vec![Change::Channel(key.clone(), record)]
}
