//! What a token is called on the other side.

use sha2::{Digest, Sha256};

/// The denom of a token received over a transfer channel (ICS-20): the channel is
/// the receiving end's.
pub fn voucher(channel: &str, denom: &str) -> String {
    let trace = format!("transfer/{channel}/{denom}");
    let hash = Sha256::digest(trace.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("ibc/{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ATOM on Osmosis.
    #[test]
    fn a_voucher_is_named_by_the_hash_of_its_trace() {
        let atom = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
        assert_eq!(voucher("channel-0", "uatom"), atom);
    }
}
