//! The messages of the fee middleware (ICS-29) that say who is paid for what a relayer does.

use ibc_proto::ibc::applications::fee::v1::{MsgRegisterCounterpartyPayee, MsgRegisterPayee};
use prost::Name;
use tern_chains::{ChannelId, Encoded, Message, MessageKind, PortId};
pub use tern_cosmos::PayeeRole;

/// Who is paid for what an account does on a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registration {
    pub role: PayeeRole,
    pub port: PortId,
    pub channel: ChannelId,
    /// The account that relays to the chain of the channel.
    pub relayer: String,
    /// An address of that chain, or of its counterparty: as the role says.
    pub payee: String,
}

impl Registration {
    /// The registration as a message of a transaction that `relayer` signs.
    pub fn message(&self) -> Message {
        let (port_id, channel_id) = (self.port.to_string(), self.channel.to_string());
        let (relayer, payee) = (self.relayer.clone(), self.payee.clone());
        let encoded = match self.role {
            PayeeRole::Payee => encoded(&MsgRegisterPayee {
                port_id,
                channel_id,
                relayer,
                payee,
            }),
            PayeeRole::Counterparty => encoded(&MsgRegisterCounterpartyPayee {
                port_id,
                channel_id,
                relayer,
                counterparty_payee: payee,
            }),
        };
        Message {
            kind: MessageKind::Other,
            encoded,
        }
    }
}

fn encoded<T: prost::Message + Name>(message: &T) -> Encoded {
    Encoded {
        type_name: T::type_url(),
        bytes: message.encode_to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn each_role_has_a_message_of_its_own() {
        let mut registration = Registration {
            role: PayeeRole::Counterparty,
            port: "transfer".parse().unwrap(),
            channel: "channel-3".parse().unwrap(),
            relayer: "kava1x".to_owned(),
            payee: "akash1y".to_owned(),
        };
        let Encoded { type_name, bytes } = registration.message().encoded;
        assert_eq!(
            type_name,
            "/ibc.applications.fee.v1.MsgRegisterCounterpartyPayee"
        );
        let read = MsgRegisterCounterpartyPayee::decode(bytes.as_slice()).unwrap();
        assert_eq!(read.channel_id, "channel-3");
        assert_eq!(read.relayer, "kava1x");
        assert_eq!(read.counterparty_payee, "akash1y");

        registration.role = PayeeRole::Payee;
        let Encoded { type_name, bytes } = registration.message().encoded;
        assert_eq!(type_name, "/ibc.applications.fee.v1.MsgRegisterPayee");
        let read = MsgRegisterPayee::decode(bytes.as_slice()).unwrap();
        assert_eq!(
            (read.relayer.as_str(), read.payee.as_str()),
            ("kava1x", "akash1y")
        );
    }
}
