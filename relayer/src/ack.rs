//! The content of an acknowledgement (ICS-04).

use serde::Deserialize;

/// The result in an ICS-20 acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ack {
    Success,
    Error(String),
}

impl Ack {
    /// Decodes the usual JSON of ICS-04: `{"result": …}` or `{"error": …}`.
    pub fn read(bytes: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Envelope {
            Result(#[allow(dead_code)] serde_json::Value),
            Error(String),
        }
        match serde_json::from_slice(bytes) {
            Ok(Envelope::Result(_)) => Self::Success,
            Ok(Envelope::Error(text)) => Self::Error(text),
            Err(_) => Self::Error(format!(
                "not an ICS-20 acknowledgement: {}",
                hex::encode(bytes)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_in_an_unknown_format_is_not_a_success() {
        assert!(matches!(Ack::read(b"\x01"), Ack::Error(_)));
        assert!(matches!(Ack::read(b"{}"), Ack::Error(_)));
        assert_eq!(Ack::read(br#"{"result":"AQ=="}"#), Ack::Success);
    }
}
