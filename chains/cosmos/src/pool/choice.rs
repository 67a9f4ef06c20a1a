//! Which node to ask: pure. Who can answer comes before who cannot, who is well
//! before who failed; then the fewest blocks behind, the faster, and between
//! equals the one named first.

use std::time::Duration;

use tokio::time::Instant;

use super::record::Record;
use super::{Kind, Need};

/// Blocks behind the others that are no fault yet: a block needs a moment to
/// reach everybody.
const LAG_MAX: u64 = 3;
/// How much longer than the fastest a node may take to be as good: both.
const SLOW_FACTOR: u32 = 2;
const SLOW_MARGIN: Duration = Duration::from_millis(50);

/// Nodes to ask, the best first. Those set aside are left out, unless all are.
pub(super) fn rank(records: &[Record], kind: Kind, need: Need, now: Instant) -> Vec<usize> {
    let newest = newest(records, now);
    let fastest = records
        .iter()
        .filter_map(|record| record.average(kind, now));
    let fastest = fastest.min();
    let key = |index: &usize| {
        let record = &records[*index];
        let lag = match need {
            Need::Newest if record.height > 0 => newest.saturating_sub(record.height),
            _ => 0,
        };
        (
            !is_fit(record, need, newest),
            is_backing_off(record, need, now),
            record.suspicion.is_some(),
            lag,
            need != Need::Mempool && is_slow(record.average(kind, now), fastest),
            *index,
        )
    };
    let mut ranked: Vec<usize> = (0..records.len()).collect();
    if records.iter().any(|record| !record.is_quarantined(now)) {
        ranked.retain(|index| !records[*index].is_quarantined(now));
    }
    ranked.sort_by_key(key);
    ranked
}

/// Whether a node is worth asking a second time what another is asked already.
pub(super) fn is_well(records: &[Record], index: usize, need: Need, now: Instant) -> bool {
    let record = &records[index];
    is_fit(record, need, newest(records, now))
        && !record.is_failing()
        && !record.is_quarantined(now)
        && record.suspicion.is_none()
}

/// The newest height, as far as those say whose word counts.
pub(super) fn newest(records: &[Record], now: Instant) -> u64 {
    let heard = |record: &&Record| record.is_heard(now) && !record.is_backing_off(now);
    let heights = records.iter().filter(heard).map(|record| record.height);
    heights.max().unwrap_or_default()
}

fn is_fit(record: &Record, need: Need, newest: u64) -> bool {
    match need {
        Need::At(height) => record.has(height),
        Need::Newest | Need::Mempool => record.height == 0 || record.height + LAG_MAX >= newest,
    }
}

/// A transaction is not what finds out whether a failed node is well again.
fn is_backing_off(record: &Record, need: Need, now: Instant) -> bool {
    record.is_backing_off(now) || (need == Need::Mempool && record.is_failing())
}

fn is_slow(average: Option<Duration>, fastest: Option<Duration>) -> bool {
    match (average, fastest) {
        (Some(average), Some(fastest)) => average > fastest * SLOW_FACTOR + SLOW_MARGIN,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Three nodes at height 100.
    fn three() -> Vec<Record> {
        vec![Record::at(100), Record::at(100), Record::at(100)]
    }

    fn order(records: &[Record], need: Need) -> Vec<usize> {
        rank(records, Kind::State, need, Instant::now())
    }

    #[test]
    fn between_equals_the_one_named_first_is_asked() {
        for need in [Need::Newest, Need::At(50), Need::Mempool] {
            assert_eq!(order(&three(), need), [0, 1, 2]);
            assert_eq!(order(&[Record::default(), Record::default()], need), [0, 1]);
        }
    }

    #[test]
    fn a_node_that_failed_rests_longer_each_time_and_is_tried_by_one_question() {
        let mut records = three();
        let mut now = Instant::now();
        let rank = |records: &[Record], now| rank(records, Kind::State, Need::Newest, now);
        records[0].failed(Kind::State, &"no answer", now);
        let mut rests = Vec::new();
        for _ in 0..9 {
            assert_eq!(rank(&records, now), [1, 2, 0]);
            let begin = now;
            while rank(&records, now)[0] != 0 {
                now += 100 * MS;
            }
            rests.push((now - begin).as_millis());
            // Others wait for the answer to this one.
            records[0].try_again(now);
        }
        assert_eq!(
            rests,
            [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
        );
        records[0].answered(Kind::State, MS, now);
        assert_eq!(order(&records, Need::Newest), [0, 1, 2]);
    }

    #[test]
    fn a_height_is_asked_of_nodes_that_have_it() {
        let mut records = three();
        records[0].height = 99;
        assert_eq!(order(&records, Need::At(100)), [1, 2, 0]);
        assert_eq!(order(&records, Need::At(99)), [0, 1, 2]);
        records[1].pruned_below = 60;
        assert_eq!(order(&records, Need::At(59)), [0, 2, 1]);
        assert_eq!(order(&records, Need::At(60)), [0, 1, 2]);
    }

    #[test]
    fn the_newest_state_is_asked_of_who_has_the_newest_block() {
        let mut records = three();
        records[2].height = 101;
        assert_eq!(order(&records, Need::Newest), [2, 0, 1]);
        // Too far behind is worse than failed lately.
        records[0].height = 50;
        records[1].failed(Kind::State, &"no answer", Instant::now());
        assert_eq!(order(&records, Need::Newest), [2, 1, 0]);
    }

    #[test]
    fn transactions_stay_with_one_node_while_it_is_well() {
        let mut records = three();
        records[2].height = 102;
        records[0].answered(Kind::State, 900 * MS, Instant::now());
        assert_eq!(order(&records, Need::Mempool), [0, 1, 2]);
        records[0].failed(Kind::State, &"no answer", Instant::now());
        assert_eq!(order(&records, Need::Mempool), [1, 2, 0]);
    }

    #[test]
    fn a_much_slower_node_comes_after_the_others() {
        let mut records = three();
        let now = Instant::now();
        for (record, took) in records.iter_mut().zip([400, 30, 80]) {
            record.answered(Kind::State, took * MS, now);
        }
        assert_eq!(order(&records, Need::Newest), [1, 2, 0]);
        // For what it has not been asked, it is as good as any.
        let blocks = rank(&records, Kind::Block, Need::At(7), now);
        assert_eq!(blocks, [0, 1, 2]);
    }

    #[test]
    fn who_is_set_aside_is_not_asked_while_there_is_another() {
        let mut records = three();
        let now = Instant::now();
        records[0].set_aside(&"it lies", now);
        records[0].height = 9_000;
        assert_eq!(order(&records, Need::Newest), [1, 2]);
        assert_eq!(newest(&records, now), 100);
        records[1].set_aside(&"it lies", now);
        records[2].set_aside(&"it lies", now);
        assert_eq!(order(&records, Need::At(1)), [0, 1, 2]);
    }
}
