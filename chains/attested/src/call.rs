//! The messages of this kind of chain: datagrams (ICS-18), transfers, payments.

use ibc_proto::cosmos::bank::v1beta1::MsgSend as BankSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height;
use serde::{Deserialize, Serialize};
use tern_chains::{Datagram, Encoded, Message, MessageKind, Timeout};
use tern_cosmos_core::NotEncodable;
use tern_devnet::mock::{MsgSend, SEND_URL};

const TYPE_NAME: &str = "/tern.attested.v1.Call";

/// One message of a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Call {
    Datagram(Box<Datagram>),
    Transfer(Transfer),
    SendMock(SendMock),
    Pay(Payment),
}

/// Sends coins over a channel (ICS-20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub port: String,
    pub channel: String,
    pub denom: String,
    pub amount: String,
    pub receiver: String,
    pub timeout: Timeout,
}

/// Sends a packet of any data over a channel of the mock application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMock {
    pub channel: String,
    #[serde(with = "hex::serde")]
    pub data: Vec<u8>,
    pub timeout: Timeout,
}

/// Pays another account of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub to: String,
    pub denom: String,
    pub amount: String,
}

impl Call {
    pub fn encode(&self) -> Message {
        let kind = match self {
            Self::Datagram(datagram) => datagram.kind(),
            Self::Transfer(_) | Self::SendMock(_) | Self::Pay(_) => MessageKind::Other,
        };
        Message {
            kind,
            encoded: Encoded {
                type_name: TYPE_NAME.to_owned(),
                // Plain data with text keys always has a form in JSON.
                bytes: serde_json::to_vec(self).unwrap_or_default(),
            },
        }
    }

    /// The message of ibc-go that the handlers take, from this signer.
    pub(crate) fn handled(&self, signer: &str) -> Result<Encoded, NotEncodable> {
        Ok(match self {
            Self::Datagram(datagram) => tern_cosmos_core::encode(datagram, signer)?.encoded,
            Self::Transfer(transfer) => transfer.handled(signer),
            Self::SendMock(send) => send.handled(signer),
            Self::Pay(payment) => payment.handled(signer),
        })
    }
}

impl Transfer {
    fn handled(&self, signer: &str) -> Encoded {
        let Timeout {
            height,
            timestamp_ns,
        } = self.timeout;
        let message = MsgTransfer {
            source_port: self.port.clone(),
            source_channel: self.channel.clone(),
            token: Some(coin(&self.denom, &self.amount)),
            sender: signer.to_owned(),
            receiver: self.receiver.clone(),
            timeout_height: (!height.is_zero()).then_some(Height {
                revision_number: height.revision,
                revision_height: height.height,
            }),
            timeout_timestamp: timestamp_ns,
            memo: String::new(),
        };
        encoded("/ibc.applications.transfer.v1.MsgTransfer", &message)
    }
}

impl SendMock {
    fn handled(&self, signer: &str) -> Encoded {
        let Timeout {
            height,
            timestamp_ns,
        } = self.timeout;
        let message = MsgSend {
            sender: signer.to_owned(),
            channel: self.channel.clone(),
            data: self.data.clone(),
            timeout_revision_number: height.revision,
            timeout_revision_height: height.height,
            timeout_timestamp: timestamp_ns,
        };
        encoded(SEND_URL, &message)
    }
}

impl Payment {
    fn handled(&self, signer: &str) -> Encoded {
        let message = BankSend {
            from_address: signer.to_owned(),
            to_address: self.to.clone(),
            amount: vec![coin(&self.denom, &self.amount)],
        };
        encoded("/cosmos.bank.v1beta1.MsgSend", &message)
    }
}

fn coin(denom: &str, amount: &str) -> Coin {
    Coin {
        denom: denom.to_owned(),
        amount: amount.to_owned(),
    }
}

fn encoded(url: &str, message: &impl prost::Message) -> Encoded {
    Encoded {
        type_name: url.to_owned(),
        bytes: message.encode_to_vec(),
    }
}
