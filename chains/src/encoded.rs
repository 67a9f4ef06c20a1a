//! Bytes that only chains of one kind read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A client state, consensus state, header or message in the encoding of its
/// chain's kind. Whoever is not of that kind hands it on unread.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoded {
    /// The name of the type, such as a protobuf type URL.
    pub type_name: String,
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

impl Encoded {
    /// Bytes of the name and the value together, without framing.
    pub fn size(&self) -> usize {
        self.type_name.len() + self.bytes.len()
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.type_name, self.bytes.len())
    }
}
