//! Values counted by size: how long something took, again and again.

use serde::{Deserialize, Serialize};

/// Counts by fixed upper bounds, as Prometheus has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Upper bounds in ascending order, each included in its bucket.
    bounds: Vec<f64>,
    /// One for each bound, and the last for values above all bounds.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// An empty one with these upper bounds, in ascending order.
    pub fn new(bounds: &[f64]) -> Self {
        Self {
            bounds: bounds.to_vec(),
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    pub fn observe(&mut self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
            self.sum += value;
        }
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Upper bound and count of each bucket alone; the last bound is infinite.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = self.bounds.iter().copied();
        let bounds = bounds.chain(std::iter::once(f64::INFINITY));
        bounds.zip(self.counts.iter().copied())
    }

    /// The value that this share of all values, 0 to 1, does not exceed, as far as the
    /// bounds tell: within its bucket values are taken as evenly spread. The greatest
    /// bound for values above it; `None` without values.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = self.count() as f64 * share;
        let mut lower = (0.0, 0);
        for (bound, count) in self.buckets() {
            let upper = lower.1 + count;
            if count > 0 && upper as f64 >= rank {
                if bound.is_infinite() {
                    return self.bounds.last().copied();
                }
                let part = (rank - lower.1 as f64) / count as f64;
                return Some(lower.0 + (bound - lower.0) * part);
            }
            lower = (bound, upper);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new(&[1.0, 2.0, 4.0]);
        values.iter().for_each(|value| histogram.observe(*value));
        histogram
    }

    #[test]
    fn a_value_is_counted_in_the_first_bucket_that_holds_it() {
        let histogram = of(&[0.5, 1.0, 1.5, 9.0]);
        let counts: Vec<_> = histogram.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 1, 0, 1]);
        assert_eq!((histogram.count(), histogram.sum()), (4, 12.0));
    }

    #[test]
    fn a_quantile_is_found_within_its_bucket() {
        assert_eq!(of(&[]).quantile(0.5), None);
        let histogram = of(&[0.5, 1.5, 3.0, 3.0]);
        assert_eq!(histogram.quantile(0.25), Some(1.0));
        assert_eq!(histogram.quantile(0.5), Some(2.0));
        assert_eq!(histogram.quantile(1.0), Some(4.0));
        assert_eq!(of(&[9.0]).quantile(0.95), Some(4.0));
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let histogram = of(&[0.5, 9.0]);
        let text = serde_json::to_string(&histogram).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
    }
}
