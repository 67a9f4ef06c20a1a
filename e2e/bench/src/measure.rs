//! What one round of one scenario came to, as data.

use serde::{Deserialize, Serialize};

/// One relayer's one round of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    pub scenario: String,
    pub relayer: String,
    /// From 1.
    pub round: u32,
    pub outcome: Outcome,
}

/// A failed round is a result, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done(Vec<Figure>),
    Failed(String),
}

/// One number, of which less is better. A scenario's first figure is its headline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Seconds,
    Milliseconds,
    Blocks,
    /// A plain number: requests, updates, threads.
    Count,
    Gas,
    MiB,
    /// The one unit of which more is better.
    PerSecond,
}

impl Unit {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Blocks => "blocks",
            Self::Count => "",
            Self::Gas => "gas",
            Self::MiB => "MiB",
            Self::PerSecond => "/s",
        }
    }
}

impl Figure {
    pub fn new(name: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self {
            name: name.into(),
            unit,
            value,
        }
    }
}

/// The value that `part` (0 to 1) of the sorted values do not exceed; the median
/// of an even number is the mean of the two in the middle. Nothing has no
/// quantile.
pub fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = part.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    Some(sorted[below] + (sorted[above] - sorted[below]) * at.fract())
}

pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn the_quantile_of_one_is_the_greatest() {
        let values: Vec<f64> = (1..=101).map(f64::from).collect();
        assert_eq!(quantile(&values, 1.0), Some(101.0));
        assert_eq!(quantile(&values, 0.95), Some(96.0));
    }
}
