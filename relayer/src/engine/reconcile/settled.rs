//! Which packets have ended, as of one height of the source.
//!
//! That a commitment is missing in a list proves little: the list may come from
//! a node that lags behind the one asked before, and has not seen the packet yet.

use futures::stream::{self, StreamExt, TryStreamExt};
use ibc_relayer_types::core::ics24_host::path::{CommitmentsPath, SeqSendsPath};
use tern_chains::{Chain, ChainError, Path, Sequence};
use tern_core::ledger::ChannelKey;

/// Most state reads at a time.
const READS_MAX: usize = 16;

/// Those of `sequences` that were sent at `height` or before and have no
/// commitment there any more.
pub(super) async fn settled(
    src: &dyn Chain,
    src_end: &ChannelKey,
    sequences: Vec<Sequence>,
    height: u64,
) -> Result<Vec<Sequence>, ChainError> {
    if sequences.is_empty() {
        return Ok(vec![]);
    }
    let next = next_sequence_send(src, src_end, height).await?;
    let sent = sequences
        .into_iter()
        .filter(|sequence| sequence.as_u64() < next);
    stream::iter(sent)
        .map(|sequence| async move {
            let path = Path::Commitments(CommitmentsPath {
                port_id: src_end.port_id.clone(),
                channel_id: src_end.channel_id.clone(),
                sequence,
            });
            let commitment = src.query(path, Some(height)).await?;
            Ok(commitment.is_none().then_some(sequence))
        })
        .buffered(READS_MAX)
        .try_filter_map(|settled| async move { Ok(settled) })
        .try_collect()
        .await
}

/// `nextSequenceSend` is stored as eight bytes, big endian (ICS-24); what is not
/// that proves that nothing was sent.
async fn next_sequence_send(
    src: &dyn Chain,
    src_end: &ChannelKey,
    height: u64,
) -> Result<u64, ChainError> {
    let (port, channel) = (src_end.port_id.clone(), src_end.channel_id.clone());
    let path = Path::SeqSends(SeqSendsPath(port, channel));
    let value = src.query(path, Some(height)).await?;
    let bytes = value.and_then(|value| <[u8; 8]>::try_from(value).ok());
    Ok(bytes.map_or(0, u64::from_be_bytes))
}
