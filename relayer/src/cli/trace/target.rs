//! What a person gave to `tern trace`: a packet, the hash of a transaction, or a sender.
//! Pure.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::Bech32;
use tern_chains::{ChannelId, PortId, TxHash};

use crate::cli::path::PathArgs;

/// Whose packets are traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Packet {
        path: PathArgs,
        sequence: u64,
    },
    /// Those of a transaction; on this chain, if it is given.
    Tx {
        hash: TxHash,
        chain: Option<String>,
    },
}

/// Why the arguments name nothing that can be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error(
        "`{0}` is not the hash of a transaction, which has 64 hexadecimal digits; \
         to trace a packet, give its channel and its sequence after the chain"
    )]
    NotAHash(String),
    #[error("a packet is given by its source chain, its channel and its sequence")]
    NoSequence,
    #[error("`--chain` goes with the hash of a transaction or with a sender only")]
    ChainOfPacket,
}

/// The arguments as they are on the command line.
pub fn target(
    first: &str,
    channel: Option<ChannelId>,
    sequence: Option<u64>,
    port: PortId,
    chain: Option<String>,
) -> Result<Target, TargetError> {
    match (channel, sequence) {
        (Some(_), Some(_)) if chain.is_some() => Err(TargetError::ChainOfPacket),
        (Some(channel), Some(sequence)) => Ok(Target::Packet {
            path: PathArgs {
                chain: first.to_owned(),
                channel,
                port,
            },
            sequence,
        }),
        (None, None) => match tx_hash(first) {
            Some(hash) => Ok(Target::Tx { hash, chain }),
            None => Err(TargetError::NotAHash(first.to_owned())),
        },
        _ => Err(TargetError::NoSequence),
    }
}

/// 64 hexadecimal digits, as explorers and wallets write them.
fn tx_hash(text: &str) -> Option<TxHash> {
    let digits = text
        .strip_prefix("0x")
        .or(text.strip_prefix("0X"))
        .unwrap_or(text);
    let mut hash = [0; 32];
    hex::decode_to_slice(digits, &mut hash).ok()?;
    Some(TxHash(hash))
}

/// The account prefix of an address.
pub fn account_prefix(address: &str) -> Result<String, String> {
    let checked = CheckedHrpstring::new::<Bech32>(address);
    let read = checked
        .map_err(|_| "not an address of a Cosmos chain: check the spelling, and give all of it")?;
    Ok(read.hrp().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789ABCDEF0123456789abcdef0123456789ABCDEF0123456789abcdef";

    fn read(
        first: &str,
        channel: Option<&str>,
        sequence: Option<u64>,
    ) -> Result<Target, TargetError> {
        let channel = channel.map(|text| text.parse().unwrap());
        target(first, channel, sequence, PortId::transfer(), None)
    }

    #[test]
    fn a_hash_may_be_written_as_wallets_and_explorers_do() {
        let bytes = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF].repeat(4);
        let hash = TxHash(bytes.try_into().unwrap());
        let tx = Ok(Target::Tx { hash, chain: None });
        for text in [
            HASH.to_owned(),
            HASH.to_lowercase(),
            format!("0x{HASH}"),
            format!("0X{HASH}"),
        ] {
            assert_eq!(read(&text, None, None), tx, "{text}");
        }
    }

    #[test]
    fn three_arguments_are_a_packet() {
        let Ok(Target::Packet { path, sequence }) = read("akash-a", Some("channel-0"), Some(7))
        else {
            panic!("not a packet");
        };
        assert_eq!(path.chain, "akash-a");
        assert_eq!(
            (path.channel.as_str(), path.port.as_str()),
            ("channel-0", "transfer")
        );
        assert_eq!(sequence, 7);
    }

    #[test]
    fn what_is_neither_says_what_is_missing() {
        for wrong in ["akash-a", "", "0x", &HASH[1..], &format!("{HASH}0"), "é"] {
            let error = TargetError::NotAHash(wrong.to_owned());
            assert_eq!(read(wrong, None, None), Err(error));
        }
        let half = read("akash-a", Some("channel-0"), None);
        assert_eq!(half, Err(TargetError::NoSequence));
    }

    #[test]
    fn an_address_says_its_prefix_and_a_spelling_mistake_is_found() {
        let hrp = bech32::Hrp::parse("cosmos").unwrap();
        let address = bech32::encode::<Bech32>(hrp, &[7; 20]).unwrap();
        assert_eq!(account_prefix(&address).as_deref(), Ok("cosmos"));
        let wrong = address.replacen("cosmos1", "cosmos1q", 1);
        assert!(account_prefix(&wrong).is_err());
        assert!(account_prefix("me").is_err());
    }
}
