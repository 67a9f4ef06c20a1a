//! What this signer signs: messages of an IBC relayer, for its chain, at a fee it
//! agrees to. So whoever takes over the relayer cannot send its funds away. Pure.

use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, SignDoc, TxBody};
use prost::Message;

/// What a relayer says to a chain. Nothing here moves the account's own tokens.
const MESSAGES: [&str; 17] = [
    "/ibc.core.client.v1.MsgCreateClient",
    "/ibc.core.client.v1.MsgUpdateClient",
    "/ibc.core.client.v1.MsgUpgradeClient",
    "/ibc.core.client.v1.MsgSubmitMisbehaviour",
    "/ibc.core.connection.v1.MsgConnectionOpenInit",
    "/ibc.core.connection.v1.MsgConnectionOpenTry",
    "/ibc.core.connection.v1.MsgConnectionOpenAck",
    "/ibc.core.connection.v1.MsgConnectionOpenConfirm",
    "/ibc.core.channel.v1.MsgChannelOpenInit",
    "/ibc.core.channel.v1.MsgChannelOpenTry",
    "/ibc.core.channel.v1.MsgChannelOpenAck",
    "/ibc.core.channel.v1.MsgChannelOpenConfirm",
    "/ibc.core.channel.v1.MsgChannelCloseConfirm",
    "/ibc.core.channel.v1.MsgRecvPacket",
    "/ibc.core.channel.v1.MsgAcknowledgement",
    "/ibc.core.channel.v1.MsgTimeout",
    "/ibc.core.channel.v1.MsgTimeoutOnClose",
];

/// For one chain.
#[derive(Clone, Debug)]
pub struct Rules {
    pub chain_id: String,
    /// The fee of a transaction is at most this much, of this denom.
    pub fee_max: u128,
    pub fee_denom: String,
}

impl Rules {
    /// Whether this document is signed; the error is the reason why not.
    pub fn check(&self, sign_doc: &[u8]) -> Result<(), String> {
        let document: SignDoc = decoded("the document", sign_doc)?;
        if document.chain_id != self.chain_id {
            return Err(format!(
                "it is for chain `{}`, not `{}`",
                document.chain_id, self.chain_id
            ));
        }
        let body: TxBody = decoded("the body", &document.body_bytes)?;
        let auth: AuthInfo = decoded("the signers", &document.auth_info_bytes)?;
        if body.messages.is_empty() {
            return Err("there is no message in it".to_owned());
        }
        let types = body
            .messages
            .iter()
            .map(|message| message.type_url.as_str());
        for name in types {
            if !MESSAGES.contains(&name) {
                return Err(format!("`{name}` is not a message of a relayer"));
            }
        }
        if !body.extension_options.is_empty() || !body.non_critical_extension_options.is_empty() {
            return Err("it has extension options".to_owned());
        }
        if body.timeout_height == 0 {
            return Err("it is valid without an end".to_owned());
        }
        self.check_fee(&auth)
    }

    fn check_fee(&self, auth: &AuthInfo) -> Result<(), String> {
        if auth.signer_infos.len() != 1 {
            return Err(format!("it has {} signers", auth.signer_infos.len()));
        }
        let fee = auth.fee.clone().unwrap_or_default();
        if !fee.payer.is_empty() || !fee.granter.is_empty() {
            return Err("another account pays for it".to_owned());
        }
        for coin in &fee.amount {
            let amount: u128 = coin.amount.parse().unwrap_or(u128::MAX);
            if coin.denom != self.fee_denom || amount > self.fee_max || fee.amount.len() > 1 {
                return Err(format!(
                    "its fee of {}{} is more than {}{}",
                    coin.amount, coin.denom, self.fee_max, self.fee_denom
                ));
            }
        }
        Ok(())
    }
}

/// What the bytes say, if they say nothing else: a field that is not known here may be
/// known to the chain.
fn decoded<T: Message + Default>(what: &str, bytes: &[u8]) -> Result<T, String> {
    let value = T::decode(bytes).map_err(|error| format!("{what} cannot be read: {error}"))?;
    if value.encode_to_vec() == bytes {
        Ok(value)
    } else {
        Err(format!("{what} has something in it that is not known here"))
    }
}

#[cfg(test)]
mod tests {
    use ibc_proto::cosmos::base::v1beta1::Coin;
    use ibc_proto::cosmos::tx::v1beta1::{Fee, SignerInfo};
    use ibc_proto::google::protobuf::Any;

    use super::*;

    struct Tx {
        chain_id: &'static str,
        body: TxBody,
        auth: AuthInfo,
    }

    fn rules() -> Rules {
        Rules {
            chain_id: "a-1".to_owned(),
            fee_max: 500,
            fee_denom: "uakt".to_owned(),
        }
    }

    fn coin(amount: &str, denom: &str) -> Coin {
        Coin {
            amount: amount.to_owned(),
            denom: denom.to_owned(),
        }
    }

    fn message(type_url: &str) -> Any {
        Any {
            type_url: type_url.to_owned(),
            value: vec![1, 2, 3],
        }
    }

    fn verdict(change: impl Fn(&mut Tx)) -> Result<(), String> {
        let mut tx = Tx {
            chain_id: "a-1",
            body: TxBody {
                messages: vec![
                    message("/ibc.core.client.v1.MsgUpdateClient"),
                    message("/ibc.core.channel.v1.MsgRecvPacket"),
                ],
                timeout_height: 7,
                ..TxBody::default()
            },
            auth: AuthInfo {
                signer_infos: vec![SignerInfo::default()],
                fee: Some(Fee {
                    amount: vec![coin("500", "uakt")],
                    gas_limit: 1,
                    ..Fee::default()
                }),
                ..AuthInfo::default()
            },
        };
        change(&mut tx);
        let document = SignDoc {
            body_bytes: tx.body.encode_to_vec(),
            auth_info_bytes: tx.auth.encode_to_vec(),
            chain_id: tx.chain_id.to_owned(),
            account_number: 3,
        };
        rules().check(&document.encode_to_vec())
    }

    fn fee(tx: &mut Tx) -> &mut Fee {
        tx.auth.fee.as_mut().unwrap()
    }

    #[test]
    fn what_a_relayer_sends_is_signed() {
        assert_eq!(verdict(|_| {}), Ok(()));
        assert_eq!(verdict(|tx| fee(tx).amount.clear()), Ok(()));
    }

    #[test]
    fn nothing_else_is() {
        type Change = fn(&mut Tx);
        let cases: [(&str, Change); 12] = [
            ("not a message of a relayer", |tx| {
                tx.body.messages[0] = message("/cosmos.bank.v1beta1.MsgSend");
            }),
            ("not a message of a relayer", |tx| {
                let transfer = message("/ibc.applications.transfer.v1.MsgTransfer");
                tx.body.messages.push(transfer);
            }),
            ("there is no message", |tx| tx.body.messages.clear()),
            ("for chain `b-1`", |tx| tx.chain_id = "b-1"),
            ("more than 500uakt", |tx| {
                fee(tx).amount = vec![coin("501", "uakt")]
            }),
            ("more than 500uakt", |tx| {
                fee(tx).amount = vec![coin("1", "uatom")]
            }),
            ("more than 500uakt", |tx| {
                fee(tx).amount = vec![coin("-1", "uakt")]
            }),
            ("more than 500uakt", |tx| {
                fee(tx).amount = vec![coin("400", "uakt"), coin("400", "uakt")];
            }),
            ("another account pays", |tx| {
                fee(tx).granter = "akash1x".to_owned()
            }),
            ("without an end", |tx| tx.body.timeout_height = 0),
            ("extension options", |tx| {
                tx.body.extension_options.push(message("/a.Option"));
            }),
            ("2 signers", |tx| {
                tx.auth.signer_infos.push(SignerInfo::default());
            }),
        ];
        for (reason, change) in cases {
            let refused = verdict(change).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn a_field_that_is_not_known_is_not_signed() {
        let document = SignDoc {
            chain_id: "a-1".to_owned(),
            ..SignDoc::default()
        };
        // Field 15 of the document, which nobody has defined yet.
        let more = [document.encode_to_vec(), vec![0x78, 1]].concat();
        let refused = rules().check(&more).unwrap_err();
        assert!(refused.contains("not known here"), "{refused}");
        assert!(rules().check(b"\xff").is_err());
    }
}
