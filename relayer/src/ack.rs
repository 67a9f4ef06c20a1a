//! The content of an acknowledgement (ICS-04), also one in the envelope of the fee
//! middleware (ICS-29), which chains up to ibc-go v9 have on channels of that version.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
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
        match serde_json::from_slice::<FeeEnvelope>(bytes) {
            Ok(fee) if fee.underlying_app_success => Self::Success,
            Ok(fee) => match STANDARD
                .decode(&fee.app_acknowledgement)
                .map(|ack| plain(&ack))
            {
                Ok(Self::Error(text)) => Self::Error(text),
                _ => unknown(bytes),
            },
            Err(_) => plain(bytes),
        }
    }
}

#[derive(Deserialize)]
struct FeeEnvelope {
    /// The application's own, in base64.
    app_acknowledgement: String,
    /// What the application said of it.
    underlying_app_success: bool,
}

/// Without an envelope.
fn plain(bytes: &[u8]) -> Ack {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Envelope {
        Result(#[allow(dead_code)] serde_json::Value),
        Error(String),
    }
    match serde_json::from_slice(bytes) {
        Ok(Envelope::Result(_)) => Ack::Success,
        Ok(Envelope::Error(text)) => Ack::Error(text),
        Err(_) => unknown(bytes),
    }
}

fn unknown(bytes: &[u8]) -> Ack {
    Ack::Error(format!(
        "not an ICS-20 acknowledgement: {}",
        hex::encode(bytes)
    ))
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

    /// The first is from a block of `simd` of ibc-go v7.
    #[test]
    fn in_the_envelope_of_the_fee_middleware_is_what_the_application_said() {
        let taken = br#"{"app_acknowledgement":"eyJyZXN1bHQiOiJBUT09In0=","forward_relayer_address":"","underlying_app_success":true}"#;
        assert_eq!(Ack::read(taken), Ack::Success);
        let refused = br#"{"app_acknowledgement":"eyJlcnJvciI6IkFCQ0kgY29kZTogNTogZXJyb3IgaGFuZGxpbmcgcGFja2V0OiBzZWUgZXZlbnRzIGZvciBkZXRhaWxzIn0=","forward_relayer_address":"cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4","underlying_app_success":false}"#;
        let why = "ABCI code: 5: error handling packet: see events for details";
        assert_eq!(Ack::read(refused), Ack::Error(why.to_owned()));
        // One that contradicts itself, or whose content cannot be read, is none.
        for wrong in ["eyJyZXN1bHQiOiJBUT09In0=", "", "*"] {
            let ack =
                format!(r#"{{"app_acknowledgement":"{wrong}","underlying_app_success":false}}"#);
            let Ack::Error(text) = Ack::read(ack.as_bytes()) else {
                panic!("{ack} is taken for a success");
            };
            assert!(text.starts_with("not an ICS-20"), "{text}");
        }
    }
}
