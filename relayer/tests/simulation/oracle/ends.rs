//! Every packet is acknowledged or timed out, once.

use tern_core::ledger::Item;

use super::chronicle::{Chronicle, Story};
use crate::tally::{Fault, Outcome};
use crate::weather::REFUSED;
use crate::world::World;

pub fn each_packet_ends_once(chronicle: &Chronicle) -> Result<(), String> {
    for (from, packets) in chronicle.packets.iter().enumerate() {
        for (sequence, story) in packets {
            let ends = (story.acknowledged.len(), story.timed_out.len());
            let is_received = story.received.len();
            let is_well = matches!((ends, is_received), ((1, 0), 1) | ((0, 1), 0));
            if !is_well {
                return Err(format!(
                    "{} #{sequence}: received at {:?}, acknowledged at {:?}, timed out at {:?}",
                    chronicle.chains[from], story.received, story.acknowledged, story.timed_out,
                ));
            }
        }
    }
    Ok(())
}

/// What came of this world, for the summary.
pub fn count(world: &World, chronicle: &Chronicle) {
    let tally = &world.chaos.tally;
    let stories = || {
        chronicle
            .packets
            .iter()
            .flat_map(|packets| packets.values())
    };
    let many = |is: &dyn Fn(&Story) -> bool| stories().filter(|story| is(story)).count() as u64;
    let acknowledged = many(&|story| !story.acknowledged.is_empty());
    let arrived = many(&Story::has_arrived);
    tally.outcomes(Outcome::Sent, many(&|_| true));
    tally.outcomes(Outcome::Acknowledged, arrived);
    tally.outcomes(Outcome::Refused, acknowledged - arrived);
    tally.outcomes(
        Outcome::TimedOut,
        many(&|story| !story.timed_out.is_empty()),
    );

    let mut by_relayer = 0;
    for (key, signed) in world.journal.signed() {
        let Some(included) = chronicle.included(&key) else {
            continue;
        };
        tally.outcomes(Outcome::RelayerTx, 1);
        let outcome = included.outcome;
        if outcome.code == 0 {
            let items = signed.items.iter();
            let received = items.filter(|item| matches!(item, Item::Recv(_)) && included.did(item));
            by_relayer += received.count() as u64;
            continue;
        }
        tally.outcomes(Outcome::RelayerTxFailed, 1);
        match outcome.code {
            11 => tally.fault(Fault::GasTooLow),
            _ if outcome.log == REFUSED => tally.fault(Fault::FailedInBlock),
            _ => {}
        }
    }
    let received = many(&|story| !story.received.is_empty());
    tally.outcomes(Outcome::ReceivedByRelayer, by_relayer);
    tally.outcomes(Outcome::ReceivedByRival, received - by_relayer);
}
