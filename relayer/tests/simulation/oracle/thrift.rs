//! Nothing was paid for that the relayer could have known to be useless.
//!
//! The measure is what its ledger had taken in when it signed the transaction.
//! A message is useless if a block up to there already showed its packet
//! received, ended or, for a receive, past its timeout. That somebody else was
//! faster in a later block, nobody could know.

use tern_chains::Block;
use tern_core::ledger::Item;

use super::chronicle::{Chronicle, Included, Story};
use crate::journal::Signed;
use crate::tally::Outcome;
use crate::world::World;

pub fn nothing_useless_was_paid(world: &World, chronicle: &Chronicle) -> Result<(), String> {
    for (key, signed) in world.journal.signed() {
        let Some(included) = chronicle.included(&key) else {
            continue;
        };
        for item in &signed.items {
            // What was in a store that is lost is not known any more.
            let known = !world.has_forgotten;
            if let Some(why) = useless(chronicle, item, &signed).filter(|_| known) {
                return Err(format!(
                    "tx {} in block {} of {} was paid to {item}, though {why} (known then: {:?})",
                    key.hash, included.height, key.chain, signed.processed
                ));
            }
        }
        let raced = signed.items.iter().filter(|item| is_raced(&included, item));
        world
            .chaos
            .tally
            .outcomes(Outcome::Raced, raced.count() as u64);
    }
    Ok(())
}

/// Why the relayer knew that a message changes nothing.
fn useless(chronicle: &Chronicle, item: &Item, signed: &Signed) -> Option<&'static str> {
    let (from, story) = chronicle.story(item.packet()?)?;
    let known = |side: usize| {
        let known = signed.processed.get(&chronicle.chains[side]);
        known.copied().unwrap_or_default()
    };
    let by = |heights: &[u64], side: usize| heights.iter().any(|height| *height <= known(side));
    if by(&story.acknowledged, from) || by(&story.timed_out, from) {
        return Some("the packet had ended");
    }
    let is_received = by(&story.received, 1 - from);
    match item {
        Item::Recv(_) | Item::Timeout(_) if is_received => Some("it had been received"),
        Item::Recv(_) if is_late(story, &chronicle.blocks[1 - from], known(1 - from)) => {
            Some("it had timed out")
        }
        _ => None,
    }
}

fn is_late(story: &Story, blocks: &[Block], known: u64) -> bool {
    let head = known.checked_sub(1).and_then(|at| blocks.get(at as usize));
    head.is_some_and(|head| story.is_timed_out_at(head))
}

/// It went through and changed nothing.
fn is_raced(included: &Included<'_>, item: &Item) -> bool {
    let is_of_packet = item.packet().is_some();
    is_of_packet && included.outcome.code == 0 && !included.did(item)
}
