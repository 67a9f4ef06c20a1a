//! Parameters of a call: JSON in a POST, strings in a GET, where text is in
//! quotes and bytes may be written as `0x…`.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use serde_json::{Map, Value};

use super::RpcError;

pub(super) struct Params {
    given: Map<String, Value>,
    /// Whether they come from a URI.
    uri: bool,
}

impl Params {
    pub fn from_json(params: &Value) -> Self {
        Self {
            given: params.as_object().cloned().unwrap_or_default(),
            uri: false,
        }
    }

    pub fn from_uri(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let given = pairs.map(|(key, value)| (decode(key), Value::String(decode(value))));
        Self {
            given: given.collect(),
            uri: true,
        }
    }

    /// A number, as a number or as text. 0 and nothing are `None`.
    pub fn number(&self, key: &str) -> Result<Option<u64>, RpcError> {
        let wrong = || RpcError::params(format!("{key} must be a number greater than 0"));
        let number = match self.given.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_u64().ok_or_else(wrong)?,
            Some(Value::String(text)) if unquoted(text).is_empty() => return Ok(None),
            Some(Value::String(text)) => unquoted(text).parse().map_err(|_| wrong())?,
            Some(_) => return Err(wrong()),
        };
        Ok((number > 0).then_some(number))
    }

    pub fn flag(&self, key: &str) -> bool {
        match self.given.get(key) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    pub fn text(&self, key: &str) -> String {
        let text = self.given.get(key).and_then(Value::as_str);
        let text = text.unwrap_or_default();
        if self.uri { unquoted(text) } else { text }.to_owned()
    }

    /// Bytes that JSON carries as hex (`abci_query`).
    pub fn hex(&self, key: &str) -> Result<Vec<u8>, RpcError> {
        self.bytes(key, |text| hex::decode(text).ok())
    }

    /// Bytes that JSON carries in base64 (transactions and hashes).
    pub fn base64(&self, key: &str) -> Result<Vec<u8>, RpcError> {
        self.bytes(key, |text| STANDARD.decode(text).ok())
    }

    fn bytes(
        &self,
        key: &str,
        decode: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, RpcError> {
        let text = self.given.get(key).and_then(Value::as_str);
        let text = text.unwrap_or_default();
        let bytes = match text.strip_prefix("0x") {
            Some(digits) => hex::decode(digits).ok(),
            None if self.uri && text.starts_with('"') => Some(unquoted(text).as_bytes().to_vec()),
            None => decode(text),
        };
        bytes.ok_or_else(|| RpcError::params(format!("{key} cannot be decoded")))
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('"')
}

/// Percent-decoding, with `+` for a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let mut byte = [0];
                match hex::decode_to_slice([*high, *low], &mut byte) {
                    Ok(()) => {
                        bytes.push(byte[0]);
                        rest = after;
                    }
                    Err(_) => bytes.push(b'%'),
                }
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_uri_and_a_body_say_the_same() {
        let uri = Params::from_uri("path=%22store%2Fibc%2Fkey%22&data=0x6869&height=5&prove=true");
        let json = json!({"path": "store/ibc/key", "data": "6869", "height": "5", "prove": true});
        for params in [uri, Params::from_json(&json)] {
            assert_eq!(params.text("path"), "store/ibc/key");
            assert_eq!(params.hex("data"), Ok(b"hi".to_vec()));
            assert_eq!(params.number("height"), Ok(Some(5)));
            assert_eq!(params.number("page"), Ok(None));
            assert!(params.flag("prove"));
        }
    }

    #[test]
    fn text_in_quotes_is_bytes_in_a_uri() {
        let params = Params::from_uri("tx=%22abc%22&height=%22%22");
        assert_eq!(params.base64("tx"), Ok(b"abc".to_vec()));
        assert_eq!(params.number("height"), Ok(None));
        assert!(Params::from_uri("height=-1").number("height").is_err());
    }
}
