//! The ends between which packets travel.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, ClientId, PortId};

/// One end of a packet's path on one chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum End {
    /// A channel end (ICS-04).
    Channel {
        port_id: PortId,
        channel_id: ChannelId,
    },
    /// A client whose counterparty is registered (ICS-04 v2).
    Client { client_id: ClientId },
}

impl End {
    pub fn channel(port_id: &PortId, channel_id: &ChannelId) -> Self {
        Self::Channel {
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
        }
    }

    /// Port and channel, where it is a channel end.
    pub fn as_channel(&self) -> Option<(&PortId, &ChannelId)> {
        match self {
            Self::Channel {
                port_id,
                channel_id,
            } => Some((port_id, channel_id)),
            Self::Client { .. } => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel {
                port_id,
                channel_id,
            } => write!(f, "{port_id}/{channel_id}"),
            Self::Client { client_id } => write!(f, "{client_id}"),
        }
    }
}
