//! Headers that others show to clients: kept until they are compared with the chain's own,
//! and as evidence if they cannot both be so.

use std::collections::BTreeMap;

use tern_chains::{ChainId, ClientId, Encoded, Misbehaviour, TxOutcome};

use crate::ledger::{Change, ClientKey, Evidence, SeenHeaderKey, TxKey, View};
use crate::policy::Policy;

/// What a transaction of somebody else has shown to clients that admitted paths use, as far as
/// there is room. What we sent ourselves was verified before.
pub(super) fn seen(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    height: u64,
    outcome: &TxOutcome,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (client, headers) in shown(view, policy, chain, outcome) {
        for (index, header) in headers.into_iter().take(room(view, policy, &client)) {
            let key = SeenHeaderKey {
                client: client.clone(),
                height,
                tx: outcome.hash,
                index,
            };
            changes.push(Change::SeenHeader(key, Some(header.clone())));
        }
    }
    changes
}

/// The clients with so many headers that wait that some of this transaction's are not kept, and
/// how many. To be asked before the transaction is applied.
pub fn headers_left_out(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    outcome: &TxOutcome,
) -> Vec<(ClientKey, usize)> {
    let shown = shown(view, policy, chain, outcome).into_iter();
    let left_out = shown.map(|(client, headers)| {
        let room = room(view, policy, &client);
        (client, headers.len().saturating_sub(room))
    });
    left_out.filter(|(_, count)| *count > 0).collect()
}

/// So many more headers may wait for a client.
fn room(view: &View, policy: &Policy, client: &ClientKey) -> usize {
    let waiting = waiting(view, client).count();
    policy.seen_headers_max.saturating_sub(waiting)
}

fn waiting<'a>(
    view: &'a View,
    client: &'a ClientKey,
) -> impl Iterator<Item = (&'a SeenHeaderKey, &'a Encoded)> {
    let all = view.seen_headers();
    all.filter(move |(key, _)| key.client == *client)
}

/// What is to be compared of a transaction, each header once, with its index in it.
fn shown<'a>(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    outcome: &'a TxOutcome,
) -> BTreeMap<ClientKey, Vec<(usize, &'a Encoded)>> {
    let tx = TxKey {
        chain: chain.clone(),
        hash: outcome.hash,
    };
    let mut by_client: BTreeMap<ClientKey, Vec<_>> = BTreeMap::new();
    if outcome.code != 0 || outcome.client_messages.is_empty() || view.tx(&tx).is_some() {
        return by_client;
    }
    for (index, shown) in outcome.client_messages.iter().enumerate() {
        let client = ClientKey {
            chain: chain.clone(),
            client_id: shown.client_id.clone(),
        };
        // One proof is enough.
        let is_compared = by_client.contains_key(&client)
            || view.evidence_of(&client).is_none() && is_used(view, policy, &client);
        if !is_compared {
            continue;
        }
        // The same header costs a stranger no more than a transaction.
        let message = &shown.message;
        let is_waiting = waiting(view, &client).any(|(_, header)| header == message);
        let headers = by_client.entry(client).or_default();
        // More than this are not kept: whoever shows thousands keeps nobody busy.
        let mut kept = headers.iter().take(policy.seen_headers_max);
        if !is_waiting && !kept.any(|(_, header)| *header == message) {
            headers.push((index, message));
        }
    }
    by_client
}

/// Whether an admitted path goes over this client.
fn is_used(view: &View, policy: &Policy, client: &ClientKey) -> bool {
    let mut channels = view.channels_over(client);
    channels.any(|(end, _)| {
        let path = view.path(&end.clone().into());
        path.is_some_and(|path| policy.admission.path(view, &path).is_ok())
    })
}

/// A header was compared. One that waits no more is of a client that was changed meanwhile.
pub(super) fn checked(
    view: &View,
    seen: &SeenHeaderKey,
    misbehaviour: Option<&Misbehaviour>,
) -> Vec<Change> {
    if view.seen_header(seen).is_none() {
        return vec![];
    }
    let mut changes = vec![Change::SeenHeader(seen.clone(), None)];
    let is_known = view.evidence_of(&seen.client).is_some();
    if let Some(misbehaviour) = misbehaviour.filter(|_| !is_known) {
        let evidence = Evidence {
            misbehaviour: misbehaviour.clone(),
            seen: seen.clone(),
        };
        let evidence = Some(Box::new(evidence));
        changes.push(Change::Evidence(seen.client.clone(), evidence));
    }
    changes
}

/// Governance has put another client's state in the place of a frozen one's: what was shown
/// before must not freeze it again.
pub(super) fn client_changed(view: &View, chain: &ChainId, client_id: &ClientId) -> Vec<Change> {
    let client = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let mut changes: Vec<Change> = waiting(view, &client)
        .map(|(key, _)| Change::SeenHeader(key.clone(), None))
        .collect();
    if view.evidence_of(&client).is_some() {
        changes.push(Change::Evidence(client, None));
    }
    changes
}
