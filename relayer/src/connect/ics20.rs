//! The ICS-20 transfer message.

use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::{Message as _, Name};
use tern_chains::{ChannelId, Encoded, Message, MessageKind, PortId};

/// One transfer of tokens over a channel.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub src_port: PortId,
    pub src_channel: ChannelId,
    pub denom: String,
    pub amount: u128,
    pub sender: String,
    pub receiver: String,
    /// Nanoseconds since 1970, by the clock of the destination.
    pub timeout_timestamp: u64,
    pub memo: String,
}

impl Transfer {
    /// The transfer as a message of a transaction.
    pub fn message(&self) -> Message {
        let message = MsgTransfer {
            source_port: self.src_port.to_string(),
            source_channel: self.src_channel.to_string(),
            token: Some(Coin {
                denom: self.denom.clone(),
                amount: self.amount.to_string(),
            }),
            sender: self.sender.clone(),
            receiver: self.receiver.clone(),
            timeout_height: Some(Default::default()),
            timeout_timestamp: self.timeout_timestamp,
            memo: self.memo.clone(),
        };
        Message {
            kind: MessageKind::Other,
            encoded: Encoded {
                type_name: MsgTransfer::type_url(),
                bytes: message.encode_to_vec(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_encoded_with_its_amount_and_only_a_timeout_time() {
        let transfer = Transfer {
            src_port: "transfer".parse().unwrap(),
            src_channel: "channel-3".parse().unwrap(),
            denom: "uakt".to_owned(),
            amount: u128::MAX,
            sender: "akash1x".to_owned(),
            receiver: "kava1y".to_owned(),
            timeout_timestamp: 17,
            memo: "m".to_owned(),
        };
        let message = transfer.message();
        assert_eq!(
            message.encoded.type_name,
            "/ibc.applications.transfer.v1.MsgTransfer"
        );
        let read = MsgTransfer::decode(message.encoded.bytes.as_slice()).unwrap();
        assert_eq!(read.source_channel, "channel-3");
        assert_eq!(read.token.unwrap().amount, u128::MAX.to_string());
        assert_eq!(read.timeout_timestamp, 17);
        assert_eq!(read.timeout_height, Some(Default::default()));
    }
}
