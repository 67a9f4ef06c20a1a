//! The checks after the run: what must hold whatever faults happened.

mod ends;
mod history;
mod ledger;
mod money;
mod no_wasted_txs;

use history::History;

use super::world::World;

/// `Err` says which check failed.
pub async fn check(world: &World) -> Result<(), String> {
    let history = History::read(&world.sides).await;
    ends::count(world, &history);
    ends::each_packet_ends_once(&history)?;
    money::adds_up(world, &history)?;
    ledger::agrees_with_the_chains(world, &history).await?;
    no_wasted_txs::nothing_useless_was_paid(world, &history)
}
