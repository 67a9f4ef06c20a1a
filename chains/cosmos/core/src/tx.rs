//! Signed transactions, made from a draft. Pure.

use cosmrs::tx::SignMode;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::cosmos::tx::v1beta1::mode_info::{Single, Sum};
use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw};
use ibc_proto::google::protobuf::Any;
use prost::Message as _;
use sha2::{Digest, Sha256};
use tern_chains::{AccountState, ChainId, Deadline, Message, SignedTx, TxDraft, TxHash};

use crate::convert::any;
use crate::key::{Key, PublicKey};

/// On what terms a transaction is paid for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    pub fee: Vec<Coin>,
    /// The account that pays in the place of the signer (`x/feegrant`).
    pub granter: Option<String>,
    /// What the transaction says besides, such as that its fee is dynamic.
    pub option: Option<Any>,
}

impl From<Vec<Coin>> for Terms {
    fn from(fee: Vec<Coin>) -> Self {
        Self {
            fee,
            ..Self::default()
        }
    }
}

/// A transaction that only lacks its signature.
pub struct Unsigned {
    body_bytes: Vec<u8>,
    auth_info_bytes: Vec<u8>,
}

impl Unsigned {
    /// SIGN_MODE_DIRECT with one signer.
    pub fn new(
        key: &PublicKey,
        account: &AccountState,
        mut body: TxBody,
        terms: Terms,
        gas: u64,
    ) -> Self {
        body.extension_options.extend(terms.option);
        let single = Single {
            mode: SignMode::Direct as i32,
        };
        let signer = SignerInfo {
            public_key: Some(key.any()),
            mode_info: Some(ModeInfo {
                sum: Some(Sum::Single(single)),
            }),
            sequence: account.account_sequence,
        };
        let auth_info = AuthInfo {
            signer_infos: vec![signer],
            fee: Some(Fee {
                amount: terms.fee,
                gas_limit: gas,
                granter: terms.granter.unwrap_or_default(),
                ..Fee::default()
            }),
            ..AuthInfo::default()
        };
        Self {
            body_bytes: body.encode_to_vec(),
            auth_info_bytes: auth_info.encode_to_vec(),
        }
    }

    /// The whole transaction, with this in the place of the signature.
    pub fn with_signature(self, signature: Vec<u8>) -> Vec<u8> {
        let raw = TxRaw {
            body_bytes: self.body_bytes,
            auth_info_bytes: self.auth_info_bytes,
            signatures: vec![signature],
        };
        raw.encode_to_vec()
    }
}

pub fn body(messages: &[Message], memo: &str, timeout_height: u64) -> TxBody {
    TxBody {
        messages: messages
            .iter()
            .map(|message| any(&message.encoded))
            .collect(),
        memo: memo.to_owned(),
        timeout_height,
        ..TxBody::default()
    }
}

/// Why a draft was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("the key refuses to sign")]
    Key,
    #[error("transactions of this chain end at a height, not at a time")]
    Deadline,
    /// On the wire it would be none at all (SDK `TxBody.timeout_height`).
    #[error("the deadline is height 0")]
    DeadlineZero,
}

/// What is signed of a transaction, and the transaction that lacks the signature.
pub struct Document {
    bytes: Vec<u8>,
    unsigned: Unsigned,
    fee: u128,
}

impl Document {
    /// `cosmos.tx.v1beta1.SignDoc`, encoded.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The transaction with this signature.
    pub fn signed(self, signature: Vec<u8>) -> SignedTx {
        let bytes = self.unsigned.with_signature(signature);
        SignedTx {
            hash: TxHash(Sha256::digest(&bytes).into()),
            bytes,
            fee: self.fee,
        }
    }
}

/// The document of a draft. The same draft gives the same bytes.
pub fn document(
    chain: &ChainId,
    key: &PublicKey,
    draft: &TxDraft,
    terms: impl Into<Terms>,
) -> std::result::Result<Document, SignError> {
    let Deadline::Height(timeout_height) = draft.deadline else {
        return Err(SignError::Deadline);
    };
    if timeout_height == 0 {
        return Err(SignError::DeadlineZero);
    }
    let body = body(&draft.messages, &draft.memo, timeout_height);
    let terms = terms.into();
    let amounts = terms.fee.iter().filter_map(|coin| coin.amount.parse().ok());
    let amount = amounts.fold(0u128, u128::saturating_add);
    let unsigned = Unsigned::new(key, &draft.account, body, terms, draft.gas);
    let document = SignDoc {
        body_bytes: unsigned.body_bytes.clone(),
        auth_info_bytes: unsigned.auth_info_bytes.clone(),
        chain_id: chain.to_string(),
        account_number: draft.account.account_number,
    };
    let bytes = document.encode_to_vec();
    Ok(Document {
        bytes,
        unsigned,
        fee: amount,
    })
}

/// The gas limit of an encoded transaction; `None` if it is none.
pub fn gas_limit(tx: &[u8]) -> Option<u64> {
    let tx = TxRaw::decode(tx).ok()?;
    let auth_info = AuthInfo::decode(tx.auth_info_bytes.as_slice()).ok()?;
    Some(auth_info.fee?.gas_limit)
}

/// Signs a draft with a key that is here.
pub fn sign(
    chain: &ChainId,
    key: &Key,
    draft: &TxDraft,
    terms: impl Into<Terms>,
) -> std::result::Result<SignedTx, SignError> {
    let document = document(chain, key.public(), draft, terms)?;
    let signature = key.sign(document.bytes()).ok_or(SignError::Key)?;
    Ok(document.signed(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{Encoded, MessageKind};

    fn key() -> Key {
        Key::from_private_key(&[7; 32], "cosmos").unwrap()
    }

    fn draft() -> TxDraft {
        TxDraft {
            messages: vec![Message {
                kind: MessageKind::Other,
                encoded: Encoded {
                    type_name: "/a.Msg".to_owned(),
                    bytes: vec![1, 2, 3],
                },
            }],
            memo: "by hand".to_owned(),
            account: AccountState {
                address: key().address().to_owned(),
                account_number: 3,
                account_sequence: 4,
            },
            gas: 100_000,
            deadline: Deadline::Height(77),
        }
    }

    #[test]
    fn the_terms_are_in_the_transaction() {
        let chain = ChainId::from_string("a-1");
        let option = Any {
            type_url: "/a.Option".to_owned(),
            value: vec![9],
        };
        let terms = Terms {
            granter: Some("cosmos1rich".to_owned()),
            option: Some(option.clone()),
            ..Terms::default()
        };
        let tx = sign(&chain, &key(), &draft(), terms).unwrap();
        let raw = TxRaw::decode(tx.bytes.as_slice()).unwrap();
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice()).unwrap();
        let fee = auth.fee.unwrap();
        assert_eq!(
            (fee.granter.as_str(), fee.payer.as_str()),
            ("cosmos1rich", "")
        );
        let body = TxBody::decode(raw.body_bytes.as_slice()).unwrap();
        assert_eq!(body.extension_options, [option]);
    }

    #[test]
    fn signing_twice_gives_the_same_transaction_and_one_without_end_is_not_signed() {
        let (key, draft) = (key(), draft());
        let chain = ChainId::from_string("a-1");
        let fee: Vec<Coin> = "0.1stake"
            .parse::<crate::GasPrice>()
            .unwrap()
            .fee(100_000)
            .unwrap();
        let tx = sign(&chain, &key, &draft, fee.clone()).unwrap();
        assert_eq!(sign(&chain, &key, &draft, fee.clone()), Ok(tx.clone()));
        let endless = TxDraft {
            deadline: Deadline::Height(0),
            ..draft
        };
        let refused = sign(&chain, &key, &endless, fee);
        assert_eq!(refused, Err(SignError::DeadlineZero));

        let parsed = cosmrs::Tx::from_bytes(&tx.bytes).unwrap();
        assert_eq!(parsed.body.timeout_height.value(), 77);
        assert_eq!(parsed.auth_info.signer_infos[0].sequence, 4);
        assert_eq!(parsed.auth_info.fee.amount[0].amount, 10_000);
        assert_eq!(parsed.signatures[0].len(), 64);
    }
}
