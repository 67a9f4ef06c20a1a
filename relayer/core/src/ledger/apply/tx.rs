//! Changes of intents: what became of a transaction of ours.

use tern_chains::{ChainId, TxOutcome};

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

/// Every item failed once more; the culprit also counts a refusal.
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
        let tries = before.map_or(0, |failure| failure.tries) + 1;
        let wait = 1u64
            .checked_shl(tries)
            .unwrap_or(u64::MAX)
            .min(policy.backoff_blocks_max);
        Failure {
            refusals: before.map_or(0, |failure| failure.refusals) + u32::from(is_culprit),
            tries,
            alone: before.is_some_and(|failure| failure.alone) || is_culprit,
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
