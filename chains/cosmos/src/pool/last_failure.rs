//! Whether people are told that a node fails, and why: pure. The ranking does not look at it.
//!
//! A node can answer one kind of question and fail at another, as when its gRPC is down. So
//! an answer of another kind does not show at once that it is well.

use std::fmt::Display;
use std::time::Duration;

use tern_chains::NodeState;
use tokio::time::Instant;

use super::Kind;
use crate::errors::shortened;

/// After so long an answer of any kind shows that a node is well. A node that fails at one
/// kind of question fails again before that, as long as it is asked.
const AGE_MAX: Duration = Duration::from_secs(60);

/// The last failure of a node that is not made good by an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct LastFailure(Option<Failure>);

#[derive(Clone, Debug)]
struct Failure {
    /// With those before it.
    times: u32,
    kind: Kind,
    reason: String,
    at: Instant,
}

impl LastFailure {
    pub fn failed(&mut self, kind: Kind, reason: &dyn Display, now: Instant) {
        let before = self.0.as_ref().map_or(0, |failure| failure.times);
        self.0 = Some(Failure {
            times: before.saturating_add(1),
            kind,
            reason: kept(reason),
            at: now,
        });
    }

    pub fn answered(&mut self, kind: Kind, now: Instant) {
        self.0
            .take_if(|failure| failure.kind == kind || now.duration_since(failure.at) >= AGE_MAX);
    }

    pub fn state(&self) -> Option<NodeState> {
        let failure = self.0.as_ref()?;
        Some(NodeState::Failing {
            failures: failure.times,
            reason: failure.reason.clone(),
        })
    }
}

/// A reason as it is kept for people: short, and in one line.
pub(super) fn kept(reason: &dyn Display) -> String {
    shortened(reason.to_string().replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(failures: u32, reason: &str) -> Option<NodeState> {
        let reason = reason.to_owned();
        Some(NodeState::Failing { failures, reason })
    }

    #[test]
    fn failures_are_counted_until_an_answer_of_the_same_kind() {
        let now = Instant::now();
        let mut last = LastFailure::default();
        assert_eq!(last.state(), None);
        last.failed(Kind::Block, &"no answer", now);
        last.failed(Kind::List, &"gRPC Unavailable", now);
        assert_eq!(last.state(), failing(2, "gRPC Unavailable"));
        last.answered(Kind::Block, now);
        assert_eq!(last.state(), failing(2, "gRPC Unavailable"));
        last.answered(Kind::List, now);
        assert_eq!(last.state(), None);
        last.failed(Kind::List, &"no answer", now);
        assert_eq!(last.state(), failing(1, "no answer"));
    }

    #[test]
    fn a_failure_that_is_long_ago_is_made_good_by_any_answer() {
        let now = Instant::now();
        let mut last = LastFailure::default();
        last.failed(Kind::Block, &"no answer", now);
        last.answered(Kind::Header, now + AGE_MAX - Duration::from_millis(1));
        assert_eq!(last.state(), failing(1, "no answer"));
        last.answered(Kind::Header, now + AGE_MAX);
        assert_eq!(last.state(), None);
    }

    #[test]
    fn a_reason_is_kept_short_and_in_one_line() {
        assert_eq!(kept(&"a\r\n\u{1b}[2Jb"), "a   [2Jb");
        assert!(kept(&"x".repeat(100_000)).len() < 2_100);
    }
}
