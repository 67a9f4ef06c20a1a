//! Values with their proofs, and where events may be found.

use serde::{Deserialize, Serialize};

use crate::{End, Height, Sequence, StorePath};

/// A proof as a chain of the source's kind makes it and a client of it verifies
/// it: bytes that nobody else reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
    /// The height of the source whose consensus state it verifies against: the
    /// proof height of a message.
    pub height: Height,
}

/// What a consensus state commits to, in the form of its chain's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(pub Vec<u8>);

impl Root {
    /// Of a consensus state that proves nothing: a client was upgraded to it (ibc-go
    /// `07-tendermint` `SentinelRoot`), and headers are verified from it.
    pub fn none() -> Self {
        Self(vec![])
    }

    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value of the IBC store with its proof, as a node gave it: not yet checked
/// against a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub path: StorePath,
    /// The stored bytes; `None` is proven absence.
    pub value: Option<Vec<u8>>,
    pub proof: Proof,
    /// Revision height of the state the value is of.
    pub height: u64,
}

/// An event looked for in a node's transaction index: the last resort for what
/// was written before Tern looked and whose state is pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventQuery {
    /// The block of `send_packet` by its source end.
    Send { src: End, sequence: Sequence },
    /// The block of `write_acknowledgement` by its destination end.
    Ack { dst: End, sequence: Sequence },
}
