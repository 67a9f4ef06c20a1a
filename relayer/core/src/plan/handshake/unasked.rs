//! The batch of a step that no command has asked for.

use tern_chains::{ChainId, ClientId};

use super::step_on::StepOn;
use crate::ledger::Item;
use crate::plan::batch::{Batch, Work};
use crate::plan::proof::route;
use crate::plan::{PlanInput, Why};

/// A chain, and the client of the other one on it.
type Side<'a> = (&'a ChainId, &'a ClientId);

pub(super) struct Sides<'a> {
    pub a: Side<'a>,
    pub b: Side<'a>,
}

pub(super) fn batch(
    input: &PlanInput<'_>,
    item: &Item,
    sides: Sides<'_>,
    step: StepOn,
) -> Result<Batch, Why> {
    let ((dst, client), (src, _)) = match step.on_a {
        true => (sides.a, sides.b),
        false => (sides.b, sides.a),
    };
    if let Some(why) = input.not_ready([src, dst]) {
        return Err(why);
    }
    if let Some(why) = input.hold(item, dst) {
        return Err(why);
    }
    let work = Work {
        item: item.clone(),
        action: step.step.1,
        deadline_ns: u64::MAX,
    };
    Ok(Batch {
        dst: dst.clone(),
        route: Some(route(input, dst, src, client, step.need)?),
        work: vec![work],
        atomic: true,
    })
}
