//! Which packets have ended, as of one height of the source.
//!
//! That a commitment is missing in a list proves little: the list may come from
//! a node that lags behind the one asked before, and has not seen the packet yet.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use tern_chains::{Chain, ChainError, Sequence, StorePath};
use tern_core::ledger::EndKey;

/// Most state reads at a time.
const READS_MAX: usize = 16;

/// Those of `sequences` that were sent at `height` or before and have no
/// commitment there any more.
pub(super) async fn settled(
    src: &dyn Chain,
    src_end: &EndKey,
    sequences: BTreeSet<Sequence>,
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
            let path = StorePath::Commitment {
                src: src_end.end.clone(),
                sequence,
            };
            let commitment = src.query(path, Some(height)).await?;
            Ok(commitment.is_none().then_some(sequence))
        })
        .buffered(READS_MAX)
        .try_filter_map(|settled| async move { Ok(settled) })
        .try_collect()
        .await
}

/// What cannot be read proves that nothing was sent.
async fn next_sequence_send(
    src: &dyn Chain,
    src_end: &EndKey,
    height: u64,
) -> Result<u64, ChainError> {
    let path = StorePath::NextSequenceSend(src_end.end.clone());
    let value = src.query(path, Some(height)).await?;
    let next = value.and_then(|value| src.codec().next_sequence(&value).ok());
    Ok(next.unwrap_or_default())
}
