//! What a packet of the transfer application says (ICS-20), and the forwarding that its
//! memo asks for (packet-forward-middleware). Pure.

use serde::Deserialize;
use tern_chains::{ChannelId, Packet, PortId};

/// Packet data that is larger is not read. ibc-go takes a memo of 32,768 bytes.
const DATA_BYTES_MAX: usize = 128 * 1024;
const MEMO_BYTES_MAX: usize = 32 * 1024;
/// An amount and a denom are shown up to so many characters each.
const SHOWN_CHARS_MAX: usize = 40;

/// The data of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    pub amount: String,
    /// With the channels that they came over, as in `transfer/channel-0/uakt`.
    pub denom: String,
    pub sender: String,
    pub receiver: String,
    #[serde(default)]
    memo: String,
}

/// Where the receiving chain sends the tokens on to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Forward {
    pub receiver: String,
    pub port: PortId,
    pub channel: ChannelId,
}

impl Tokens {
    /// `None` if the packet is of another application.
    pub fn of(packet: &Packet) -> Option<Self> {
        let data = packet.data();
        if data.len() > DATA_BYTES_MAX {
            return None;
        }
        serde_json::from_slice(data).ok()
    }

    /// `None` if the receiving chain keeps the tokens.
    pub fn forward(&self) -> Option<Forward> {
        #[derive(Deserialize)]
        struct Memo {
            forward: Forward,
        }
        if self.memo.len() > MEMO_BYTES_MAX {
            return None;
        }
        let memo: Memo = serde_json::from_str(&self.memo).ok()?;
        Some(memo.forward)
    }

    /// The amount and the denom without the channels before it.
    pub fn amount(&self) -> String {
        let mut parts = self.denom.split('/').peekable();
        let mut rest = self.denom.as_str();
        while let Some(port) = parts.next() {
            let is_channel = |part: &&str| part.parse::<ChannelId>().is_ok_and(is_numbered);
            let Some(channel) = parts.next_if(is_channel) else {
                break;
            };
            rest = rest.get(port.len() + channel.len() + 2..).unwrap_or(rest);
        }
        format!("{} {}", shortened(&self.amount), shortened(rest))
    }
}

/// Whether it is a channel id as ibc-go makes them: `channel-7`.
fn is_numbered(id: ChannelId) -> bool {
    let number = id.as_str().strip_prefix("channel-");
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::super::testing::transfer;
    use super::*;

    fn tokens(denom: &str, memo: &str) -> Tokens {
        Tokens::of(&transfer("channel-0", 7, denom, "kava1b", memo)).unwrap()
    }

    #[test]
    fn the_memo_says_where_tokens_are_sent_on_to() {
        let memo = r#"{"forward":{"receiver":"osmo1c","port":"transfer","channel":"channel-3",
            "timeout":"10m","retries":2,"next":{"forward":{"receiver":"x"}}}}"#;
        let forward = tokens("uakt", memo).forward().unwrap();
        assert_eq!(forward.receiver, "osmo1c");
        assert_eq!(forward.port.as_str(), "transfer");
        assert_eq!(forward.channel.as_str(), "channel-3");
    }

    #[test]
    fn a_memo_for_others_forwards_nothing() {
        for memo in [
            "",
            "thanks",
            "{}",
            r#"{"wasm":{"contract":"osmo1x"}}"#,
            r#"{"forward":{"receiver":"osmo1c","port":"transfer"}}"#,
            r#"{"forward":"osmo1c"}"#,
        ] {
            assert_eq!(tokens("uakt", memo).forward(), None, "{memo}");
        }
    }

    #[test]
    fn a_memo_that_is_too_long_is_not_read() {
        let memo = |padding: usize| {
            let filler = "x".repeat(padding);
            format!(
                r#"{{"forward":{{"receiver":"{filler}","port":"transfer","channel":"channel-3"}}}}"#
            )
        };
        assert!(tokens("uakt", &memo(1_000)).forward().is_some());
        assert_eq!(tokens("uakt", &memo(MEMO_BYTES_MAX)).forward(), None);
        let data = transfer("channel-0", 7, "uakt", "kava1b", &memo(DATA_BYTES_MAX));
        assert_eq!(Tokens::of(&data), None);
    }

    #[test]
    fn a_memo_that_is_nested_without_end_is_refused_and_no_overflow() {
        let memo = "[".repeat(MEMO_BYTES_MAX);
        assert_eq!(tokens("uakt", &memo).forward(), None);
    }

    #[test]
    fn a_denom_is_told_without_the_channels_it_came_over() {
        for (denom, told) in [
            ("uakt", "100 uakt"),
            ("transfer/channel-0/uakt", "100 uakt"),
            ("transfer/channel-0/transfer/channel-17/uakt", "100 uakt"),
            ("factory/akash1x/point", "100 factory/akash1x/point"),
            ("transfer/channel-0/factory/a/b", "100 factory/a/b"),
            ("transfer/channel-0", "100 transfer/channel-0"),
        ] {
            assert_eq!(tokens(denom, "").amount(), told);
        }
        let long = tokens(&"d".repeat(60), "").amount();
        assert_eq!(long, format!("100 {}…", "d".repeat(40)));
    }
}
