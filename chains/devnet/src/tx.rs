//! Decodes transactions and checks their signatures.

use ibc_proto::cosmos::crypto::secp256k1::PubKey;
use ibc_proto::cosmos::tx::v1beta1::mode_info::{Single, Sum};
use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, Fee, ModeInfo, SignDoc, TxBody, TxRaw};
use k256::ecdsa::signature::Verifier;
use k256::ecdsa::{Signature, VerifyingKey};
use prost::Message as _;
use sha2::{Digest, Sha256};
use tendermint::{account, PublicKey};

use crate::address;
use crate::message::Message;
use crate::refusal::Refusal;

const SIGN_MODE_DIRECT: i32 = 1;
const KEY_TYPE: &str = "/cosmos.crypto.secp256k1.PubKey";
/// The SDK's default `max_memo_characters`.
const MEMO_MAX: usize = 256;

/// A decoded transaction with one signer, who also pays.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub raw: TxRaw,
    pub body: TxBody,
    pub messages: Vec<Message>,
    pub fee: Fee,
    pub account_sequence: u64,
    pub public_key: PubKey,
    /// Bech32 address of the key.
    pub signer: String,
    /// In bytes.
    pub size: usize,
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Tx {
    pub fn decode(bytes: &[u8], prefix: &str) -> Result<Self, Refusal> {
        let raw = TxRaw::decode(bytes).map_err(Refusal::undecodable)?;
        let body = TxBody::decode(raw.body_bytes.as_slice()).map_err(Refusal::undecodable)?;
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice());
        let auth = auth.map_err(Refusal::undecodable)?;
        let [signer] = auth.signer_infos.as_slice() else {
            let log = format!("{} signers: this chain takes one", auth.signer_infos.len());
            return Err(Refusal::unauthorized(log));
        };
        let direct = Sum::Single(Single {
            mode: SIGN_MODE_DIRECT,
        });
        if !matches!(&signer.mode_info, Some(ModeInfo { sum: Some(sum) }) if *sum == direct) {
            return Err(Refusal::unauthorized("not SIGN_MODE_DIRECT"));
        }
        let key = signer.public_key.as_ref();
        let key = key.filter(|key| key.type_url == KEY_TYPE);
        let key = key.ok_or_else(|| Refusal::unauthorized("no secp256k1 public key"))?;
        let public_key = PubKey::decode(key.value.as_slice()).map_err(Refusal::undecodable)?;
        if body.memo.chars().count() > MEMO_MAX {
            return Err(Refusal::memo_too_large(body.memo.chars().count()));
        }
        if body.messages.is_empty() {
            return Err(Refusal::unknown_request(
                "must contain at least one message",
            ));
        }
        let messages = body.messages.iter().map(Message::decode);
        Ok(Self {
            messages: messages.collect::<Result<_, _>>()?,
            fee: auth.fee.unwrap_or_default(),
            account_sequence: signer.sequence,
            signer: address_of(&public_key, prefix)?,
            public_key,
            size: bytes.len(),
            body,
            raw,
        })
    }

    /// Checks the signature over exactly the received bytes.
    pub fn verify(&self, chain_id: &str, account_number: u64) -> Result<(), Refusal> {
        let document = SignDoc {
            body_bytes: self.raw.body_bytes.clone(),
            auth_info_bytes: self.raw.auth_info_bytes.clone(),
            chain_id: chain_id.to_owned(),
            account_number,
        };
        let wrong = || {
            let log = format!(
                "signature verification failed; please verify account number \
                 ({account_number}), sequence ({}) and chain-id ({chain_id})",
                self.account_sequence
            );
            Refusal::unauthorized(log)
        };
        let [signature] = self.raw.signatures.as_slice() else {
            return Err(wrong());
        };
        let signature = Signature::from_slice(signature).map_err(|_| wrong())?;
        let key = VerifyingKey::from_sec1_bytes(&self.public_key.key).map_err(|_| wrong())?;
        key.verify(&document.encode_to_vec(), &signature)
            .map_err(|_| wrong())
    }
}

fn address_of(key: &PubKey, prefix: &str) -> Result<String, Refusal> {
    let key = PublicKey::from_raw_secp256k1(&key.key);
    let key = key.ok_or_else(|| Refusal::unauthorized("not a secp256k1 public key"))?;
    let id = account::Id::from(key);
    address::encode(prefix, id.as_bytes())
        .ok_or_else(|| Refusal::invalid_address(format!("prefix `{prefix}`")))
}
