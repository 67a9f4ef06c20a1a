//! Changes of intents: what became of a transaction of ours.

use tern_chains::{ChainId, Class, TxOutcome};

use crate::ledger::{Change, Failure, Item, Refusal, TxKey, View};
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
    if outcome.code == 0 {
        let failed = tx.items.iter().filter(|item| view.failure(item).is_some());
        changes.extend(failed.map(|item| Change::Failure(item.clone(), None)));
    } else {
        let refusal = Refusal {
            class: Class::Rejected,
            reason: format!(
                "tx {} failed in its block: {} (codespace {}, code {})",
                outcome.hash, outcome.log, outcome.codespace, outcome.code
            ),
            culprit: match tx.items.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
        };
        let failed = failures(view, policy, chain, &tx.items, &refusal);
        let split = refusal.culprit.is_none();
        changes.extend(failed.into_iter().map(|change| match change {
            Change::Failure(item, Some(failure)) if split => Change::Failure(
                item,
                Some(Failure {
                    alone: true,
                    ..failure
                }),
            ),
            other => other,
        }));
    }
    changes
}

/// Every item failed once more.
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
        let is_culprit = refusal.culprit.as_ref() == Some(item);
        let is_counted = is_counted(refusal.class);
        let refusals = before.map_or(0, |failure| failure.refusals) + u32::from(is_counted);
        let wait = if is_counted {
            back_off(refusals, policy.backoff_blocks_max)
        } else {
            1
        };
        Failure {
            refusals,
            tries: before.map_or(0, |failure| failure.tries) + 1,
            alone: before.is_some_and(|failure| failure.alone) || (is_culprit && is_counted),
            not_before: height.saturating_add(wait),
            reason: refusal.reason.clone(),
        }
    };
    // The innocent companions of a named culprit go again at once.
    let concerned =
        |item: &&Item| refusal.culprit.is_none() || refusal.culprit.as_ref() == Some(*item);
    items
        .iter()
        .filter(concerned)
        .map(|item| Change::Failure(item.clone(), Some(failed(item))))
        .collect()
}

/// Whether an error counts against the items. One of a node does not: they are tried
/// again with the next block, however long its outage was.
fn is_counted(class: Class) -> bool {
    match class {
        Class::Node => false,
        Class::Rejected | Class::Local | Class::Bug => true,
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
    fn only_faults_of_nodes_do_not_count_against_an_item() {
        assert!(!is_counted(Class::Node));
        assert!([Class::Rejected, Class::Local, Class::Bug]
            .into_iter()
            .all(is_counted));
    }
}
