//! A node that answers that it is asked too much is asked less.

use crate::world::World;

/// Requests a second, for each relayer: blocks of both directions, and what each needs.
const PER_SECOND_MAX: u64 = 6;
/// What is under way when it begins: the proofs of a batch are asked for at once.
const AT_ONCE_MAX: u64 = 30;

pub fn a_busy_node_is_left_alone(world: &World) -> Result<(), String> {
    for side in &world.place.sides {
        let limited = side.node_faults.limited();
        let relayers = world.relayers.len() as u64;
        let at_once = AT_ONCE_MAX * u64::from(limited.windows);
        let most = relayers * (at_once + PER_SECOND_MAX * limited.lasted.as_secs());
        if limited.requests > most {
            return Err(format!(
                "{} was asked {} times in {:?}, more than {most}, while it said that it is asked too much",
                side.id(),
                limited.requests,
                limited.lasted
            ));
        }
    }
    Ok(())
}
