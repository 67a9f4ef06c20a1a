//! Packets (ICS-04) and what is committed to for them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{End, Height, Sequence};

/// A packet as its source chain sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    pub src: End,
    pub dst: End,
    pub sequence: Sequence,
    pub timeout: Timeout,
    pub body: Body,
}

/// When a packet can no longer be received, by the destination's height or time,
/// whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// A height of the destination; zero for none.
    pub height: Height,
    /// Nanoseconds since the Unix epoch; 0 for none.
    pub timestamp_ns: u64,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// The data of one application (ICS-04).
    V1 {
        #[serde(with = "hex::serde")]
        data: Vec<u8>,
    },
    /// Data of one or more applications (ICS-04 v2).
    V2 { payloads: Vec<Payload> },
}

/// One application's part of an IBC v2 packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    pub src_port: String,
    pub dst_port: String,
    pub version: String,
    pub encoding: String,
    #[serde(with = "hex::serde")]
    pub value: Vec<u8>,
}

/// A packet's coordinates: both ends and the sequence.
///
/// Unique for a pair of chains; the source end and the sequence are unique on the
/// source chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PacketId {
    pub src: End,
    pub dst: End,
    pub sequence: Sequence,
}

impl Packet {
    pub fn id(&self) -> PacketId {
        PacketId {
            src: self.src.clone(),
            dst: self.dst.clone(),
            sequence: self.sequence,
        }
    }

    /// The data of a v1 packet; empty for v2.
    pub fn data(&self) -> &[u8] {
        match &self.body {
            Body::V1 { data } => data,
            Body::V2 { .. } => &[],
        }
    }

    /// The value a source chain keeps for an unfinished v1 packet: the hash of the
    /// timeouts and the hash of the data (ibc-go `04-channel/types.CommitPacket`).
    /// `None` for v2, whose commitment has another form.
    pub fn commitment(&self) -> Option<[u8; 32]> {
        let Body::V1 { data } = &self.body else {
            return None;
        };
        let mut hash = Sha256::new();
        hash.update(self.timeout.timestamp_ns.to_be_bytes());
        hash.update(self.timeout.height.revision.to_be_bytes());
        hash.update(self.timeout.height.height.to_be_bytes());
        hash.update(Sha256::digest(data));
        Some(hash.finalize().into())
    }
}

impl Timeout {
    /// Whether a block at this height and time is past the timeout: such a block
    /// refuses to receive the packet, and a later proof can time it out.
    pub fn is_past(&self, height: Height, time_ns: u64) -> bool {
        let by_height = !self.height.is_zero() && height >= self.height;
        let by_time = self.timestamp_ns != 0 && time_ns >= self.timestamp_ns;
        by_height || by_time
    }
}

/// The value a destination chain keeps for a written v1 acknowledgement (ibc-go
/// `04-channel/types.CommitAcknowledgement`).
pub fn acknowledgement_commitment(acknowledgement: &[u8]) -> [u8; 32] {
    Sha256::digest(acknowledgement).into()
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.src, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_past_once_height_or_time_reaches_it() {
        let by = |revision, height, timestamp_ns| Timeout {
            height: Height::new(revision, height),
            timestamp_ns,
        };
        let at = Height::new(2, 100);
        assert!(!by(0, 0, 0).is_past(at, 5));
        assert!(by(2, 100, 0).is_past(at, 5));
        assert!(!by(2, 101, 0).is_past(at, 5));
        assert!(!by(3, 1, 0).is_past(at, 5));
        assert!(by(2, 101, 5).is_past(at, 5));
        assert!(!by(2, 101, 6).is_past(at, 5));
    }

    #[test]
    fn a_timeout_at_height_zero_of_a_revision_is_a_timeout() {
        let timeout = Timeout {
            height: Height::new(2, 0),
            timestamp_ns: 0,
        };
        assert!(timeout.is_past(Height::new(2, 1), 0));
        assert!(!timeout.is_past(Height::new(1, 9), 0));
    }
}
