//! What the soak prints: a line a minute, and what came of it all.

use std::fmt::{Display, Formatter};

use crate::fault::{Fault, CHAINS};
use crate::sample::Sample;
use crate::tally::Totals;
use crate::verdict::Trend;

/// One line. It fits into 80 columns.
pub struct Minute {
    pub minute: u64,
    pub totals: Totals,
    pub sample: Sample,
    pub fault: Option<Fault>,
}

impl Minute {
    /// Memory and store in MiB: resident, and of it anonymous.
    pub const HEAD: &'static str =
        " min     sent    ended   open    res   anon files thr  store  last fault";
}

impl Display for Minute {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (totals, sample) = (&self.totals, &self.sample);
        write!(
            f,
            "{:>4} {:>8} {:>8} {:>6} {:>6.1} {:>6.1} {:>5} {:>3} {:>6.1}",
            self.minute,
            totals.sent,
            totals.ended(),
            totals.open,
            sample.resident_mib,
            sample.anonymous_mib,
            sample.files,
            sample.threads,
            sample.store_mib,
        )?;
        match self.fault {
            Some(fault) => write!(f, "  {fault}"),
            None => Ok(()),
        }
    }
}

/// The end of a soak.
pub struct Summary {
    chains: [Totals; 2],
    /// `None` if a third has no samples.
    trends: Option<Vec<Trend>>,
    faults: usize,
}

impl Summary {
    pub fn new(chains: [Totals; 2], trends: Option<Vec<Trend>>, faults: usize) -> Self {
        Self {
            chains,
            trends,
            faults,
        }
    }

    /// Whether packets were sent, none was lost, and nothing grew.
    pub fn is_well(&self) -> bool {
        let is_flat = |trends: &Vec<Trend>| trends.iter().all(Trend::is_flat);
        let [a, b] = &self.chains;
        let both = a.and(b);
        both.sent > 0 && both.open == 0 && self.trends.as_ref().is_some_and(is_flat)
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let [a, b] = &self.chains;
        let both = a.and(b);
        writeln!(
            f,
            "\npackets: {} sent, {} ended ({} acknowledged, {} timed out), {} lost; {} faults",
            both.sent,
            both.ended(),
            both.acknowledged,
            both.timed_out,
            both.open,
            self.faults
        )?;
        for (name, totals) in CHAINS.iter().zip(&self.chains) {
            let share = 100.0 * totals.fees_wasted as f64 / totals.fees.max(1) as f64;
            writeln!(
                f,
                "{name}: fees {}, wasted {} ({share:.2} %): {} of {} messages useless, {} failed txs",
                totals.fees,
                totals.fees_wasted,
                totals.useless,
                totals.messages,
                totals.failed_txs
            )?;
        }
        let Some(trends) = &self.trends else {
            return writeln!(f, "there are too few samples for a verdict");
        };
        writeln!(f, "medians of the second and the last third:")?;
        for trend in trends {
            let verdict = if trend.is_flat() { "flat" } else { "GROWS" };
            writeln!(
                f,
                "  {:<16} {:>8.2} -> {:>8.2} {:<3}  {verdict} (may grow by {:.2})",
                trend.name, trend.second, trend.last, trend.unit, trend.allowed
            )?;
        }
        let verdict = if self.is_well() { "well" } else { "NOT WELL" };
        writeln!(f, "verdict: {verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory that had 50 MiB has this at the end.
    fn summary(sent: u64, acknowledged: u64, last: f64) -> Summary {
        let memory = Trend {
            name: "anonymous memory",
            unit: "MiB",
            second: 50.0,
            last,
            allowed: 5.0,
        };
        let one = Totals {
            sent,
            acknowledged,
            open: sent - acknowledged,
            ..Totals::default()
        };
        Summary::new([one, Totals::default()], Some(vec![memory]), 0)
    }

    #[test]
    fn it_is_well_if_nothing_is_lost_and_nothing_grows() {
        assert!(summary(9, 9, 50.0).is_well());
        assert!(!summary(9, 8, 50.0).is_well(), "lost");
        assert!(!summary(9, 9, 60.0).is_well(), "grows");
        assert!(!summary(0, 0, 50.0).is_well(), "none sent");
        let unknown = Summary {
            trends: None,
            ..summary(9, 9, 50.0)
        };
        assert!(!unknown.is_well(), "too few samples");
    }

    #[test]
    fn what_grows_is_named() {
        let text = summary(9, 8, 60.0).to_string();
        assert!(text.contains("9 sent, 8 ended"), "{text}");
        assert!(text.contains("1 lost"), "{text}");
        let grows: Vec<&str> = text.lines().filter(|line| line.contains("GROWS")).collect();
        assert_eq!(grows.len(), 1);
        assert!(grows[0].contains("anonymous memory"));
        assert!(text.contains("verdict: NOT WELL"), "{text}");
    }

    #[test]
    fn a_minute_fits_into_eighty_columns() {
        let minute = Minute {
            minute: 1_440,
            totals: Totals {
                sent: 12_345_678,
                acknowledged: 12_345_678,
                open: 10_000,
                ..Totals::default()
            },
            sample: Sample {
                resident_mib: 1_000.0,
                anonymous_mib: 1_000.0,
                files: 1_000.0,
                threads: 100.0,
                store_mib: 1_000.0,
                ..Sample::default()
            },
            fault: Some(Fault::Answers(0, crate::fault::Answer::Html)),
        };
        assert!(minute.to_string().len() <= 80);
        assert!(Minute::HEAD.len() <= 80);
    }
}
