//! How a Cosmos SDK chain stores IBC state (ibc-go's `24-host` keys and protobuf
//! values). Pure.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1::Channel;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd as RawConnectionEnd;
use ibc_proto::ibc::lightclients::wasm::v1::ClientState as WasmClientState;
use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use prost::Message;
use tern_chains::{
    BlockTime, ChainId, ChannelEnd, ClientId, ClientSummary, ConnectionEnd, DecodeError,
    HeightRules, OtherClient, Root, StateCodec, StorePath, StoredClient, StoredConsensus,
};

use crate::client_flaws::client_flaws;
use crate::convert;
use crate::errors::flex_line;

const IBC_STORE: &str = "ibc";
/// The store every Cosmos SDK chain keeps IBC state in.
pub const STORE_PREFIX: &[u8] = IBC_STORE.as_bytes();

/// Where a client finds the states it is upgraded to: the store of the SDK's
/// upgrade module, and the start of the keys in it.
pub const UPGRADE_PATH: [&str; 2] = ["upgrade", "upgradedIBCState"];

/// The store a value is in.
pub fn store_of(path: &StorePath) -> &'static str {
    match path {
        StorePath::UpgradedClientState { .. } | StorePath::UpgradedConsensusState { .. } => {
            UPGRADE_PATH[0]
        }
        _ => IBC_STORE,
    }
}

/// A header has the root of the state before it (ICS-07), and a block is final
/// when it is there.
pub const HEIGHT_RULES: HeightRules = HeightRules {
    proof_lag: 1,
    finality_lag: 0,
};

/// The one codec of all Cosmos SDK chains.
pub struct CosmosCodec;

impl StateCodec for CosmosCodec {
    fn reads(&self, client_id: &ClientId) -> bool {
        client_id.as_str().starts_with("07-tendermint-")
    }

    fn client(&self, value: &[u8]) -> Option<StoredClient> {
        let any = Any::decode(value).ok()?;
        let state = ClientState::try_from(any.clone()).ok()?;
        Some(StoredClient {
            state: convert::encoded(any),
            summary: ClientSummary {
                chain_id: ChainId::from_string(state.chain_id.as_str()),
                latest_height: state.latest_height.revision_height(),
                trusting_period: state.trusting_period,
                frozen: state.frozen_height.is_some(),
                flaws: client_flaws(&state),
            },
        })
    }

    fn other_client(&self, value: &[u8]) -> Option<OtherClient> {
        let any = Any::decode(value).ok()?;
        match any.type_url.as_str() {
            "/ibc.lightclients.wasm.v1.ClientState" => Some(wasm_client(&any.value)),
            // ibc-go has the second from v7 on.
            "/ibc.lightclients.solomachine.v2.ClientState"
            | "/ibc.lightclients.solomachine.v3.ClientState" => Some(OtherClient::SoloMachine),
            "/ibc.lightclients.localhost.v2.ClientState" => Some(OtherClient::Localhost),
            _ => None,
        }
    }

    fn consensus(&self, value: &[u8]) -> Result<StoredConsensus, DecodeError> {
        let wrong = |reason: String| DecodeError {
            what: "consensus state",
            reason,
        };
        let any = Any::decode(value).map_err(|error| wrong(error.to_string()))?;
        let state =
            ConsensusState::try_from(any.clone()).map_err(|error| wrong(flex_line!(error)))?;
        let time = u64::try_from(state.timestamp.unix_timestamp_nanos())
            .map_err(|_| wrong("its time is before 1970 or after 2554".to_owned()))?;
        Ok(StoredConsensus {
            state: convert::encoded(any),
            root: root(state.root.as_bytes()),
            time: BlockTime(time),
        })
    }

    fn connection(&self, value: &[u8]) -> Result<ConnectionEnd, DecodeError> {
        let raw = decode::<RawConnectionEnd>("connection end", value)?;
        convert::connection_end(raw).map_err(|error| wrong("connection end", &error))
    }

    fn channel(&self, value: &[u8]) -> Result<ChannelEnd, DecodeError> {
        let raw = decode::<Channel>("channel end", value)?;
        convert::channel_end(raw).map_err(|error| wrong("channel end", &error))
    }

    fn next_sequence(&self, value: &[u8]) -> Result<u64, DecodeError> {
        number(value).ok_or_else(|| DecodeError {
            what: "next sequence",
            reason: format!("{} bytes instead of eight", value.len()),
        })
    }

    fn store_prefix(&self) -> Vec<u8> {
        STORE_PREFIX.to_vec()
    }
}

/// What a contract keeps is its own affair; one that is for chains with Tendermint keeps
/// their client's state as any host does.
fn wasm_client(value: &[u8]) -> OtherClient {
    let inner = WasmClientState::decode(value).ok();
    let inner = inner.and_then(|state| Any::decode(state.data.as_slice()).ok());
    let inner = inner.and_then(|any| ClientState::try_from(any).ok());
    inner.map_or(OtherClient::Wasm, |state| OtherClient::WasmTendermint {
        chain_id: ChainId::from_string(state.chain_id.as_str()),
        latest_height: state.latest_height.revision_height(),
    })
}

/// What stands for the root where a client was upgraded (ibc-go `07-tendermint`
/// `SentinelRoot`).
const SENTINEL_ROOT: &[u8] = b"sentinel_root";

fn root(bytes: &[u8]) -> Root {
    match bytes {
        SENTINEL_ROOT => Root::none(),
        bytes => Root(bytes.to_vec()),
    }
}

/// A number as the SDK and ibc-go store it: eight bytes, the most significant first.
pub fn number(value: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(value.try_into().ok()?))
}

fn decode<T: Message + Default>(what: &'static str, value: &[u8]) -> Result<T, DecodeError> {
    T::decode(value).map_err(|error| wrong(what, &error))
}

fn wrong(what: &'static str, error: &dyn std::fmt::Display) -> DecodeError {
    DecodeError {
        what,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::LightChain;

    #[test]
    fn a_consensus_state_that_a_client_was_upgraded_to_has_no_root() {
        assert!(root(b"sentinel_root").is_none());
        assert_eq!(root(&[7; 32]), Root(vec![7; 32]));
    }

    #[test]
    fn a_next_sequence_is_eight_bytes() {
        assert_eq!(
            CosmosCodec.next_sequence(&[0, 0, 0, 0, 0, 0, 1, 2]),
            Ok(258)
        );
        assert!(CosmosCodec.next_sequence(b"").is_err());
        assert!(CosmosCodec.next_sequence(&[1; 9]).is_err());
    }

    #[test]
    fn a_client_of_another_type_is_left_out() {
        let localhost = Any {
            type_url: "/ibc.lightclients.localhost.v2.ClientState".to_owned(),
            value: vec![],
        };
        assert_eq!(CosmosCodec.client(&localhost.encode_to_vec()), None);
        assert_eq!(CosmosCodec.client(b"\xff"), None);
    }

    fn wasm(data: Vec<u8>) -> Vec<u8> {
        let state = WasmClientState {
            data,
            checksum: vec![7; 32],
            latest_height: None,
        };
        any(
            "/ibc.lightclients.wasm.v1.ClientState",
            state.encode_to_vec(),
        )
    }

    fn any(type_url: &str, value: Vec<u8>) -> Vec<u8> {
        let type_url = type_url.to_owned();
        Any { type_url, value }.encode_to_vec()
    }

    #[test]
    fn a_client_of_tendermint_in_a_contract_is_told_from_other_contracts() {
        let inner = LightChain::new(&vec![vec![1, 2, 3]; 9])
            .client(4)
            .client_state;
        let read = CosmosCodec.client(&any(&inner.type_name, inner.bytes.clone()));
        let summary = read.expect("a client of Tendermint").summary;
        let wrapped = wasm(any(&inner.type_name, inner.bytes));
        assert_eq!(
            CosmosCodec.other_client(&wrapped),
            Some(OtherClient::WasmTendermint {
                chain_id: summary.chain_id,
                latest_height: 4,
            })
        );
        // It is not relayed for: its updates and proofs are the contract's.
        assert_eq!(CosmosCodec.client(&wrapped), None);
        let grandpa = any("/ibc.lightclients.grandpa.v1.ClientState", vec![1, 2]);
        for other in [grandpa, b"\xff".to_vec(), vec![]] {
            assert_eq!(
                CosmosCodec.other_client(&wasm(other)),
                Some(OtherClient::Wasm)
            );
        }
    }

    #[test]
    fn types_of_clients_that_are_not_relayed_for_are_told_apart() {
        for (type_url, expected) in [
            (
                "/ibc.lightclients.solomachine.v2.ClientState",
                Some(OtherClient::SoloMachine),
            ),
            (
                "/ibc.lightclients.solomachine.v3.ClientState",
                Some(OtherClient::SoloMachine),
            ),
            (
                "/ibc.lightclients.localhost.v2.ClientState",
                Some(OtherClient::Localhost),
            ),
            ("/ibc.lightclients.tendermint.v1.ClientState", None),
            ("/ibc.lightclients.grandpa.v1.ClientState", None),
        ] {
            let found = CosmosCodec.other_client(&any(type_url, vec![]));
            assert_eq!(found, expected, "{type_url}");
        }
        assert_eq!(CosmosCodec.other_client(b"\xff"), None);
    }
}
