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
    vec![Change::Client(key, record)]
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
