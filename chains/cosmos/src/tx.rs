//! Transactions: signed bytes made from a draft (pure), sent, and the node's
//! first answer read.

use cosmrs::tx::SignMode;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::cosmos::tx::v1beta1::mode_info::{Single, Sum};
use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw};
use prost::Message as _;
use sha2::{Digest, Sha256};
use tendermint_rpc::endpoint::broadcast::tx_sync;
use tern_chains::{
    AccountState, ChainId, ChainParams, Check, Deadline, Message, SignedTx, TxDraft, TxHash,
};

use crate::convert::any;
use crate::errors::{answer, Result};
use crate::key::Key;
use crate::rpc::Rpc;

/// What fits through a node's RPC body limit (1,000,000 bytes by default, with
/// the transaction in base64 and an envelope around it).
const TX_BYTES_MAX: u64 = 740_000;
/// CometBFT's own limit of a block, which stands in for "no limit".
const BLOCK_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Codes of the SDK's codespace.
const SDK: &str = "sdk";
const SDK_IN_MEMPOOL: u32 = 19;
const SDK_MEMPOOL_FULL: u32 = 20;
const SDK_WRONG_SEQUENCE: u32 = 32;

/// A transaction that only lacks its signature.
pub(crate) struct Unsigned {
    body_bytes: Vec<u8>,
    auth_info_bytes: Vec<u8>,
}

impl Unsigned {
    /// SIGN_MODE_DIRECT with one signer, who also pays.
    pub fn new(key: &Key, account: &AccountState, body: TxBody, fee: Vec<Coin>, gas: u64) -> Self {
        let single = Single {
            mode: SignMode::Direct as i32,
        };
        let signer = SignerInfo {
            public_key: Some(key.public_key_any()),
            mode_info: Some(ModeInfo {
                sum: Some(Sum::Single(single)),
            }),
            sequence: account.account_sequence,
        };
        let auth_info = AuthInfo {
            signer_infos: vec![signer],
            fee: Some(Fee {
                amount: fee,
                gas_limit: gas,
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

pub(crate) fn body(messages: &[Message], memo: &str, timeout_height: u64) -> TxBody {
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
}

/// Signs a draft. The same draft gives the same bytes.
pub fn sign(
    chain: &ChainId,
    key: &Key,
    draft: &TxDraft,
    fee: Vec<Coin>,
) -> std::result::Result<SignedTx, SignError> {
    let Deadline::Height(timeout_height) = draft.deadline else {
        return Err(SignError::Deadline);
    };
    let body = body(&draft.messages, &draft.memo, timeout_height);
    let unsigned = Unsigned::new(key, &draft.account, body, fee, draft.gas);
    let document = SignDoc {
        body_bytes: unsigned.body_bytes.clone(),
        auth_info_bytes: unsigned.auth_info_bytes.clone(),
        chain_id: chain.to_string(),
        account_number: draft.account.account_number,
    };
    let signature = key.sign(&document.encode_to_vec()).ok_or(SignError::Key)?;
    let bytes = unsigned.with_signature(signature);
    let hash = TxHash(Sha256::digest(&bytes).into());
    Ok(SignedTx { hash, bytes })
}

/// Sends a transaction to the node's mempool.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %rpc.origin.chain, hash = %tx.hash))]
pub(crate) async fn broadcast(rpc: &Rpc, tx: &SignedTx) -> Result<Check> {
    match rpc.broadcast_tx_sync(tx.bytes.clone()).await {
        Ok(response) => Ok(check(response)),
        Err(error) => match answer(&error).and_then(mempool_answer) {
            Some(check) => Ok(check),
            None => Err(error),
        },
    }
}

pub(crate) async fn params(rpc: &Rpc) -> Result<ChainParams> {
    let limits = rpc.block_limits().await?;
    let block_bytes = u64::try_from(limits.max_bytes).unwrap_or(BLOCK_BYTES_MAX);
    Ok(ChainParams {
        max_block_gas: u64::try_from(limits.max_gas).unwrap_or(u64::MAX),
        max_tx_bytes: block_bytes.min(TX_BYTES_MAX),
    })
}

fn check(response: tx_sync::Response) -> Check {
    let (codespace, code, log) = (response.codespace, response.code.value(), response.log);
    match (codespace.as_str(), code) {
        (_, 0) | (SDK, SDK_IN_MEMPOOL) => Check::Accepted,
        (SDK, SDK_WRONG_SEQUENCE) => Check::WrongSequence { log },
        (SDK, SDK_MEMPOOL_FULL) => Check::Busy { log },
        _ => Check::Refused {
            codespace,
            code,
            log,
        },
    }
}

/// CometBFT's mempool refuses with an RPC error that has no code of its own:
/// the text is all there is (`mempool/errors.go`).
fn mempool_answer(text: &str) -> Option<Check> {
    if text.contains("tx already exists in cache") {
        return Some(Check::Accepted);
    }
    text.contains("mempool is full").then(|| Check::Busy {
        log: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{Encoded, MessageKind};

    fn response(codespace: &str, code: u32) -> tx_sync::Response {
        tx_sync::Response {
            codespace: codespace.to_owned(),
            code: code.into(),
            data: Default::default(),
            log: "why".to_owned(),
            hash: Default::default(),
        }
    }

    #[test]
    fn the_first_answer_is_read_by_its_code() {
        let log = || "why".to_owned();
        let refused = |codespace: &str, code| Check::Refused {
            codespace: codespace.to_owned(),
            code,
            log: log(),
        };
        for (codespace, code, expected) in [
            ("", 0, Check::Accepted),
            ("sdk", 19, Check::Accepted),
            ("sdk", 32, Check::WrongSequence { log: log() }),
            ("sdk", 20, Check::Busy { log: log() }),
            ("sdk", 5, refused("sdk", 5)),
            ("channel", 32, refused("channel", 32)),
        ] {
            assert_eq!(check(response(codespace, code)), expected);
        }
    }

    #[test]
    fn the_mempools_refusals_are_known_by_their_text() {
        let cached = "Internal error: tx already exists in cache (code: -32603)";
        assert_eq!(mempool_answer(cached), Some(Check::Accepted));
        let full = "Internal error: mempool is full: number of txs 5000 (max: 5000)";
        assert!(matches!(mempool_answer(full), Some(Check::Busy { .. })));
        assert_eq!(mempool_answer("Internal error: tx too large"), None);
    }

    #[test]
    fn signing_twice_gives_the_same_transaction() {
        let key = Key::from_private_key(&[7; 32], "cosmos").unwrap();
        let draft = TxDraft {
            messages: vec![Message {
                kind: MessageKind::Other,
                encoded: Encoded {
                    type_name: "/a.Msg".to_owned(),
                    bytes: vec![1, 2, 3],
                },
            }],
            memo: "by hand".to_owned(),
            account: AccountState {
                address: key.address().to_owned(),
                account_number: 3,
                account_sequence: 4,
            },
            gas: 100_000,
            deadline: Deadline::Height(77),
        };
        let chain = ChainId::from_string("a-1");
        let fee: Vec<Coin> = "0.1stake"
            .parse::<crate::GasPrice>()
            .unwrap()
            .fee(100_000)
            .unwrap();
        let tx = sign(&chain, &key, &draft, fee.clone()).unwrap();
        assert_eq!(sign(&chain, &key, &draft, fee), Ok(tx.clone()));

        let parsed = cosmrs::Tx::from_bytes(&tx.bytes).unwrap();
        assert_eq!(parsed.body.timeout_height.value(), 77);
        assert_eq!(parsed.auth_info.signer_infos[0].sequence, 4);
        assert_eq!(parsed.auth_info.fee.amount[0].amount, 10_000);
        assert_eq!(parsed.signatures[0].len(), 64);
    }
}
