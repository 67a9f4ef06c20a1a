//! A metric with all its series, and how it is written.

use std::collections::BTreeSet;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{text, DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tern_chains::Histogram;

/// Labels of a series: names and values.
pub type Labels = Vec<(&'static str, String)>;

/// A value of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Gauge(f64),
    Counter(u64),
    /// Of amounts that may be larger than other counters.
    Sum(f64),
    Histogram(Histogram),
}

/// One metric.
#[derive(Clone, Debug)]
pub struct Family {
    /// Without the `_total` that is written behind counters.
    pub name: &'static str,
    pub help: &'static str,
    pub kind: MetricType,
    pub series: Vec<(Labels, Value)>,
}

impl Family {
    pub fn gauge(
        name: &'static str,
        help: &'static str,
        series: impl IntoIterator<Item = (Labels, f64)>,
    ) -> Self {
        Self::new(name, help, MetricType::Gauge, series, Value::Gauge)
    }

    pub fn counter(
        name: &'static str,
        help: &'static str,
        series: impl IntoIterator<Item = (Labels, u64)>,
    ) -> Self {
        Self::new(name, help, MetricType::Counter, series, Value::Counter)
    }

    pub fn sum(
        name: &'static str,
        help: &'static str,
        series: impl IntoIterator<Item = (Labels, f64)>,
    ) -> Self {
        Self::new(name, help, MetricType::Counter, series, Value::Sum)
    }

    pub fn histogram(
        name: &'static str,
        help: &'static str,
        series: impl IntoIterator<Item = (Labels, Histogram)>,
    ) -> Self {
        Self::new(name, help, MetricType::Histogram, series, Value::Histogram)
    }

    /// The same labels twice would make the whole scrape invalid: the first is kept.
    fn new<V>(
        name: &'static str,
        help: &'static str,
        kind: MetricType,
        series: impl IntoIterator<Item = (Labels, V)>,
        value: fn(V) -> Value,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let series = series.into_iter();
        let series = series.map(|(labels, one)| (escaped(labels), value(one)));
        let series = series.filter(|(labels, _)| seen.insert(labels.clone()));
        let series = series.collect();
        Self {
            name,
            help,
            kind,
            series,
        }
    }

    /// The names of its series in a scrape.
    #[cfg(test)]
    pub fn names(&self) -> Vec<String> {
        let suffixes: &[&str] = match self.kind {
            MetricType::Counter => &["_total"],
            MetricType::Histogram => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        let names = suffixes.iter();
        names
            .map(|suffix| format!("{}{suffix}", self.name))
            .collect()
    }
}

/// The format's library writes values as they are, and a chain or a node chooses some of them.
fn escaped(labels: Labels) -> Labels {
    let escape = |value: String| {
        let value = value.replace('\\', r"\\").replace('"', r#"\""#);
        value.replace('\n', r"\n")
    };
    let labels = labels.into_iter();
    labels.map(|(name, value)| (name, escape(value))).collect()
}

/// Writes metrics; those without series are left out.
pub fn encode(families: Vec<Family>) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(families)));
    let mut written = String::new();
    text::encode(&mut written, &registry)?;
    Ok(written)
}

#[derive(Debug)]
struct Scrape(Vec<Family>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for family in self.0.iter().filter(|family| !family.series.is_empty()) {
            let mut metric =
                encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            for (labels, value) in &family.series {
                let mut series = metric.encode_family(labels)?;
                match value {
                    Value::Gauge(value) => series.encode_gauge(value)?,
                    Value::Counter(value) => {
                        series.encode_counter::<NoLabelSet, _, f64>(value, None)?;
                    }
                    Value::Sum(value) => {
                        series.encode_counter::<NoLabelSet, _, f64>(value, None)?;
                    }
                    Value::Histogram(histogram) => {
                        // The format's library takes the greatest number as infinite.
                        let buckets = histogram.buckets();
                        let buckets: Vec<_> = buckets
                            .map(|(bound, count)| (bound.min(f64::MAX), count))
                            .collect();
                        let (sum, count) = (histogram.sum(), histogram.count());
                        series.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_written_as_the_format_wants_it() {
        let labels = || vec![("chain", "kava \"a\"\n\\".to_owned())];
        let mut took = Histogram::new(&[1.0, 2.0]);
        [0.5, 1.5, 9.0]
            .into_iter()
            .for_each(|value| took.observe(value));
        let text = encode(vec![
            Family::gauge("height", "The height.", [(labels(), 7.0)]),
            Family::counter("txs", "The transactions.", [(labels(), 3)]),
            Family::histogram("took", "How long.", [(labels(), took)]),
            Family::gauge("none", "No series.", []),
        ]);
        let expected = "\
# HELP height The height.
# TYPE height gauge
height{chain=\"kava \\\"a\\\"\\n\\\\\"} 7.0
# HELP txs The transactions.
# TYPE txs counter
txs_total{chain=\"kava \\\"a\\\"\\n\\\\\"} 3
# HELP took How long.
# TYPE took histogram
took_sum{chain=\"kava \\\"a\\\"\\n\\\\\"} 11.0
took_count{chain=\"kava \\\"a\\\"\\n\\\\\"} 3
took_bucket{le=\"1.0\",chain=\"kava \\\"a\\\"\\n\\\\\"} 1
took_bucket{le=\"2.0\",chain=\"kava \\\"a\\\"\\n\\\\\"} 2
took_bucket{le=\"+Inf\",chain=\"kava \\\"a\\\"\\n\\\\\"} 3
# EOF
";
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn labels_that_are_there_twice_are_written_once() {
        let labels = || vec![("chain", "kava-1".to_owned())];
        let family = Family::gauge("height", "The height.", [(labels(), 7.0), (labels(), 8.0)]);
        assert_eq!(family.series, [(labels(), Value::Gauge(7.0))]);
    }
}
