//! The stored consensus state of a `07-tendermint` client (ICS-07).

use ibc_proto::google::protobuf::Any;
use ibc_proto::Protobuf;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use tern_chains::BlockTime;

/// The header time of a stored consensus state; `None` if it cannot be decoded.
pub fn header_time(bytes: &[u8]) -> Option<BlockTime> {
    let state = <ConsensusState as Protobuf<Any>>::decode_vec(bytes).ok()?;
    let nanoseconds = state.timestamp.unix_timestamp_nanos();
    u64::try_from(nanoseconds).ok().map(BlockTime)
}
