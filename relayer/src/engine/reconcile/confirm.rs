//! Whether packets were received, proven by the destination's state.
//!
//! A packet that counts as received is neither received nor timed out any more: a false
//! *received* would stop it for ever. A false *not received* would be paid for. So neither
//! is believed without proof where nodes say both.

use std::collections::BTreeSet;

use tern_chains::{ChainError, Ordering, Sequence, StateCodec, StorePath};
use tern_core::ledger::Path;
use tern_core::plan::Route;

use super::Comparison;
use crate::engine::prove::bring_forward;

/// Those of `sequences` that are proven not to have been received, and the height that
/// they are proven at. `head` is the newest block of the destination.
pub(super) async fn not_received(
    comparison: &Comparison<'_>,
    sequences: BTreeSet<Sequence>,
    head: u64,
) -> Result<(u64, Vec<Sequence>), ChainError> {
    let Comparison {
        src,
        dst,
        path,
        clock,
        ..
    } = *comparison;
    if sequences.is_empty() {
        return Ok((0, vec![]));
    }
    let rules = dst.chain.height_rules();
    let route = Route {
        src: dst.chain.id().clone(),
        client_on_dst: path.client_on_src.clone(),
        height: rules.state_height(head),
        proof_height: head,
        update: false,
        exact: false,
    };
    // The client of the destination that lives on the source is what is trusted.
    let trusted = bring_forward(&*src.chain, dst, &route, clock).await?;
    let height = rules.state_height(trusted.height);
    let paths = sequences.iter().map(|sequence| receipt(path, *sequence));
    let proven = dst.chain.query_proven(paths.collect(), height).await?;
    let mut unreceived = Vec::new();
    for (sequence, proven) in sequences.into_iter().zip(proven) {
        dst.light_client.verify(&proven, &trusted.root)?;
        let value = proven.value.as_deref();
        if !is_received(path, sequence, value, dst.chain.codec()) {
            unreceived.push(sequence);
        }
    }
    Ok((height, unreceived))
}

/// Where the destination keeps that it has received a packet.
fn receipt(path: &Path, sequence: Sequence) -> StorePath {
    let dst = path.dst.end.clone();
    match path.ordering {
        Ordering::Ordered => StorePath::NextSequenceRecv(dst),
        Ordering::Unordered | Ordering::Uninitialized => StorePath::Receipt { dst, sequence },
    }
}

fn is_received(
    path: &Path,
    sequence: Sequence,
    value: Option<&[u8]>,
    codec: &dyn StateCodec,
) -> bool {
    match (path.ordering, value) {
        (_, None) => false,
        (Ordering::Ordered, Some(value)) => {
            // What cannot be read takes nothing back.
            codec
                .next_sequence(value)
                .map_or(true, |next| sequence.as_u64() < next)
        }
        (_, Some(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChainId, ChannelId, ClientId, End, PortId};
    use tern_core::ledger::EndKey;
    use tern_cosmos_core::CosmosCodec;

    use super::*;

    fn received(ordering: Ordering, sequence: u64, value: Option<&[u8]>) -> bool {
        let end = |chain| EndKey {
            chain: ChainId::from_string(chain),
            end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
        };
        let path = Path {
            src: end("a-1"),
            dst: end("b-1"),
            client_on_src: "07-tendermint-0".parse::<ClientId>().unwrap(),
            client_on_dst: None,
            ordering,
            is_open_on_src: true,
            is_open_on_dst: true,
        };
        is_received(&path, sequence.into(), value, &CosmosCodec)
    }

    #[test]
    fn an_unordered_path_has_a_receipt_for_each_packet() {
        assert!(received(Ordering::Unordered, 3, Some(&[1])));
        assert!(!received(Ordering::Unordered, 3, None));
    }

    #[test]
    fn an_ordered_path_has_the_next_sequence_it_takes() {
        let next = 4u64.to_be_bytes();
        assert!(received(Ordering::Ordered, 3, Some(&next)));
        assert!(!received(Ordering::Ordered, 4, Some(&next)));
        assert!(!received(Ordering::Ordered, 1, None));
        assert!(received(Ordering::Ordered, 9, Some(b"?")));
    }
}
