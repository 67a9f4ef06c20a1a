//! Whether what a process takes stays where it is, from samples. Pure.
//!
//! The first third of a run is left out: caches fill, the history of finished
//! packets reaches its length, and faults end the process. The median of the second
//! third is compared with that of the last: a peak in either changes nothing.

use crate::sample::Sample;

/// One figure of a sample, and how far it may move.
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    of: fn(&Sample) -> f64,
    /// In percent of the second third's median; `None` for what memory may grow.
    percent: Option<f64>,
    /// At least so much: a small figure moves by chance.
    at_least: f64,
}

pub const MEASURES: [Measure; 6] = [
    Measure {
        name: "resident memory",
        unit: "MiB",
        of: |sample| sample.resident_mib,
        percent: None,
        at_least: 4.0,
    },
    Measure {
        name: "anonymous memory",
        unit: "MiB",
        of: |sample| sample.anonymous_mib,
        percent: None,
        at_least: 4.0,
    },
    Measure {
        name: "open files",
        unit: "",
        of: |sample| sample.files,
        percent: Some(10.0),
        at_least: 8.0,
    },
    Measure {
        name: "threads",
        unit: "",
        of: |sample| sample.threads,
        percent: Some(10.0),
        at_least: 4.0,
    },
    Measure {
        name: "store on disk",
        unit: "MiB",
        of: |sample| sample.store_mib,
        percent: Some(25.0),
        at_least: 4.0,
    },
    Measure {
        name: "rest of the home",
        unit: "MiB",
        of: |sample| sample.rest_mib,
        percent: Some(0.0),
        at_least: 0.1,
    },
];

/// How a figure went.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    pub name: &'static str,
    pub unit: &'static str,
    /// The medians of the second and of the last third.
    pub second: f64,
    pub last: f64,
    /// The most it may grow.
    pub allowed: f64,
}

impl Trend {
    pub fn is_flat(&self) -> bool {
        self.last - self.second <= self.allowed
    }
}

/// The trends of all figures over a run of `seconds`, in which memory may grow by so many
/// percent; `None` if a third has no samples.
pub fn trends(samples: &[Sample], seconds: f64, memory_percent: f64) -> Option<Vec<Trend>> {
    let third = |number: f64| {
        let (from, to) = (number * seconds / 3.0, (number + 1.0) * seconds / 3.0);
        let within = samples.iter();
        within.filter(move |sample| (from..to).contains(&sample.second))
    };
    let trend = |measure: &Measure| {
        let second = median(third(1.0).map(measure.of))?;
        let last = median(third(2.0).map(measure.of))?;
        let percent = measure.percent.unwrap_or(memory_percent);
        Some(Trend {
            name: measure.name,
            unit: measure.unit,
            second,
            last,
            allowed: (second * percent / 100.0).max(measure.at_least),
        })
    };
    MEASURES.iter().map(trend).collect()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of nine seconds, whose memory is as given.
    fn samples(resident_mib: [f64; 9]) -> Vec<Sample> {
        let numbered = (0u8..).zip(resident_mib);
        let sample = |(second, resident_mib)| Sample {
            second: f64::from(second),
            resident_mib,
            ..Sample::default()
        };
        numbered.map(sample).collect()
    }

    fn memory(resident_mib: [f64; 9]) -> Trend {
        trends(&samples(resident_mib), 9.0, 10.0).unwrap().remove(0)
    }

    #[test]
    fn what_grows_in_the_first_third_alone_is_flat() {
        let trend = memory([10.0, 50.0, 90.0, 100.0, 101.0, 100.0, 101.0, 100.0, 101.0]);
        assert_eq!((trend.second, trend.last), (100.0, 101.0));
        assert!(trend.is_flat());
    }

    #[test]
    fn what_goes_on_growing_is_not_flat() {
        let trend = memory([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        assert_eq!((trend.second, trend.last), (50.0, 80.0));
        assert!(!trend.is_flat());
    }

    #[test]
    fn what_is_allowed_is_flat_and_anything_beyond_is_not() {
        let last = |last| memory([0.0, 0.0, 0.0, 100.0, 100.0, 100.0, last, last, last]);
        assert!(last(110.0).is_flat());
        assert!(!last(110.1).is_flat());
    }

    #[test]
    fn a_small_figure_may_move_by_some_mebibytes() {
        let last = |last| memory([0.0, 0.0, 0.0, 10.0, 10.0, 10.0, last, last, last]);
        assert!(last(14.0).is_flat());
        assert!(!last(14.1).is_flat());
    }

    #[test]
    fn one_peak_is_not_a_trend_and_less_is_never_one() {
        assert!(memory([0.0, 0.0, 0.0, 50.0, 50.0, 50.0, 50.0, 900.0, 50.0]).is_flat());
        assert!(memory([0.0, 0.0, 0.0, 50.0, 50.0, 50.0, 5.0, 5.0, 5.0]).is_flat());
    }

    #[test]
    fn without_samples_there_is_no_verdict() {
        assert_eq!(trends(&samples([1.0; 9])[..6], 9.0, 10.0), None);
        assert_eq!(trends(&[], 9.0, 10.0), None);
    }
}
