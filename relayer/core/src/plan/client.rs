//! Refreshing clients so that they never expire while Tern runs.
//!
//! Anybody may create a client and a connection to it. A client is looked after only
//! while an open and admitted path needs it.

use std::collections::BTreeMap;

use super::batch::{Action, Proposals, Work};
use super::proof::usable_client;
use super::{Assignment, PlanInput, Route, Why};
use crate::ledger::{ClientKey, EndKey, Item, View};
use crate::policy::Policy;

/// Proposes an update for every client under an assigned, admitted and open path
/// whose newest consensus state is past the policy's share of the trusting period, or that a
/// command asks for.
pub(super) fn propose(input: &PlanInput<'_>, proposals: &mut Proposals) {
    let clients = input.view.clients().filter_map(|(key, _)| {
        let due = is_due(input, key).transpose()?;
        Some(((&key.chain, &key.client_id), due))
    });
    let mut due: BTreeMap<_, _> = clients.collect();
    for (end, record) in input.view.channels() {
        let client = (&end.chain, &record.client_id);
        let is_served = || {
            is_served(
                input.view,
                input.policy,
                input.assignment,
                &end.clone().into(),
            )
        };
        if !due.contains_key(&client) || !is_served() {
            continue;
        }
        let item = Item::Refresh(ClientKey {
            chain: end.chain.clone(),
            client_id: record.client_id.clone(),
        });
        match due.remove(&client) {
            Some(Ok(route)) => {
                let work = Work {
                    item,
                    action: Action::UpdateClient,
                    deadline_ns: u64::MAX,
                };
                proposals.add(end.chain.clone(), route, work);
            }
            Some(Err(why)) => proposals.wait(item, why),
            None => {}
        }
    }
}

/// Whether packets travel from or to this end.
pub(super) fn is_served(
    view: &View,
    policy: &Policy,
    assignment: &Assignment,
    end: &EndKey,
) -> bool {
    let Some(path) = view.path(end) else {
        return false;
    };
    let ends = [&path.src, &path.dst];
    path.is_open_on_src
        && path.is_open_on_dst
        && ends.into_iter().any(|end| assignment.has_path(end))
        && policy.admission.path(view, &path).is_ok()
}

/// The way of the update, if it is time for one; or why there cannot be one.
fn is_due(input: &PlanInput<'_>, key: &ClientKey) -> Result<Option<Route>, Why> {
    let ClientKey { chain, client_id } = key;
    let Some(record) = input.view.client(key) else {
        return Ok(None);
    };
    let src_chain = &record.summary.chain_id;
    let (Some(host), Some(src)) = (input.view.head(chain), input.view.head(src_chain)) else {
        return Ok(None);
    };
    if input.not_ready([chain, src_chain]).is_some() {
        return Ok(None);
    }
    // The client is upgraded, and from then on has other headers.
    if input.view.revision_end(src_chain).is_some() {
        return Ok(None);
    }
    let record = usable_client(input, chain, client_id)?;
    let age_ns = u128::from(host.time.0.saturating_sub(record.updated.0));
    let limit_ns = record.summary.trusting_period.as_nanos()
        * u128::from(input.policy.refresh_after_percent)
        / 100;
    let is_time = age_ns >= limit_ns || input.refreshed.contains(key);
    if !is_time || src.height <= record.summary.latest_height {
        return Ok(None);
    }
    let item = Item::Refresh(key.clone());
    if let Some(why) = input.hold(&item, chain) {
        return Err(why);
    }
    let Some(rules) = input.rules(src_chain) else {
        return Ok(None);
    };
    Ok(Some(Route {
        src: src_chain.clone(),
        client_on_dst: client_id.clone(),
        height: rules.state_height(src.height),
        proof_height: src.height,
        update: true,
        exact: false,
    }))
}
