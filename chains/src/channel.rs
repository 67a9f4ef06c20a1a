//! Channel ends (ICS-04).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, ConnectionId, PortId};

/// A channel end as its chain stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelEnd {
    pub state: ChannelState,
    pub ordering: Ordering,
    pub counterparty: ChannelCounterparty,
    /// The connections it goes over: one.
    pub connection_hops: Vec<ConnectionId>,
    pub version: String,
}

/// What a channel end knows of the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCounterparty {
    pub port_id: PortId,
    /// Unknown before the other end exists.
    pub channel_id: Option<ChannelId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelState {
    Uninitialized,
    Init,
    TryOpen,
    Open,
    Closed,
    /// Open, with an upgrade under way: packets in flight are finished, new ones
    /// are refused (ibc-go v8.1 to v9).
    Flushing,
    /// The same, with none left in flight.
    FlushComplete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ordering {
    Uninitialized,
    Unordered,
    Ordered,
}

/// A channel end with its identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifiedChannelEnd {
    pub port_id: PortId,
    pub channel_id: ChannelId,
    pub channel_end: ChannelEnd,
}

impl ChannelState {
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    pub fn is_closed(&self) -> bool {
        *self == Self::Closed
    }
}

impl fmt::Display for ChannelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uninitialized => "UNINITIALIZED",
            Self::Init => "INIT",
            Self::TryOpen => "TRYOPEN",
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::Flushing => "FLUSHING",
            Self::FlushComplete => "FLUSHCOMPLETE",
        })
    }
}
