//! Accounts that pay the fees of others (`x/feegrant` of the SDK).

use cosmrs::proto::cosmos::base::v1beta1::Coin as CoinProto;
use cosmrs::proto::cosmos::feegrant::v1beta1::{
    AllowedMsgAllowance, BasicAllowance, MsgGrantAllowance, MsgRevokeAllowance,
};
use cosmrs::proto::Timestamp;
use cosmrs::Any;
use prost::Name;
use tern_chains::{BlockTime, Coin, Encoded, Message, MessageKind};

const NANOS: u64 = 1_000_000_000;

/// What a chain says, whatever the code, where a granter does not pay: there is no allowance,
/// or it is used up, has ended, or is for other messages (SDK `x/auth/ante/fee.go`).
pub const NOT_ALLOWED: &str = "does not allow to pay fees for";

/// What an account lets another spend on fees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Most that is spent altogether. `None` is no limit.
    pub limit: Option<Coin>,
    /// Nothing is spent after this block time. `None` is no end.
    pub expires: Option<BlockTime>,
    /// Type names of the only messages that it is for. None of them is any message.
    pub messages: Vec<String>,
}

/// `MsgGrantAllowance`. The chain refuses it where there is an allowance already. It makes the
/// account of `grantee`, if there is none.
pub fn grant(granter: &str, grantee: &str, allowance: &Allowance) -> Message {
    let basic = BasicAllowance {
        spend_limit: allowance.limit.iter().map(coin).collect(),
        expiration: allowance.expires.map(timestamp),
    };
    let allowance = match allowance.messages.as_slice() {
        [] => any(&basic),
        messages => any(&AllowedMsgAllowance {
            allowance: Some(any(&basic)),
            allowed_messages: messages.to_vec(),
        }),
    };
    message(&MsgGrantAllowance {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        allowance: Some(allowance),
    })
}

/// `MsgRevokeAllowance`. The chain refuses it where there is no allowance.
pub fn revoke(granter: &str, grantee: &str) -> Message {
    message(&MsgRevokeAllowance {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
    })
}

fn coin(coin: &Coin) -> CoinProto {
    CoinProto {
        denom: coin.denom.clone(),
        amount: coin.amount.to_string(),
    }
}

fn timestamp(time: BlockTime) -> Timestamp {
    // Both fit: the largest time has 11 digits of seconds.
    Timestamp {
        seconds: (time.0 / NANOS) as i64,
        nanos: (time.0 % NANOS) as i32,
    }
}

fn any<M: Name>(message: &M) -> Any {
    Any {
        type_url: format!("/{}", M::full_name()),
        value: message.encode_to_vec(),
    }
}

fn message<M: Name>(message: &M) -> Message {
    let Any { type_url, value } = any(message);
    Message {
        kind: MessageKind::Other,
        encoded: Encoded {
            type_name: type_url,
            bytes: value,
        },
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn granted(allowance: &Allowance) -> Any {
        let message = grant("akash1rich", "akash1poor", allowance).encoded;
        assert_eq!(
            message.type_name,
            "/cosmos.feegrant.v1beta1.MsgGrantAllowance"
        );
        let read = MsgGrantAllowance::decode(message.bytes.as_slice()).unwrap();
        assert_eq!((read.granter, read.grantee).0, "akash1rich");
        read.allowance.unwrap()
    }

    #[test]
    fn an_allowance_has_the_limits_that_were_given() {
        let unlimited = granted(&Allowance::default());
        assert_eq!(
            (unlimited.type_url.as_str(), unlimited.value.len()),
            ("/cosmos.feegrant.v1beta1.BasicAllowance", 0)
        );
        let limited = granted(&Allowance {
            limit: Some(Coin {
                denom: "uakt".to_owned(),
                amount: 25,
            }),
            expires: Some(BlockTime(3_000_000_007)),
            messages: vec![],
        });
        let basic = BasicAllowance::decode(limited.value.as_slice()).unwrap();
        assert_eq!(basic.spend_limit[0].amount, "25");
        let expires = basic.expiration.unwrap();
        assert_eq!((expires.seconds, expires.nanos), (3, 7));
    }

    #[test]
    fn an_allowance_for_some_messages_is_around_the_other() {
        let only = vec!["/ibc.core.channel.v1.MsgRecvPacket".to_owned()];
        let allowance = granted(&Allowance {
            messages: only.clone(),
            ..Allowance::default()
        });
        assert_eq!(
            allowance.type_url,
            "/cosmos.feegrant.v1beta1.AllowedMsgAllowance"
        );
        let allowed = AllowedMsgAllowance::decode(allowance.value.as_slice()).unwrap();
        assert_eq!(allowed.allowed_messages, only);
        let inner = allowed.allowance.unwrap().type_url;
        assert_eq!(inner, "/cosmos.feegrant.v1beta1.BasicAllowance");
    }

    #[test]
    fn an_allowance_is_taken_back() {
        let message = revoke("akash1rich", "akash1poor").encoded;
        let read = MsgRevokeAllowance::decode(message.bytes.as_slice()).unwrap();
        assert_eq!(
            (read.granter.as_str(), read.grantee.as_str()),
            ("akash1rich", "akash1poor")
        );
    }
}
