//! A block with what its events came from: which transaction, who signed it and
//! what it asked for. More than following a chain needs: it is for `trace`.

use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, TxBody, TxRaw};
use prost::Message as _;
use tendermint_rpc::endpoint::tx;
use tern_chains::{BlockTime, ChainId, Encoded, Event, TxOutcome};
use tern_cosmos_core::{decode_or_warn, outcome};

use crate::blocks;
use crate::convert::encoded;
use crate::errors::Result;
use crate::key::PublicKey;
use crate::rpc::Rpc;

/// One committed block, its events where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockWithTxs {
    pub height: u64,
    pub time: BlockTime,
    /// IBC events of no transaction: begin- and end-block.
    pub events: Vec<Event>,
    /// In order, failed ones included.
    pub txs: Vec<TxInBlock>,
}

/// One transaction of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct TxInBlock {
    pub outcome: TxOutcome,
    /// The account of its first signature; `None` for keys of no [`KeyType`].
    ///
    /// [`KeyType`]: tern_cosmos_core::KeyType
    pub signer: Option<String>,
    /// Empty if it cannot be decoded.
    pub messages: Vec<Encoded>,
    /// Its IBC events; none if it failed.
    pub events: Vec<Event>,
}

/// The committed block at `height`; `prefix` is that of the chain's accounts.
pub(crate) async fn block_with_txs(rpc: &Rpc, height: u64, prefix: &str) -> Result<BlockWithTxs> {
    let (bytes, block) = blocks::decoded(rpc, height).await?;
    let txs = bytes
        .iter()
        .zip(block.txs)
        .map(|(bytes, (outcome, events))| {
            let (signer, messages) = contents(bytes, prefix).unwrap_or_default();
            TxInBlock {
                outcome,
                signer,
                messages,
                events,
            }
        });
    Ok(BlockWithTxs {
        height: block.height,
        time: block.time,
        txs: txs.collect(),
        events: [block.begin_block, block.end_block].concat(),
    })
}

/// A transaction as a node's index has it; `prefix` is that of the chain's accounts.
pub(crate) fn tx_in_block(chain: &ChainId, prefix: &str, found: &tx::Response) -> TxInBlock {
    let (signer, messages) = contents(&found.tx, prefix).unwrap_or_default();
    let outcome = outcome(&found.tx, &found.tx_result);
    let events = match outcome.code {
        0 => found.tx_result.events.as_slice(),
        _ => &[],
    };
    let events = events.iter();
    TxInBlock {
        outcome,
        signer,
        messages,
        events: events
            .filter_map(|event| decode_or_warn(chain, found.height.value(), event))
            .collect(),
    }
}

/// First signer and messages; `None` for bytes that are no Cosmos transaction.
fn contents(tx: &[u8], prefix: &str) -> Option<(Option<String>, Vec<Encoded>)> {
    let raw = TxRaw::decode(tx).ok()?;
    let body = TxBody::decode(raw.body_bytes.as_slice()).ok()?;
    let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice()).ok()?;
    let key = auth.signer_infos.into_iter().next();
    let signer = key.and_then(|info| PublicKey::from_any(&info.public_key?, prefix));
    Some((
        signer.map(|key| key.address().to_owned()),
        body.messages.into_iter().map(encoded).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::unsigned::sign;
    use tern_chains::{AccountState, ChainId, Deadline, Message, MessageKind, TxDraft};
    use tern_cosmos_core::{AccountFormat, KeyType};

    #[test]
    fn a_transaction_tells_its_signer_and_messages() {
        for key_type in KeyType::ALL {
            tells_its_signer(&AccountFormat::new("kava", key_type));
        }
        assert_eq!(contents(b"\xff", "kava"), None);
    }

    fn tells_its_signer(format: &AccountFormat) {
        let key = Key::from_private_key(&[7; 32], format).unwrap();
        let encoded = Encoded {
            type_name: "/ibc.core.channel.v1.MsgRecvPacket".to_owned(),
            bytes: vec![1, 2],
        };
        let message = Message {
            kind: MessageKind::RecvPacket,
            encoded: encoded.clone(),
        };
        let draft = TxDraft {
            messages: vec![message],
            memo: String::new(),
            account: AccountState {
                address: key.address().to_owned(),
                account_number: 1,
                account_sequence: 2,
            },
            gas: 3,
            deadline: Deadline::Height(4),
        };
        let tx = sign(&ChainId::from_string("kava-a"), &key, &draft, vec![]).unwrap();
        let (signer, messages) = contents(&tx.bytes, "kava").unwrap();
        assert_eq!(signer.as_deref(), Some(key.address()));
        assert_eq!(messages, [encoded]);
    }
}
