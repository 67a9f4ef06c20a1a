//! What a chain's provable store states, in the words of ICS-24.

use std::fmt;

use crate::{ChannelId, ClientId, ConnectionId, End, Height, PortId, Sequence};

/// One provable value of a chain. In which store and under which key it is is the
/// chain's business; the text is ICS-24's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorePath {
    ClientState(ClientId),
    ConsensusState {
        client_id: ClientId,
        /// A height of the chain the client is of.
        height: Height,
    },
    Connection(ConnectionId),
    Channel {
        port_id: PortId,
        channel_id: ChannelId,
    },
    NextSequenceSend(End),
    NextSequenceRecv(End),
    /// On the source: the packet was sent and has not ended.
    Commitment {
        src: End,
        sequence: Sequence,
    },
    /// On the destination of an unordered path: the packet was received.
    Receipt {
        dst: End,
        sequence: Sequence,
    },
    /// On the destination: the acknowledgement was written.
    Acknowledgement {
        dst: End,
        sequence: Sequence,
    },
    /// The client state that clients of this chain are upgraded to after
    /// `last_height`, the height of the upgrade plan (ICS-02; SDK `x/upgrade`
    /// `UpgradedClientKey`).
    UpgradedClientState {
        last_height: u64,
    },
    /// The consensus state beside it (`UpgradedConsStateKey`).
    UpgradedConsensusState {
        last_height: u64,
    },
}

/// An end as it is part of a path.
struct Of<'a>(&'a End);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            End::Channel {
                port_id,
                channel_id,
            } => write!(f, "ports/{port_id}/channels/{channel_id}"),
            End::Client { client_id } => write!(f, "clients/{client_id}"),
        }
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientState(id) => write!(f, "clients/{id}/clientState"),
            Self::ConsensusState { client_id, height } => {
                write!(f, "clients/{client_id}/consensusStates/{height}")
            }
            Self::Connection(id) => write!(f, "connections/{id}"),
            Self::Channel {
                port_id,
                channel_id,
            } => write!(f, "channelEnds/ports/{port_id}/channels/{channel_id}"),
            Self::NextSequenceSend(end) => write!(f, "nextSequenceSend/{}", Of(end)),
            Self::NextSequenceRecv(end) => write!(f, "nextSequenceRecv/{}", Of(end)),
            Self::Commitment { src, sequence } => {
                write!(f, "commitments/{}/sequences/{sequence}", Of(src))
            }
            Self::Receipt { dst, sequence } => {
                write!(f, "receipts/{}/sequences/{sequence}", Of(dst))
            }
            Self::Acknowledgement { dst, sequence } => {
                write!(f, "acks/{}/sequences/{sequence}", Of(dst))
            }
            Self::UpgradedClientState { last_height } => {
                write!(f, "upgradedIBCState/{last_height}/upgradedClient")
            }
            Self::UpgradedConsensusState { last_height } => {
                write!(f, "upgradedIBCState/{last_height}/upgradedConsState")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_ics_24_has_them() {
        let end = || End::Channel {
            port_id: PortId::transfer(),
            channel_id: ChannelId::new(7),
        };
        let client_id: ClientId = "07-tendermint-3".parse().unwrap();
        let sequence = Sequence::from(9);
        for (path, text) in [
            (
                StorePath::ClientState(client_id.clone()),
                "clients/07-tendermint-3/clientState",
            ),
            (
                StorePath::ConsensusState {
                    client_id,
                    height: Height::new(4, 12),
                },
                "clients/07-tendermint-3/consensusStates/4-12",
            ),
            (
                StorePath::Connection(ConnectionId::new(2)),
                "connections/connection-2",
            ),
            (
                StorePath::Channel {
                    port_id: PortId::transfer(),
                    channel_id: ChannelId::new(7),
                },
                "channelEnds/ports/transfer/channels/channel-7",
            ),
            (
                StorePath::NextSequenceSend(end()),
                "nextSequenceSend/ports/transfer/channels/channel-7",
            ),
            (
                StorePath::NextSequenceRecv(end()),
                "nextSequenceRecv/ports/transfer/channels/channel-7",
            ),
            (
                StorePath::Commitment {
                    src: end(),
                    sequence,
                },
                "commitments/ports/transfer/channels/channel-7/sequences/9",
            ),
            (
                StorePath::Receipt {
                    dst: end(),
                    sequence,
                },
                "receipts/ports/transfer/channels/channel-7/sequences/9",
            ),
            (
                StorePath::Acknowledgement {
                    dst: end(),
                    sequence,
                },
                "acks/ports/transfer/channels/channel-7/sequences/9",
            ),
            (
                StorePath::UpgradedClientState { last_height: 40 },
                "upgradedIBCState/40/upgradedClient",
            ),
            (
                StorePath::UpgradedConsensusState { last_height: 40 },
                "upgradedIBCState/40/upgradedConsState",
            ),
        ] {
            assert_eq!(path.to_string(), text);
        }
    }
}
