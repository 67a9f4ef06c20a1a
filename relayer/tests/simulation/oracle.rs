//! The checks after the run: what must hold whatever faults happened.

mod ends;
mod flood;
mod history;
mod ledger;
mod money;
mod no_wasted_txs;
mod spent;
mod stuck;

use history::History;
pub use stuck::{settle, Stuck};

use super::world::World;

/// `stuck` are the packets that may be open for ever. `Err` says which check failed.
pub async fn check(world: &World, stuck: Stuck) -> Result<(), String> {
    let history = History::read(&world.place.sides).await;
    ends::count(world, &history);
    ends::each_packet_ends_once(world, &history, &stuck)?;
    money::adds_up(world, &history)?;
    ledger::agrees_with_the_chains(world, &history, &stuck).await?;
    no_wasted_txs::nothing_useless_was_paid(world, &history)?;
    spent::nothing_was_paid_for_nothing(world, &history)?;
    flood::a_busy_node_is_left_alone(world)?;
    let mut relayers = world.relayers.iter();
    relayers.try_for_each(|relayer| relayer.memory_watch.result())
}
