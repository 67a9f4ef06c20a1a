//! How often values fell between fixed bounds.

use std::borrow::Cow;
use std::iter::once;

use serde::{Deserialize, Serialize};

/// Counts of values of zero or more, in buckets whose bounds do not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Upper bounds, ascending. One more bucket, which has none, follows: JSON has no
    /// infinity.
    bounds: Cow<'static, [f64]>,
    /// One a bucket.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// An empty one. The bounds are finite, above zero and ascending.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds: Cow::Borrowed(bounds),
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    /// Counts a value. One that is below zero or not finite is left out.
    pub fn observe(&mut self, value: f64) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        // One that was read from elsewhere may have fewer counts.
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
            self.sum = (self.sum + value).min(f64::MAX);
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        let counts = self.counts.iter();
        counts.fold(0, |all, count| all.saturating_add(*count))
    }

    /// All values together.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The upper bound of each bucket, which belongs to it, and the count in that bucket
    /// alone. The last bound is infinite.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = self.bounds.iter().copied().chain(once(f64::INFINITY));
        bounds.zip(self.counts.iter().copied())
    }

    /// The value that this share of all (0 to 1) does not exceed, taken as spread evenly in
    /// its bucket. Above the last bound it is that bound. `None` if nothing was counted.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all = self.count();
        if all == 0 || !(0.0..=1.0).contains(&share) {
            return None;
        }
        let rank = share * all as f64;
        let (mut lower, mut below) = (0.0, 0.0);
        for (upper, count) in self.buckets() {
            let count = count as f64;
            if count > 0.0 && below + count >= rank {
                let width = if upper.is_finite() {
                    upper - lower
                } else {
                    0.0
                };
                return Some(lower + width * (rank - below) / count);
            }
            below += count;
            lower = upper;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new(&[1.0, 2.0, 4.0]);
        values.iter().for_each(|value| histogram.observe(*value));
        histogram
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let histogram = histogram(&[0.0, 1.0, 1.5, 4.0, 4.5, 900.0]);
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!(buckets, [(1.0, 2), (2.0, 1), (4.0, 1), (f64::INFINITY, 2)]);
        assert_eq!((histogram.count(), histogram.sum()), (6, 911.0));
    }

    #[test]
    fn what_is_no_amount_is_not_counted() {
        let empty = histogram(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.5]);
        assert_eq!(empty, Histogram::new(&[1.0, 2.0, 4.0]));
        assert_eq!(histogram(&[f64::MAX, f64::MAX]).sum(), f64::MAX);
    }

    #[test]
    fn a_quantile_is_in_its_bucket_as_far_as_its_share() {
        // Two up to 1, four up to 2, two up to 4.
        let histogram = histogram(&[0.1, 0.1, 1.1, 1.1, 1.1, 1.1, 3.0, 3.0]);
        for (share, value) in [
            (0.0, 0.0),
            (0.125, 0.5),
            (0.25, 1.0),
            (0.5, 1.5),
            (0.75, 2.0),
            (0.875, 3.0),
            (1.0, 4.0),
        ] {
            assert_eq!(histogram.quantile(share), Some(value), "{share}");
        }
    }

    #[test]
    fn a_quantile_skips_empty_buckets_and_ends_at_the_last_bound() {
        assert_eq!(histogram(&[3.0]).quantile(0.0), Some(2.0));
        assert_eq!(histogram(&[0.5, 100.0]).quantile(0.95), Some(4.0));
        for (values, share) in [(&[][..], 0.5), (&[1.0], 1.1), (&[1.0], f64::NAN)] {
            assert_eq!(histogram(values).quantile(share), None, "{share}");
        }
    }

    #[test]
    fn it_is_written_and_read_as_the_same() {
        let histogram = histogram(&[0.3, 5.0, f64::MAX]);
        let json = serde_json::to_string(&histogram).unwrap();
        let read: Histogram = serde_json::from_str(&json).unwrap();
        assert_eq!(read, histogram);
    }

    #[test]
    fn one_that_does_not_hold_together_is_read_without_a_panic() {
        let json = r#"{"bounds": [1.0, 2.0], "counts": [18446744073709551615, 1], "sum": 3.0}"#;
        let mut odd: Histogram = serde_json::from_str(json).unwrap();
        [0.5, 9.0].into_iter().for_each(|value| odd.observe(value));
        assert_eq!(odd.count(), u64::MAX);
        assert_eq!(odd.quantile(1.0), Some(1.0));
    }
}
