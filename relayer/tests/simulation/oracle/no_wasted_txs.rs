//! The relayer paid for no message that it could have known to be useless.
//!
//! What counts is the blocks its ledger had processed when it signed the
//! transaction. A message is useless if those blocks show its packet received,
//! ended or, for a receive, timed out. A faster relayer in a later block does not
//! count: nobody could know of it.

use tern_chains::Block;
use tern_core::ledger::Item;

use super::history::{History, Included, PacketHistory};
use crate::fault_counts::Outcome;
use crate::relayer::Relayer;
use crate::signed_log::Signed;
use crate::world::World;

pub fn nothing_useless_was_paid(world: &World, history: &History) -> Result<(), String> {
    for relayer in &world.relayers {
        of_relayer(world, relayer, history)?;
    }
    Ok(())
}

fn of_relayer(world: &World, relayer: &Relayer, history: &History) -> Result<(), String> {
    for (key, signed) in relayer.signed_log.signed() {
        let Some(included) = history.included(&key) else {
            continue;
        };
        for item in &signed.items {
            // A lost store takes its knowledge with it.
            let known = !relayer.store_was_lost;
            if let Some(why) = useless(history, item, relayer, &signed).filter(|_| known) {
                return Err(format!(
                    "tx {} in block {} of {} was paid to {item}, though {why} (known then: {:?})",
                    key.hash, included.height, key.chain, signed.processed
                ));
            }
        }
        let raced = signed.items.iter().filter(|item| is_raced(&included, item));
        world
            .place
            .chaos
            .fault_counts
            .outcomes(Outcome::Raced, raced.count() as u64);
    }
    Ok(())
}

/// Why the relayer could know that the message changes nothing.
fn useless(
    history: &History,
    item: &Item,
    relayer: &Relayer,
    signed: &Signed,
) -> Option<&'static str> {
    let (from, packet) = history.packet(item.packet()?)?;
    let known = |side: usize| signed.known(&history.chains[side]);
    // Of a block that was left out nothing is known until the next comparison.
    let is_read = |height: u64, side: usize| {
        let chain = &history.chains[side];
        height <= known(side) && !relayer.signed_log.has_left_out(chain, height)
    };
    let by = |heights: &[u64], side: usize| heights.iter().any(|height| is_read(*height, side));
    if by(&packet.acknowledged, from) || by(&packet.timed_out, from) {
        return Some("the packet had ended");
    }
    let is_received = by(&packet.received, 1 - from);
    match item {
        Item::Recv(_) | Item::Timeout(_) if is_received => Some("it had been received"),
        Item::Recv(_) if is_late(packet, &history.blocks[1 - from], known(1 - from)) => {
            Some("it had timed out")
        }
        _ => None,
    }
}

fn is_late(packet: &PacketHistory, blocks: &[Block], known: u64) -> bool {
    let head = known.checked_sub(1).and_then(|at| blocks.get(at as usize));
    head.is_some_and(|head| packet.is_timed_out_at(head))
}

/// The transaction succeeded and this item changed nothing.
fn is_raced(included: &Included<'_>, item: &Item) -> bool {
    let is_of_packet = item.packet().is_some();
    is_of_packet && included.outcome.code == 0 && !included.did(item)
}
