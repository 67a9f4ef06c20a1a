//! What a process takes of the machine (`/proc/<id>/status`).

use anyhow::{Context, Result};

use crate::measure::{Figure, Unit};

/// `USER_HZ`: it has been this on every Linux since 2.6.
const TICKS_PER_SECOND: f64 = 100.0;

/// Peaks over what was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Footprint {
    /// The most memory it ever had resident (`VmHWM`), in MiB.
    pub peak: f64,
    /// What it has resident now (`VmRSS`), in MiB.
    pub resident: f64,
    /// Of it what is its own: not pages of program files, which are read again
    /// when they are needed (`RssAnon`).
    pub private: f64,
    pub threads: f64,
}

impl Footprint {
    pub fn of(process: u32) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        let status = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        read(&status).with_context(|| format!("{path} is not as expected"))
    }

    /// Both looked at: peaks are the greater ones.
    pub fn and(self, later: Self) -> Self {
        Self {
            peak: self.peak.max(later.peak),
            resident: later.resident,
            private: later.private,
            threads: self.threads.max(later.threads),
        }
    }

    pub fn figures(self) -> [Figure; 2] {
        [
            Figure::new("peak memory", Unit::MiB, self.peak),
            Figure::new("threads", Unit::Count, self.threads),
        ]
    }
}

/// Processor time a process has used so far, in seconds.
pub fn processor_time(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    ticks(&stat)
        .map(|ticks| ticks / TICKS_PER_SECOND)
        .with_context(|| format!("{path} is not as expected"))
}

/// `utime` and `stime`: the name before them may hold spaces and brackets.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

fn read(status: &str) -> Option<Footprint> {
    let field = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Footprint {
        peak: field("VmHWM:")? / 1024.0,
        resident: field("VmRSS:")? / 1024.0,
        private: field("RssAnon:")? / 1024.0,
        threads: field("Threads:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_that_of_user_and_kernel() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4 100 0 0 0 250 50 0 0 20 0 1 0 9";
        assert_eq!(ticks(stat), Some(300.0));
    }

    #[test]
    fn the_kernels_words_are_read() {
        let status =
            "Name:\ttern\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nRssAnon:\t    3072 kB\nThreads:\t7\nCpus:\t3\n";
        let footprint = Footprint {
            peak: 20.0,
            resident: 10.0,
            private: 3.0,
            threads: 7.0,
        };
        assert_eq!(read(status), Some(footprint));
        assert_eq!(read("Name:\ttern"), None);
    }
}
