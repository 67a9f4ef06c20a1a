//! Typed reads and writes of the `ibc` store. Keys and values are ibc-go's.

use ibc::core::client::types::Height;
use ibc::core::host::types::error::HostError;
use ibc::core::host::types::identifiers::{ClientId, Sequence};
use ibc::core::host::types::path::iteration_key;
use ibc::primitives::proto::{Error as ProtoError, Protobuf};
use prost::Message;
use tern_cosmos_core::codec;

use crate::gas::Kv;
use crate::store::Tree;

/// A counter that was never written starts at zero or at one.
pub(crate) fn counter(store: &Kv, key: &str) -> Result<u64, HostError> {
    match store.get(key.as_bytes()) {
        Some(value) => number(key, value),
        None => Ok(0),
    }
}

pub(crate) fn sequence(store: &Kv, key: &str) -> Result<Sequence, HostError> {
    number(key, need(store, key)?).map(Sequence::from)
}

pub(crate) fn set_number(store: &mut Kv, key: &str, number: u64) {
    store.set(key, number.to_be_bytes());
}

pub(crate) fn need<'a>(store: &'a Kv, key: &str) -> Result<&'a [u8], HostError> {
    store
        .get(key.as_bytes())
        .ok_or_else(|| HostError::missing_state(key))
}

/// A domain type stored as protobuf.
pub(crate) fn decode<T, R>(store: &Kv, key: &str) -> Result<T, HostError>
where
    T: Protobuf<R>,
    R: Message + From<T> + Default,
    T: TryFrom<R>,
    <T as TryFrom<R>>::Error: std::fmt::Display,
{
    let value = need(store, key)?;
    let decoded: Result<T, ProtoError> = <T as Protobuf<R>>::decode_vec(value);
    decoded.map_err(|error| HostError::failed_to_retrieve(format!("{key}: {error}")))
}

fn number(key: &str, value: &[u8]) -> Result<u64, HostError> {
    codec::number(value).ok_or_else(|| HostError::invalid_state(format!("{key} is not a number")))
}

/// Where a client's heights are kept in the order of heights, which the order
/// of their consensus states' keys is not.
pub(crate) fn iteration(client: &ClientId, height: &Height) -> Vec<u8> {
    let mut key = iteration_prefix(client);
    key.extend(iteration_key(
        height.revision_number(),
        height.revision_height(),
    ));
    key
}

fn iteration_prefix(client: &ClientId) -> Vec<u8> {
    format!("clients/{client}/").into_bytes()
}

/// The height an iteration key ends in, if it is one of this client.
fn height_of(client: &ClientId, key: &[u8]) -> Option<Height> {
    let marker = [iteration_prefix(client), b"iterateConsensusStates".to_vec()].concat();
    let bytes = key.strip_prefix(marker.as_slice())?;
    let (revision, height) = bytes.split_at_checked(8)?;
    Height::new(codec::number(revision)?, codec::number(height)?).ok()
}

/// All heights a client has a consensus state at, ascending.
pub(crate) fn heights<'a>(
    tree: &'a Tree,
    client: &'a ClientId,
) -> impl Iterator<Item = Height> + 'a {
    let start = [iteration_prefix(client), b"iterateConsensusStates".to_vec()].concat();
    let entries = tree.iter_from(&start);
    entries.map_while(|(key, _)| height_of(client, key))
}

/// The next height above, and the last one below.
pub(crate) fn height_after(tree: &Tree, client: &ClientId, height: &Height) -> Option<Height> {
    let mut start = iteration(client, height);
    start.push(0);
    let (key, _) = tree.iter_from(&start).next()?;
    height_of(client, key)
}

pub(crate) fn height_before(tree: &Tree, client: &ClientId, height: &Height) -> Option<Height> {
    let (key, _) = tree.before(&iteration(client, height))?;
    height_of(client, key)
}
