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

/// A channel end as Cosmos chains store it: the fields of `ibc.core.channel.v1.Channel` that
/// matter. Its counterparty is `transfer/channel-0`.
pub fn channel_value(state: ChannelState) -> Vec<u8> {
    let state = match state {
        ChannelState::Uninitialized => 0,
        ChannelState::Init => 1,
        ChannelState::TryOpen => 2,
        ChannelState::Open => 3,
        ChannelState::Closed => 4,
        ChannelState::Flushing => 5,
        ChannelState::FlushComplete => 6,
    };
    // Field 1 is the state, field 2 the ordering, field 3 the counterparty.
    let counterparty = [b"\x0a\x08transfer".as_slice(), b"\x12\x09channel-0"].concat();
    let ends = [0x08, state, 0x10, 1, 0x1a, counterparty.len() as u8];
    [ends.as_slice(), &counterparty].concat()
}
