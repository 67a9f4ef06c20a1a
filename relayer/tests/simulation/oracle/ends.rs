//! Every packet is acknowledged or timed out exactly once.

use tern_chains::TxHash;
use tern_core::ledger::{Item, TxKey};

use super::history::{History, PacketHistory};
use crate::fault_counts::{Fault, Outcome};
use crate::fault_schedule::REFUSED;
use crate::world::World;

pub fn each_packet_ends_once(history: &History) -> Result<(), String> {
    for (from, packets) in history.packets.iter().enumerate() {
        for (sequence, packet) in packets {
            let ends = (packet.acknowledged.len(), packet.timed_out.len());
            let is_received = packet.received.len();
            let is_well = matches!((ends, is_received), ((1, 0), 1) | ((0, 1), 0));
            if !is_well {
                return Err(format!(
                    "{} #{sequence}: received at {:?}, acknowledged at {:?}, timed out at {:?}",
                    history.chains[from], packet.received, packet.acknowledged, packet.timed_out,
                ));
            }
        }
    }
    Ok(())
}

/// Counts this world's outcomes for the summary.
pub fn count(world: &World, history: &History) {
    let counts = &world.chaos.fault_counts;
    let packets = || history.packets.iter().flat_map(|packets| packets.values());
    let many =
        |is: &dyn Fn(&PacketHistory) -> bool| packets().filter(|packet| is(packet)).count() as u64;
    let acknowledged = many(&|packet| !packet.acknowledged.is_empty());
    let arrived = many(&PacketHistory::has_arrived);
    counts.outcomes(Outcome::Sent, many(&|_| true));
    counts.outcomes(Outcome::Acknowledged, arrived);
    counts.outcomes(Outcome::Refused, acknowledged - arrived);
    counts.outcomes(
        Outcome::TimedOut,
        many(&|packet| !packet.timed_out.is_empty()),
    );

    let signed = world.signed_log.signed();
    for side in &world.sides {
        let mut replaced = side.node.replaced().into_iter();
        let is_relayers = |hash: TxHash| {
            let chain = side.id();
            signed.contains_key(&TxKey { chain, hash })
        };
        if replaced.any(is_relayers) {
            counts.fault(Fault::TxReplaced);
        }
    }
    let mut by_relayer = 0;
    for (key, signed) in signed {
        let Some(included) = history.included(&key) else {
            continue;
        };
        counts.outcomes(Outcome::RelayerTx, 1);
        let outcome = included.outcome;
        if outcome.code == 0 {
            let items = signed.items.iter();
            let received = items.filter(|item| matches!(item, Item::Recv(_)) && included.did(item));
            by_relayer += received.count() as u64;
            continue;
        }
        counts.outcomes(Outcome::RelayerTxFailed, 1);
        match outcome.code {
            _ if included.ran_out_of_gas() => counts.fault(Fault::GasTooLow),
            _ if outcome.log == REFUSED => counts.fault(Fault::FailedInBlock),
            _ => {}
        }
    }
    let received = many(&|packet| !packet.received.is_empty());
    counts.outcomes(Outcome::ReceivedByRelayer, by_relayer);
    counts.outcomes(Outcome::ReceivedByOther, received - by_relayer);
}
