//! Acknowledgements travel in ack_batching: under steady traffic they share client
//! updates instead of having one for every block.
//!
//! Nobody waits for an acknowledgement as for a receive, and a client update
//! costs as much as several of them. So an update for acknowledgements alone
//! waits for the one before it to land and moves its client by two blocks at
//! least, as long as more of them are certain to come. A lone one never waits.

use std::collections::BTreeMap;

use tern_chains::ChainId;

use super::batch::Work;
use super::{PlanInput, Route, Wait, Why};
use crate::ledger::{ClientKey, Item, PacketKey};

/// Work by destination and route.
pub(super) type Groups = BTreeMap<(ChainId, Route), Vec<Work>>;

/// Lets acknowledgements ride with other work for their client, or wait.
pub(super) fn share(input: &PlanInput<'_>, groups: &mut Groups, waits: &mut Vec<Wait>) {
    let alone = groups.iter().filter(|(key, work)| is_alone(&key.1, work));
    // Lower heights of a client come first.
    let alone: Vec<(ChainId, Route)> = alone.map(|(key, _)| key.clone()).collect();
    for key in alone {
        match verdict(input, &key, groups) {
            Verdict::Go => {}
            Verdict::RideWith(other) => {
                let work = groups.remove(&key).unwrap_or_default();
                groups.entry(other).or_default().extend(work);
            }
            Verdict::Wait => {
                let work = groups.remove(&key).unwrap_or_default();
                let why = Why::AwaitingBatch;
                waits.extend(work.into_iter().map(|Work { item, .. }| Wait {
                    item,
                    why: why.clone(),
                }));
            }
        }
    }
}

enum Verdict {
    Go,
    RideWith((ChainId, Route)),
    Wait,
}

fn verdict(input: &PlanInput<'_>, key: &(ChainId, Route), groups: &Groups) -> Verdict {
    let (dst, route) = key;
    let client = ClientKey {
        chain: dst.clone(),
        client_id: route.client_on_dst.clone(),
    };
    let are_more_coming = is_on_its_way(input, &client, |item| matches!(item, Item::Recv(_)));
    if !are_more_coming || !is_patient(input, &client) {
        return Verdict::Go;
    }
    let updates = || {
        groups.iter().filter(|((chain, other), _)| {
            chain == dst && other.client_on_dst == route.client_on_dst && other.update
        })
    };
    let above = updates().find(|((_, other), _)| other.height > route.height);
    if let Some((other, work)) = above {
        if !is_alone(&other.1, work) {
            return Verdict::RideWith(other.clone());
        }
    }
    let is_second = updates().any(|((_, other), _)| other.height < route.height)
        || is_on_its_way(input, &client, |item| matches!(item, Item::Ack(_)));
    let record = input.view.client(&client);
    let latest = record.map_or(0, |record| record.summary.latest_height);
    match above {
        _ if is_second => Verdict::Wait,
        _ if route.proof_height >= latest + input.policy.ack_update_blocks_min => Verdict::Go,
        Some((other, _)) => Verdict::RideWith(other.clone()),
        None => Verdict::Wait,
    }
}

/// Whether a client update would be made for acknowledgements only.
fn is_alone(route: &Route, work: &[Work]) -> bool {
    let is_ack = |work: &Work| matches!(work.item, Item::Ack(_));
    route.update && work.iter().all(is_ack)
}

/// Whether the last update of a client is so recent that one may wait.
fn is_patient(input: &PlanInput<'_>, client: &ClientKey) -> bool {
    let updated = input.view.client(client).map(|record| record.updated);
    let head = input.view.head(&client.chain).map(|head| head.time);
    updated.zip(head).is_some_and(|(updated, now)| {
        now.0 < updated.0.saturating_add(input.policy.ack_wait_max_ns)
    })
}

/// Whether such an item is in progress or in a transaction, for a packet sent through
/// this client.
fn is_on_its_way(
    input: &PlanInput<'_>,
    client: &ClientKey,
    is_such: impl Fn(&Item) -> bool,
) -> bool {
    let items = input.in_progress.iter().chain(input.view.intended());
    items.filter(|item| is_such(item)).any(|item| {
        let Some(PacketKey { src, .. }) = item.packet() else {
            return false;
        };
        let path = || input.view.path(src);
        src.chain == client.chain
            && path().is_some_and(|path| path.client_on_src == client.client_id)
    })
}
