//! What must be so when all is quiet again, whatever went wrong before.

mod chronicle;
mod ends;
mod ledger;
mod money;
mod thrift;

use chronicle::Chronicle;

use super::world::World;

/// `Err` says what is not as it must be.
pub async fn check(world: &World) -> Result<(), String> {
    let chronicle = Chronicle::read(&world.sides).await;
    ends::count(world, &chronicle);
    ends::each_packet_ends_once(&chronicle)?;
    money::adds_up(world, &chronicle)?;
    ledger::agrees_with_the_chains(world, &chronicle).await?;
    thrift::nothing_useless_was_paid(world, &chronicle)
}
