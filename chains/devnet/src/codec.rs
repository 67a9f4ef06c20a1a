//! How the stored bytes of this crate's IBC are read: ibc-go's, with the clients
//! of attested chains besides those of Tendermint chains.

use ibc_proto::google::protobuf::Any;
use prost::Message;
use tern_attested_core::{self as attested, Encodes};
use tern_chains::{
    ChannelEnd, ClientId, ConnectionEnd, DecodeError, OtherClient, StateCodec, StoredClient,
    StoredConsensus,
};
use tern_cosmos_core::{convert, CosmosCodec, STORE_PREFIX};

/// The codec of a chain on this crate's IBC, whose counterparties are told this
/// prefix of its store.
pub struct HostCodec {
    pub store_prefix: &'static [u8],
}

/// That of a development chain.
pub const CODEC: HostCodec = HostCodec {
    store_prefix: STORE_PREFIX,
};

impl StateCodec for HostCodec {
    fn reads(&self, client_id: &ClientId) -> bool {
        CosmosCodec.reads(client_id) || client_id.as_str().starts_with(attested::CLIENT_TYPE)
    }

    fn client(&self, value: &[u8]) -> Option<StoredClient> {
        let encoded = convert::encoded(Any::decode(value).ok()?);
        if encoded.type_name != attested::ClientState::TYPE_NAME {
            return CosmosCodec.client(value);
        }
        let state: attested::ClientState = attested::decode(&encoded).ok()?;
        Some(state.stored())
    }

    fn other_client(&self, value: &[u8]) -> Option<OtherClient> {
        CosmosCodec.other_client(value)
    }

    fn consensus(&self, value: &[u8]) -> Result<StoredConsensus, DecodeError> {
        let wrong = |reason: String| DecodeError {
            what: "consensus state",
            reason,
        };
        let any = Any::decode(value).map_err(|error| wrong(error.to_string()))?;
        let encoded = convert::encoded(any);
        if encoded.type_name != attested::ConsensusState::TYPE_NAME {
            return CosmosCodec.consensus(value);
        }
        let state = attested::ConsensusState::read(&encoded);
        state.map_err(|error| wrong(error.to_string()))
    }

    fn connection(&self, value: &[u8]) -> Result<ConnectionEnd, DecodeError> {
        CosmosCodec.connection(value)
    }

    fn channel(&self, value: &[u8]) -> Result<ChannelEnd, DecodeError> {
        CosmosCodec.channel(value)
    }

    fn next_sequence(&self, value: &[u8]) -> Result<u64, DecodeError> {
        CosmosCodec.next_sequence(value)
    }

    fn store_prefix(&self) -> Vec<u8> {
        self.store_prefix.to_vec()
    }
}
