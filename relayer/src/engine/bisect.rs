//! Finding the block in which something became so, by asking for the state of
//! other blocks: no index of the node's is needed, only its history.

use std::future::Future;

use tern_chains::{Chain, ChainError, StorePath};

/// Since when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From this height on.
    Height(u64),
    /// It does not hold at the newest height.
    Never,
    /// It holds as far back as the node's state goes.
    BeforePruned,
}

/// The height from which on something holds, by doubling steps back from
/// `latest` and halving between. It is known not to hold at `floor` (0: before
/// the first block), and once it holds it goes on holding. `holds` is `None`
/// where the node has no state any more.
pub async fn since<F>(
    floor: u64,
    latest: u64,
    holds: impl Fn(u64) -> F,
) -> Result<Since, ChainError>
where
    F: Future<Output = Result<Option<bool>, ChainError>>,
{
    if latest <= floor || holds(latest).await? != Some(true) {
        return Ok(Since::Never);
    }
    let (mut low, mut high, mut step) = (floor, latest, 1);
    let mut is_known_at_low = true;
    while high > floor + 1 {
        let probe = high.saturating_sub(step).max(floor + 1);
        match holds(probe).await? {
            Some(true) => high = probe,
            not => {
                low = probe;
                is_known_at_low = not.is_some();
                break;
            }
        }
        step *= 2;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match holds(middle).await? {
            Some(true) => high = middle,
            not => {
                low = middle;
                is_known_at_low = not.is_some();
            }
        }
    }
    Ok(match is_known_at_low {
        true => Since::Height(high),
        false => Since::BeforePruned,
    })
}

/// The value at `path` in the state of `height`; `None` if the node has pruned
/// that state.
pub async fn value_at(
    chain: &dyn Chain,
    path: StorePath,
    height: u64,
) -> Result<Option<Option<Vec<u8>>>, ChainError> {
    match chain.query(path, Some(height)).await {
        Ok(value) => Ok(Some(value)),
        Err(ChainError::Pruned { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Since when there is a value at `path`.
pub async fn since_present(
    chain: &dyn Chain,
    path: &StorePath,
    floor: u64,
    latest: u64,
) -> Result<Since, ChainError> {
    since(floor, latest, |height| async move {
        let value = value_at(chain, path.clone(), height).await?;
        Ok(value.map(|value| value.is_some()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;

    use super::*;

    /// Since when it is so, with state from `kept` on, and how often was asked.
    fn found(floor: u64, became: u64, kept: u64, latest: u64) -> (Since, u32) {
        let asked = Cell::new(0);
        let holds = |height: u64| {
            asked.set(asked.get() + 1);
            let answer = (height >= kept).then_some(height >= became);
            async move { Ok(answer) }
        };
        let found = since(floor, latest, holds).now_or_never().unwrap().unwrap();
        (found, asked.get())
    }

    #[test]
    fn the_block_is_found_wherever_it_is() {
        for latest in 1..40 {
            for became in 1..=latest {
                for floor in 0..became {
                    let (since, _) = found(floor, became, 0, latest);
                    assert_eq!(since, Since::Height(became), "{floor} {became} {latest}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_hold_now_never_did() {
        assert_eq!(found(0, 11, 0, 10).0, Since::Never);
        assert_eq!(found(10, 11, 0, 10).0, Since::Never);
    }

    #[test]
    fn pruned_state_is_no_proof_of_absence() {
        assert_eq!(found(0, 4, 6, 30).0, Since::BeforePruned);
        assert_eq!(found(0, 6, 6, 30).0, Since::BeforePruned);
        assert_eq!(found(0, 7, 6, 30).0, Since::Height(7));
    }

    #[test]
    fn few_questions_are_enough_on_a_long_chain() {
        let (since, asked) = found(0, 9_999_990, 0, 10_000_000);
        assert_eq!(since, Since::Height(9_999_990));
        assert!(asked < 10, "{asked}");
        assert!(found(0, 3, 0, 10_000_000).1 < 50);
    }
}
