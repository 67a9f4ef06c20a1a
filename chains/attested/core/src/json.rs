//! The encoding of everything that goes between chains: a type name, and JSON.

use serde::de::DeserializeOwned;
use serde::Serialize;
use tern_chains::Encoded;

/// A value with the name its type has between chains.
pub trait Encodes: Serialize + DeserializeOwned {
    const TYPE_NAME: &'static str;
}

/// Bytes that are not what their type name says, or a value of another type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {type_name}: {reason}")]
pub struct NotReadable {
    pub type_name: &'static str,
    pub reason: String,
}

pub fn encode<T: Encodes>(value: &T) -> Encoded {
    Encoded {
        type_name: T::TYPE_NAME.to_owned(),
        // Plain data with text keys always has a form in JSON.
        bytes: serde_json::to_vec(value).unwrap_or_default(),
    }
}

pub fn decode<T: Encodes>(encoded: &Encoded) -> Result<T, NotReadable> {
    let wrong = |reason| NotReadable {
        type_name: T::TYPE_NAME,
        reason,
    };
    if encoded.type_name != T::TYPE_NAME {
        return Err(wrong(format!("it is a {}", encoded.type_name)));
    }
    serde_json::from_slice(&encoded.bytes).map_err(|error| wrong(error.to_string()))
}
