//! Freezing clients of a chain that has forked (ICS-02 misbehaviour), and which headers that
//! were shown to clients are compared.

use super::batch::{Action, Batch, Proposals, Work};
use super::client::is_served;
use super::proof::usable_client;
use super::PlanInput;
use crate::ledger::{ClientKey, Item, View};
use crate::plan::Assignment;
use crate::policy::Policy;

/// Proposes to show the evidence to every client that it is about and that can still be
/// frozen. It needs no proof of the chain that has forked.
pub(super) fn propose(input: &PlanInput<'_>, proposals: &mut Proposals) {
    if !input.policy.freezes_forked_clients {
        return;
    }
    for (client, evidence) in input.view.evidence() {
        let ClientKey { chain, client_id } = client;
        // A frozen or expired client moves nothing: there is nothing to protect.
        let is_usable = usable_client(input, chain, client_id).is_ok();
        if !is_usable || !serves_client(input.view, input.policy, input.assignment, client) {
            continue;
        }
        let item = Item::Misbehaviour(client.clone());
        if let Some(why) = input.not_ready([chain, chain]) {
            proposals.wait(item, why);
        } else if let Some(why) = input.hold(&item, chain) {
            proposals.wait(item, why);
        } else {
            let action = Action::Misbehaviour {
                client_id: client_id.clone(),
                misbehaviour: Box::new(evidence.misbehaviour.clone()),
            };
            proposals.add_atomic(Batch {
                dst: chain.clone(),
                route: None,
                work: vec![Work {
                    item,
                    action,
                    deadline_ns: u64::MAX,
                }],
                atomic: false,
            });
        }
    }
}

/// Whether packets that are relayed here go over this client.
pub fn serves_client(
    view: &View,
    policy: &Policy,
    assignment: &Assignment,
    client: &ClientKey,
) -> bool {
    let mut channels = view.channels_over(client);
    channels.any(|(end, _)| is_served(view, policy, assignment, &end.clone().into()))
}
