//! The data of a token transfer (ICS-20), as far as rules and gas depend on it.

use serde::Deserialize;

/// The port that transfers have on their chains (ICS-20).
pub const PORT: &str = "transfer";

/// `FungibleTokenPacketData`, read as strictly as its sender writes it: a field that
/// is there twice, missing or not one of these makes it unreadable. A chain that reads
/// `SENDER` as `sender` would see another one than the rules did.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    pub denom: String,
    pub amount: String,
    pub sender: String,
    pub receiver: String,
    #[serde(default)]
    pub memo: String,
}

impl Transfer {
    pub fn read(data: &[u8]) -> Option<Self> {
        serde_json::from_slice(data).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_without_a_memo_has_an_empty_one() {
        let data = br#"{"amount":"1","denom":"uakt","receiver":"r","sender":"s"}"#;
        let transfer = Transfer::read(data).unwrap();
        assert_eq!(
            (transfer.denom.as_str(), transfer.memo.as_str()),
            ("uakt", "")
        );
    }

    #[test]
    fn a_field_that_is_there_twice_is_not_read_as_one_of_the_two() {
        let data = br#"{"amount":"1","denom":"a","sender":"s","sender":"t","receiver":"r"}"#;
        assert_eq!(Transfer::read(data), None);
        let data = br#"{"amount":"1","denom":"a","sender":"s","Sender":"t","receiver":"r"}"#;
        assert_eq!(Transfer::read(data), None);
        assert_eq!(Transfer::read(b"\x01\x02"), None);
    }
}
