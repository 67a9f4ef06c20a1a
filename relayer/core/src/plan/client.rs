//! Refreshing clients so that they never expire while Tern runs.

use super::batch::{Action, Proposals, Work};
use super::proof::usable_client;
use super::{PlanInput, Route};
use crate::ledger::{ClientKey, ConnectionKey, Item};

/// Proposes an update for every assigned client behind a connection between
/// followed chains whose newest consensus state is past the policy's share of the
/// trusting period.
pub(super) fn propose(input: &PlanInput<'_>, proposals: &mut Proposals) {
    let view = input.view;
    let assigned = input.assignment.clients(view);
    let is_assigned = |key: &ClientKey| {
        let clients = assigned.as_ref();
        clients.is_none_or(|clients| clients.contains(key))
    };
    let mut seen = std::collections::BTreeSet::new();
    for (ConnectionKey { chain, .. }, connection) in view.connections() {
        let key = ClientKey {
            chain: chain.clone(),
            client_id: connection.client_id.clone(),
        };
        let src = &connection.counterparty_chain;
        if !is_assigned(&key)
            || !seen.insert(key.clone())
            || input.not_ready([chain, src]).is_some()
        {
            continue;
        }
        let item = Item::Refresh(key);
        match due(input, &item, chain, connection) {
            Ok(None) => {}
            Ok(Some(route)) => {
                let work = Work {
                    item,
                    action: Action::UpdateClient,
                    deadline_ns: u64::MAX,
                };
                proposals.add(chain.clone(), route, work);
            }
            Err(why) => proposals.wait(item, why),
        }
    }
}

fn due(
    input: &PlanInput<'_>,
    item: &Item,
    chain: &tern_chains::ChainId,
    connection: &crate::ledger::ConnectionRecord,
) -> Result<Option<Route>, super::Why> {
    let record = usable_client(input, chain, &connection.client_id)?;
    let (Some(host), Some(src)) = (
        input.view.head(chain),
        input.view.head(&connection.counterparty_chain),
    ) else {
        return Ok(None);
    };
    let age_ns = u128::from(host.time.0.saturating_sub(record.updated.0));
    let limit_ns = record.summary.trusting_period.as_nanos()
        * u128::from(input.policy.refresh_after_percent)
        / 100;
    if age_ns < limit_ns || src.height <= record.summary.latest_height {
        return Ok(None);
    }
    if let Some(why) = input.hold(item, chain) {
        return Err(why);
    }
    let Some(rules) = input.rules(&connection.counterparty_chain) else {
        return Ok(None);
    };
    Ok(Some(Route {
        src: connection.counterparty_chain.clone(),
        client_on_dst: connection.client_id.clone(),
        height: rules.state_height(src.height),
        proof_height: src.height,
        update: true,
    }))
}
