//! What an acknowledgement says (ICS-04).

use serde::Deserialize;

/// What an ICS-20 acknowledgement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ack {
    Success,
    Error(String),
}

impl Ack {
    /// ICS-04's usual envelope: `{"result": …}` or `{"error": …}`.
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
            Err(_) => Self::Error(format!("not an ICS-20 answer: {}", hex::encode(bytes))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_of_an_unknown_form_is_no_success() {
        assert!(matches!(Ack::read(b"\x01"), Ack::Error(_)));
        assert!(matches!(Ack::read(b"{}"), Ack::Error(_)));
        assert_eq!(Ack::read(br#"{"result":"AQ=="}"#), Ack::Success);
    }
}
