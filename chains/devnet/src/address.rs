//! Bech32 addresses, and the addresses of modules and escrow accounts.

use bech32::{Bech32, Hrp};
use sha2::{Digest, Sha256};

/// The bytes behind an address of this chain.
pub(crate) fn decode(prefix: &str, address: &str) -> Option<Vec<u8>> {
    let (hrp, bytes) = bech32::decode(address).ok()?;
    (hrp.as_str() == prefix && matches!(bytes.len(), 20 | 32)).then_some(bytes)
}

pub(crate) fn encode(prefix: &str, bytes: &[u8]) -> Option<String> {
    bech32::encode::<Bech32>(Hrp::parse(prefix).ok()?, bytes).ok()
}

/// The escrow account of an ICS-20 channel (ibc-go `GetEscrowAddress`).
pub(crate) fn escrow(port: &str, channel: &str) -> [u8; 20] {
    first_twenty(&Sha256::digest(
        [b"ics20-1\0", format!("{port}/{channel}").as_bytes()].concat(),
    ))
}

/// A module's account (SDK `NewModuleAddress`).
pub(crate) fn module(name: &str) -> [u8; 20] {
    first_twenty(&Sha256::digest(name))
}

fn first_twenty(hash: &[u8]) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&hash[..20]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escrow_and_module_addresses_are_those_of_the_sdk() {
        let encoded = |prefix, bytes: [u8; 20]| encode(prefix, &bytes).unwrap_or_default();
        let escrow = encoded("cosmos", escrow("transfer", "channel-0"));
        // As on every chain; only the checksum depends on the prefix.
        assert!(
            escrow.starts_with("cosmos1a53udazy8ayufvy0s434pfwjcedzqv34"),
            "{escrow}"
        );
        assert_eq!(
            encoded("cosmos", module("fee_collector")),
            "cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta"
        );
    }

    #[test]
    fn only_addresses_of_this_chain_are_read() {
        let address = encode("kava", &[7; 20]).unwrap_or_default();
        assert_eq!(decode("kava", &address), Some(vec![7; 20]));
        assert_eq!(decode("akash", &address), None);
        assert_eq!(decode("kava", "kava1nonsense"), None);
    }
}
