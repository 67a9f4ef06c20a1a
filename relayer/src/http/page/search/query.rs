//! What somebody means who searches.

use tern_chains::ChannelId;

/// A text that was searched for, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// 64 hexadecimal digits, in capitals.
    Tx(String),
    Packet {
        /// Where it was sent from, if that is said.
        chain: Option<String>,
        channel: ChannelId,
        sequence: u64,
    },
    /// Of an account: bech32.
    Address(String),
    /// A part of a name.
    Name(String),
}

impl Query {
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Self::Tx(digits.to_ascii_uppercase());
        }
        if let Some(packet) = packet(text) {
            return packet;
        }
        match bech32::decode(text) {
            Ok(_) => Self::Address(text.to_owned()),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

/// `channel-7 #1234`, `channel-7/1234`, `akash-a channel-7 1234`, also with the port.
fn packet(text: &str) -> Option<Query> {
    let mut words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || ['/', '#'].contains(&c))
        .filter(|word| !word.is_empty())
        .collect();
    let sequence = words.pop()?.parse().ok().filter(|sequence| *sequence > 0)?;
    let channel = words.pop()?;
    let number = channel.strip_prefix("channel-")?;
    number.parse::<u64>().ok()?;
    let channel = channel.parse().ok()?;
    let chain = match words.as_slice() {
        [] | ["transfer"] => None,
        [chain] | [chain, _] => Some((*chain).to_owned()),
        _ => return None,
    };
    Some(Query::Packet {
        chain,
        channel,
        sequence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_named_in_the_ways_people_write_it() {
        for (text, chain) in [
            ("channel-7 #1234", None),
            ("channel-7/1234", None),
            (" channel-7#1234 ", None),
            ("transfer/channel-7/1234", None),
            ("akash-a channel-7 #1234", Some("akash-a")),
            ("akash-a/transfer/channel-7/1234", Some("akash-a")),
        ] {
            let Query::Packet {
                chain: on,
                channel,
                sequence,
            } = Query::of(text)
            else {
                panic!("{text}");
            };
            assert_eq!((on.as_deref(), sequence), (chain, 1_234), "{text}");
            assert_eq!(channel.as_str(), "channel-7");
        }
        for text in [
            "channel-7",
            "channel-x/1",
            "channel-7/0",
            "channel-7 #x",
            "a b c channel-7/1",
        ] {
            assert!(matches!(Query::of(text), Query::Name(_)), "{text}");
        }
    }

    #[test]
    fn hashes_and_addresses_are_told_from_names() {
        let hash = "ab".repeat(32);
        assert_eq!(Query::of(&hash), Query::Tx("AB".repeat(32)));
        assert_eq!(Query::of(&format!("0x{hash}")), Query::Tx("AB".repeat(32)));
        let address = "cosmos1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu";
        assert_eq!(Query::of(address), Query::Address(address.to_owned()));
        assert_eq!(Query::of("akash"), Query::Name("akash".to_owned()));
        assert_eq!(Query::of(""), Query::Name(String::new()));
    }
}
