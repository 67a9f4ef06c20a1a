//! Headers that others show to clients: kept until they are compared with the chain's own,
//! and as evidence if they cannot both be so.

use tern_chains::{ChainId, ClientId, Misbehaviour, TxOutcome};

use crate::ledger::{Change, ClientKey, Evidence, SeenHeaderKey, TxKey, View};
use crate::policy::Policy;

/// What a transaction of somebody else has shown to clients that admitted paths use. What we
/// sent ourselves was verified before.
pub(super) fn seen(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    height: u64,
    outcome: &TxOutcome,
) -> Vec<Change> {
    let (chain, tx) = (chain.clone(), outcome.hash);
    if outcome.code != 0 || outcome.client_messages.is_empty() {
        return vec![];
    }
    let key = TxKey {
        chain: chain.clone(),
        hash: tx,
    };
    if view.tx(&key).is_some() {
        return vec![];
    }
    let mut changes = Vec::new();
    for (index, shown) in outcome.client_messages.iter().enumerate() {
        let client = ClientKey {
            chain: chain.clone(),
            client_id: shown.client_id.clone(),
        };
        // One proof is enough.
        let is_known = view.evidence_of(&client).is_some();
        let waiting = view.seen_headers();
        let waiting = waiting.filter(|(key, _)| key.client == client).count();
        if is_known
            || waiting + changes.len() >= policy.seen_headers_max
            || !is_used(view, policy, &client)
        {
            continue;
        }
        let key = SeenHeaderKey {
            client,
            height,
            tx,
            index,
        };
        if view.seen_header(&key).is_none() {
            changes.push(Change::SeenHeader(key, Some(shown.message.clone())));
        }
    }
    changes
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
    let waiting = view.seen_headers();
    let waiting = waiting.filter(|(key, _)| key.client == client);
    let mut changes: Vec<Change> = waiting
        .map(|(key, _)| Change::SeenHeader(key.clone(), None))
        .collect();
    if view.evidence_of(&client).is_some() {
        changes.push(Change::Evidence(client, None));
    }
    changes
}
