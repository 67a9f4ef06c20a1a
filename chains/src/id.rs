//! Identifiers of clients, connections, channels and ports (ICS-24), and packet
//! sequences.
//!
//! An identifier is checked when it is read and shared when it is cloned: every
//! key of the ledger has some.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no identifier of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a {kind} identifier: {min} to {max} letters, digits or characters of `._+-#[]<>`"
)]
pub struct IdError {
    pub kind: &'static str,
    pub text: String,
    pub min: usize,
    pub max: usize,
}

/// The characters ICS-24 allows in an identifier.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._+-#[]<>".contains(&byte)
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $min:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let is_id = ($min..=$max).contains(&text.len()) && text.bytes().all(is_allowed);
                if is_id {
                    return Ok(Self(text.into()));
                }
                Err(IdError {
                    kind: $kind,
                    text: text.to_owned(),
                    min: $min,
                    max: $max,
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

identifier!(
    /// A light client on its host chain, such as `07-tendermint-3`.
    ClientId, "client", 9, 64
);
identifier!(
    /// A connection end, such as `connection-0`.
    ConnectionId, "connection", 10, 64
);
identifier!(
    /// A channel end, such as `channel-7`; unique on its chain.
    ChannelId, "channel", 8, 64
);
identifier!(
    /// The port an application listens on, such as `transfer`.
    PortId, "port", 2, 128
);

impl ConnectionId {
    /// `connection-{number}`, as ibc-go names them.
    pub fn new(number: u64) -> Self {
        Self(format!("connection-{number}").into())
    }
}

impl ChannelId {
    /// `channel-{number}`, as ibc-go names them.
    pub fn new(number: u64) -> Self {
        Self(format!("channel-{number}").into())
    }
}

impl PortId {
    /// The port of ICS-20.
    pub fn transfer() -> Self {
        Self("transfer".into())
    }
}

/// A packet's number on the end it was sent from; the first is 1 (ICS-04).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(u64);

impl Sequence {
    pub fn as_u64(&self) -> u64 {
        self.0
    }
}

impl From<u64> for Sequence {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked_as_ics_24_says() {
        for good in ["channel-0", "channel-117", "ab.c_d+e-f"] {
            assert!(good.parse::<ChannelId>().is_ok(), "{good}");
        }
        for bad in ["", "channel", "channel/0", "channel 0", "channel-0\n"] {
            assert!(bad.parse::<ChannelId>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(65).parse::<ChannelId>().is_err());
        assert!("a".repeat(65).parse::<PortId>().is_ok());
    }

    #[test]
    fn an_error_repeats_the_text_and_says_what_is_allowed() {
        let error = "x".parse::<PortId>().unwrap_err().to_string();
        assert!(
            error.starts_with("`x` is not a port identifier: 2 to 128"),
            "{error}"
        );
    }
}
