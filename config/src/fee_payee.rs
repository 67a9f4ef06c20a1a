//! Who is paid on a chain the fees that senders of packets offer to relayers (ICS-29).

use serde::de::{Deserialize, Deserializer, Error};

/// The field's value for the account that relays on the chain itself.
const OWN: &str = "self";

/// Who is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeePayee {
    /// The account of `key` on the chain.
    Own,
    /// The account with this address.
    Address(String),
}

impl<'de> Deserialize<'de> for FeePayee {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        // An address has a `1` between its prefix and the rest (BIP-173).
        let is_address = text.contains('1') && text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.as_str() {
            OWN => Ok(Self::Own),
            _ if is_address => Ok(Self::Address(text)),
            _ => Err(D::Error::custom(
                "write an address of the chain, or `self` for the account that relays on it",
            )),
        }
    }
}

impl FeePayee {
    /// Whether it can be an account of a chain with this prefix.
    pub(crate) fn fits(&self, account_prefix: &str) -> bool {
        match self {
            Self::Own => true,
            Self::Address(address) => address
                .rsplit_once('1')
                .is_some_and(|(prefix, _)| prefix == account_prefix),
        }
    }
}
