//! Changes of intents: what became of a transaction of ours.

use tern_chains::{ChainId, Class, TxOutcome};

use super::fees::paid;
use super::topology::client_created;
use crate::ledger::{Change, Failure, Item, Refusal, TxKey, TxRecord, View};
use crate::policy::Policy;

pub(super) fn outcome(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    outcome: &TxOutcome,
) -> Vec<Change> {
    let key = TxKey {
        chain: chain.clone(),
        hash: outcome.hash,
    };
    let Some(tx) = view.tx(&key) else {
        return vec![];
    };
    let mut changes = vec![Change::Tx(key, None)];
    changes.extend(paid(view, chain, tx, outcome.code == 0));
    if outcome.code == 0 {
        let failed = tx.items.iter().filter(|item| view.failure(item).is_some());
        changes.extend(failed.map(|item| Change::Failure(item.clone(), None)));
        let clients = outcome.clients.iter();
        changes.extend(clients.flat_map(|id| client_created(view, chain, id)));
        return changes;
    }
    let named = outcome.message_index;
    let named = named.and_then(|index| tx.items.get(index.checked_sub(tx.updates)?));
    let culprit = match tx.items.as_slice() {
        [only] => Some(only),
        _ => named,
    };
    let refusal = Refusal {
        class: Class::Rejected,
        reason: format!(
            "tx {} failed in its block: {} (codespace {}, code {})",
            outcome.hash, outcome.log, outcome.codespace, outcome.code
        ),
        culprit: culprit.cloned(),
        together_max: culprit.is_none().then(|| Refusal::half(tx.items.len())),
    };
    changes.extend(failures(view, policy, chain, &tx.items, &refusal));
    changes
}

/// A transaction has died in no block. That happens to any; one that dies twice may be
/// one that no block takes, such as one that is too large.
pub(super) fn expired(view: &View, policy: &Policy, chain: &ChainId, tx: &TxRecord) -> Vec<Change> {
    let failed_before = tx.items.iter().filter_map(|item| view.failure(item));
    let is_again = failed_before.into_iter().any(|failure| failure.has_expired);
    let refusal = Refusal {
        class: Class::Node,
        reason: format!(
            "its transaction was in no block before its deadline, {}",
            tx.deadline
        ),
        culprit: None,
        together_max: is_again.then(|| Refusal::half(tx.items.len())),
    };
    let mut changes = failures(view, policy, chain, &tx.items, &refusal);
    for change in &mut changes {
        if let Change::Failure(_, Some(failure)) = change {
            failure.has_expired = true;
        }
    }
    changes
}

/// Every item failed once more. One whose packet is done, or not known, cannot: it would
/// be remembered for ever.
pub(super) fn failures(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    items: &[Item],
    refusal: &Refusal,
) -> Vec<Change> {
    let height = view.head(chain).map_or(0, |head| head.height);
    let failed = |item: &Item| {
        let before = view.failure(item);
        let is_counted = is_counted(refusal.class);
        let is_culprit = refusal.culprit.as_ref() == Some(item) && is_counted;
        let refusals = before.map_or(0, |failure| failure.refusals) + u32::from(is_counted);
        let wait = if is_counted {
            back_off(refusals, policy.backoff_blocks_max)
        } else {
            1
        };
        let limits = [
            before.and_then(|failure| failure.together_max),
            is_culprit.then_some(1),
            refusal.together_max,
        ];
        Failure {
            refusals,
            tries: before.map_or(0, |failure| failure.tries) + 1,
            together_max: limits.into_iter().flatten().min(),
            has_expired: before.is_some_and(|failure| failure.has_expired),
            not_before: height.saturating_add(wait),
            reason: refusal.reason.clone(),
        }
    };
    // The innocent companions of a named culprit go again at once.
    let concerned =
        |item: &&Item| refusal.culprit.is_none() || refusal.culprit.as_ref() == Some(*item);
    let is_open = |item: &&Item| {
        let record = item.packet().map(|key| view.packet(key));
        record.is_none_or(|record| record.is_some_and(|record| record.done.is_none()))
    };
    items
        .iter()
        .filter(concerned)
        .filter(is_open)
        .map(|item| Change::Failure(item.clone(), Some(failed(item))))
        .collect()
}

/// Whether an error counts against the items. A node's fault or an empty account does
/// not: they are tried again with the next block, however long that lasted.
fn is_counted(class: Class) -> bool {
    match class {
        Class::Node | Class::Local => false,
        Class::Rejected | Class::Bug => true,
    }
}

/// Blocks to wait after so many refusals.
fn back_off(refusals: u32, blocks_max: u64) -> u64 {
    let wait = 1u64.checked_shl(refusals).unwrap_or(u64::MAX);
    wait.min(blocks_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_refusal_up_to_its_limit() {
        let waits = [1, 2, 7, 8, 9, 64, u32::MAX].map(|refusals| back_off(refusals, 256));
        assert_eq!(waits, [2, 4, 128, 256, 256, 256, 256]);
    }

    #[test]
    fn what_is_mended_elsewhere_does_not_count_against_an_item() {
        assert!(!is_counted(Class::Node) && !is_counted(Class::Local));
        assert!(is_counted(Class::Rejected) && is_counted(Class::Bug));
    }
}
