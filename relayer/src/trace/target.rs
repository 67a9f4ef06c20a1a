//! What is looked for: a packet, the packets of a transaction, or those of a sender. Pure.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::Bech32;
use tern_chains::{ChainId, ChannelId, PortId, TxHash};
use tern_core::ledger::ChannelKey;

/// Whose packets are traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Packet {
        src: ChannelKey,
        sequence: u64,
    },
    /// Those of a transaction; on this chain, if it is given.
    Tx {
        hash: TxHash,
        chain: Option<String>,
    },
    /// The newest of an account; on this chain, if it is given.
    Sender {
        sender: Sender,
        chain: Option<String>,
        limit: usize,
    },
}

/// An address whose spelling was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub address: String,
    pub prefix: String,
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
    #[error("`{0}` is not an address of a Cosmos chain: check the spelling, and give all of it")]
    NotAnAddress(String),
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
            src: ChannelKey {
                chain: ChainId::from_string(first),
                port_id: port,
                channel_id: channel,
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
pub fn tx_hash(text: &str) -> Option<TxHash> {
    let digits = text
        .strip_prefix("0x")
        .or(text.strip_prefix("0X"))
        .unwrap_or(text);
    let mut hash = [0; 32];
    hex::decode_to_slice(digits, &mut hash).ok()?;
    Some(TxHash(hash))
}

impl Sender {
    pub fn read(address: &str) -> Result<Self, TargetError> {
        let checked = CheckedHrpstring::new::<Bech32>(address);
        let read = checked.map_err(|_| TargetError::NotAnAddress(address.to_owned()))?;
        Ok(Self {
            address: address.to_owned(),
            prefix: read.hrp().to_lowercase(),
        })
    }
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
        let Ok(Target::Packet { src, sequence }) = read("akash-a", Some("channel-0"), Some(7))
        else {
            panic!("not a packet");
        };
        assert_eq!(src.chain.as_str(), "akash-a");
        assert_eq!(
            (src.channel_id.as_str(), src.port_id.as_str()),
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
        assert_eq!(Sender::read(&address).unwrap().prefix, "cosmos");
        let wrong = address.replacen("cosmos1", "cosmos1q", 1);
        assert_eq!(Sender::read(&wrong), Err(TargetError::NotAnAddress(wrong)));
        assert!(Sender::read("me").is_err());
    }
}
