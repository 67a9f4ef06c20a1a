//! Upgrading clients of a chain that has ended its revision (ICS-02 `upgradeClient`;
//! ibc-go `02-client` `MsgUpgradeClient`).
//!
//! The chain has planned a last height and stands before it. Its clients are brought to
//! that height, and are told what they are from then on. Once the chain's nodes are gone
//! nobody can prove that any more, so that no client under a served path is left out.

use std::collections::BTreeSet;

use super::batch::{Action, Batch, Proposals, Work};
use super::client::is_served;
use super::proof::usable_client;
use super::{PlanInput, Route, Why};
use crate::ledger::{ClientKey, Item};

/// Proposes the upgrade of every client of a chain at its end that is under a served path,
/// or that a command asks for.
pub(super) fn propose(input: &PlanInput<'_>, proposals: &mut Proposals) {
    for key in wanted(input) {
        let item = Item::Upgrade(key.clone());
        match route(input, &key, &item) {
            Ok(Some(route)) => {
                let action = Action::UpgradeClient {
                    last_height: route.proof_height,
                };
                let work = Work {
                    item,
                    action,
                    deadline_ns: u64::MAX,
                };
                proposals.add_atomic(Batch {
                    dst: key.chain,
                    route: Some(route),
                    work: vec![work],
                    atomic: true,
                });
            }
            Ok(None) => {}
            Err(why) => proposals.wait(item, why),
        }
    }
}

/// The clients of chains at their end that are upgraded. No other packets than now pass over
/// them meanwhile, so that an end counts although the other one is not open to it any more.
fn wanted(input: &PlanInput<'_>) -> BTreeSet<ClientKey> {
    let is_at_end = |key: &ClientKey| {
        let record = input.view.client(key);
        record.is_some_and(|record| input.view.revision_end(&record.summary.chain_id).is_some())
    };
    let ends = input.view.channels().map(|(end, record)| {
        let client = ClientKey {
            chain: end.chain.clone(),
            client_id: record.client_id.clone(),
        };
        (client, end)
    });
    let served = ends.filter(|(client, end)| {
        is_at_end(client)
            && is_served(
                input.view,
                input.policy,
                input.assignment,
                &(*end).clone().into(),
            )
    });
    let asked = input.refreshed.iter().filter(|client| is_at_end(client));
    let served = served.map(|(client, _)| client);
    served.chain(asked.cloned()).collect()
}

/// The way of the upgrade; none for a client that somebody has upgraded, or that has passed
/// the last height.
fn route(input: &PlanInput<'_>, key: &ClientKey, item: &Item) -> Result<Option<Route>, Why> {
    let Some(src) = input.view.client(key).map(|known| &known.summary.chain_id) else {
        return Ok(None);
    };
    let (Some(last_height), Some(rules)) = (input.view.revision_end(src), input.rules(src)) else {
        return Ok(None);
    };
    if let Some(why) = input.not_ready([src, &key.chain]) {
        return Err(why);
    }
    let client = usable_client(input, &key.chain, &key.client_id)?;
    let latest = client.summary.latest_height;
    if latest > last_height {
        return Ok(None);
    }
    if let Some(why) = input.hold(item, &key.chain) {
        return Err(why);
    }
    Ok(Some(Route {
        src: src.clone(),
        client_on_dst: key.client_id.clone(),
        height: rules.state_height(last_height),
        proof_height: last_height,
        update: latest != last_height,
        exact: false,
    }))
}
