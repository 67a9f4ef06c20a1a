//! Ledgers for unit tests.

use tern_chains::{ChainId, ChannelId, ChannelState, ClientId, ConnectionId, Ordering, PortId};
use tern_core::ledger::{Change, ChannelKey, ChannelRecord};

/// The changes that make `transfer/channel-0` open between two chains.
pub fn open_channel(a: &str, b: &str) -> Vec<Change> {
    let channel = |here: &str, there: &str| {
        let key = ChannelKey {
            chain: ChainId::from_string(here),
            port_id: PortId::transfer(),
            channel_id: ChannelId::new(0),
        };
        let record = ChannelRecord {
            state: ChannelState::Open,
            ordering: Ordering::Unordered,
            version: "ics20-1".to_owned(),
            connection_id: ConnectionId::new(0),
            client_id: "07-tendermint-0".parse::<ClientId>().unwrap(),
            counterparty_chain: ChainId::from_string(there),
            counterparty_port_id: PortId::transfer(),
            counterparty_channel_id: Some(ChannelId::new(0)),
            seen: 1,
        };
        Change::Channel(key, record)
    };
    vec![channel(a, b), channel(b, a)]
}
