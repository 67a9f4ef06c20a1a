//! What is known of one node, and how it changes with what the node does: pure.

use std::fmt::Display;
use std::time::Duration;

use tern_chains::NodeState;
use tokio::time::Instant;

use super::last_failure::{kept, LastFailure};
use super::latency::Latency;
use super::Kind;

/// How long a node rests after its first failure, and at most; twice as long
/// after each further one.
const REST_MIN: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(30);
/// Another node was faster this often without an answer of this one between:
/// it has stopped answering.
const OVERTAKEN_MAX: u32 = 3;
pub(super) const OVERTAKEN: &str = "others are faster, again and again";
/// How long a node stays away that lied or serves another chain.
const AWAY: Duration = Duration::from_secs(30 * 60);
/// A node that lacks a block so far below the height that it claims to have, claims what
/// is not so: for a while its word on heights does not count. A node may lag as much.
pub(crate) const CLAIM_MAX: u64 = 50;
const CLAIM_DOUBTED: Duration = Duration::from_secs(60);

/// One node, as it behaved.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Failures in a row.
    failures: u32,
    rest_until: Option<Instant>,
    overtaken: u32,
    /// Until when it is set aside, and why.
    away: Option<(Instant, String)>,
    doubted_until: Option<Instant>,
    /// Why its word is suspect, until another's shows who was right.
    pub suspicion: Option<String>,
    /// What people are told of its failures.
    pub last_failure: LastFailure,
    /// The newest block it said it has; 0 is unknown.
    pub height: u64,
    /// It has nothing below this height any more.
    pub pruned_below: u64,
    latency: [Latency; Kind::COUNT],
}

impl Record {
    #[cfg(test)]
    pub fn at(height: u64) -> Self {
        Self {
            height,
            ..Self::default()
        }
    }

    /// Returns whether it had failed before, or had been away.
    pub fn answered(&mut self, kind: Kind, took: Duration, now: Instant) -> bool {
        self.latency[kind as usize].answered(took, now);
        self.last_failure.answered(kind, now);
        self.overtaken = 0;
        self.rest_until = None;
        let was_away = self.away.take_if(|(until, _)| now >= *until);
        std::mem::take(&mut self.failures) > 0 || was_away.is_some()
    }

    /// Returns whether this is the first failure in a row.
    pub fn failed(&mut self, kind: Kind, reason: &dyn Display, now: Instant) -> bool {
        self.last_failure.failed(kind, reason, now);
        // Questions that were on their way together fail together.
        if !self.is_backing_off(now) {
            self.failures = self.failures.saturating_add(1);
            self.rest(now);
            return self.failures == 1;
        }
        false
    }

    /// Another node has answered what this one has not after so long. Returns
    /// whether it is taken as failed from here on.
    pub fn overtaken(&mut self, kind: Kind, after: Duration, now: Instant) -> bool {
        self.latency[kind as usize].overtaken(after, now);
        self.overtaken += 1;
        if self.overtaken < OVERTAKEN_MAX {
            return false;
        }
        self.overtaken = 0;
        self.failed(kind, &OVERTAKEN, now)
    }

    /// Returns whether it was not away already.
    pub fn set_aside(&mut self, reason: &dyn Display, now: Instant) -> bool {
        let was = self.is_quarantined(now);
        self.away = Some((now + AWAY, kept(reason)));
        !was
    }

    /// It does not have this height, whatever it said. Returns whether it claimed what is
    /// not so: the height is far below its claim, and above all that any node has
    /// `served`. What it lacks below that it has lost, which is no lie.
    pub fn lacks(&mut self, height: u64, served: u64, now: Instant) -> bool {
        let has_lied = height > served && self.height > height.saturating_add(CLAIM_MAX);
        if has_lied {
            self.doubted_until = Some(now + CLAIM_DOUBTED);
        }
        self.height = self.height.min(height.saturating_sub(1));
        has_lied
    }

    /// Whether its word on heights counts.
    pub fn is_heard(&self, now: Instant) -> bool {
        !self.is_quarantined(now) && self.doubted_until.is_none_or(|until| now >= until)
    }

    pub fn is_quarantined(&self, now: Instant) -> bool {
        self.away(now).is_some()
    }

    /// What people are told of it: the gravest first.
    pub fn state(&self, now: Instant) -> NodeState {
        if let Some(reason) = self.away(now).cloned() {
            return NodeState::SetAside { reason };
        }
        if let Some(reason) = self.suspicion.clone() {
            return NodeState::Suspect { reason };
        }
        self.last_failure.state().unwrap_or(NodeState::Well)
    }

    /// Why it is set aside, if it is.
    fn away(&self, now: Instant) -> Option<&String> {
        let away = self.away.as_ref().filter(|(until, _)| now < *until);
        away.map(|(_, reason)| reason)
    }

    /// Whether it failed so lately that it is not asked before others.
    pub fn is_backing_off(&self, now: Instant) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// Whether it failed and has not answered since.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// One question goes to a node that has rested. Until that is answered the
    /// node counts as failed once more, so that no other follows.
    pub fn try_again(&mut self, now: Instant) {
        if self.is_failing() && !self.is_backing_off(now) {
            self.failures = self.failures.saturating_add(1);
            self.rest(now);
        }
    }

    fn rest(&mut self, now: Instant) {
        let doubled = 1 << self.failures.saturating_sub(1).min(16);
        self.rest_until = Some(now + (REST_MIN * doubled).min(REST_MAX));
    }

    /// Whether it may have the block or state of this height.
    pub fn has(&self, height: u64) -> bool {
        (self.height == 0 || self.height >= height) && height >= self.pruned_below
    }

    pub fn average(&self, kind: Kind, now: Instant) -> Option<Duration> {
        self.latency[kind as usize].average(now)
    }

    pub fn p95(&self, kind: Kind) -> Option<Duration> {
        self.latency[kind as usize].p95()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_lacks_what_it_claims_to_have_is_not_heard_for_a_while() {
        let now = Instant::now();
        let mut record = Record::at(u64::MAX);
        assert!(record.is_heard(now));
        assert!(record.lacks(101, 100, now));
        assert_eq!(record.height, 100);
        assert!(!record.is_heard(now));
        assert!(record.is_heard(now + CLAIM_DOUBTED));
    }

    #[test]
    fn people_are_told_the_gravest_of_a_node() {
        let now = Instant::now();
        let mut record = Record::default();
        assert_eq!(record.state(now), NodeState::Well);
        record.failed(Kind::Block, &"HTTP status 503", now);
        let failing = NodeState::Failing {
            failures: 1,
            reason: "HTTP status 503".to_owned(),
        };
        assert_eq!(record.state(now), failing);
        let reason = || "a proof does not verify".to_owned();
        record.suspicion = Some(reason());
        let suspect = NodeState::Suspect { reason: reason() };
        assert_eq!(record.state(now), suspect);
        record.set_aside(&reason(), now);
        let set_aside = NodeState::SetAside { reason: reason() };
        assert_eq!(record.state(now), set_aside);
        record.suspicion = None;
        assert_eq!(record.state(now + AWAY), failing);
        record.answered(Kind::Block, Duration::ZERO, now + AWAY);
        assert_eq!(record.state(now + AWAY), NodeState::Well);
    }

    #[test]
    fn a_node_that_others_overtake_again_and_again_is_told_as_failing() {
        let now = Instant::now();
        let mut record = Record::default();
        for _ in 1..OVERTAKEN_MAX {
            record.overtaken(Kind::State, Duration::ZERO, now);
            assert_eq!(record.state(now), NodeState::Well);
        }
        record.overtaken(Kind::State, Duration::ZERO, now);
        let failing = NodeState::Failing {
            failures: 1,
            reason: OVERTAKEN.to_owned(),
        };
        assert_eq!(record.state(now), failing);
    }

    #[test]
    fn a_node_that_lags_a_little_is_heard() {
        let now = Instant::now();
        let mut record = Record::at(110);
        assert!(!record.lacks(101, 100, now));
        assert!(record.is_heard(now));
    }

    #[test]
    fn a_node_that_was_away_is_news_once_when_it_is_back() {
        let now = Instant::now();
        let mut record = Record::at(100);
        record.set_aside(&"it lied", now);
        let mut answered = |at| record.answered(Kind::Header, Duration::from_millis(9), at);
        assert!(!answered(now));
        assert!(answered(now + AWAY));
        assert!(!answered(now + AWAY));
    }

    #[test]
    fn a_node_that_has_lost_old_blocks_is_heard() {
        let now = Instant::now();
        let mut record = Record::at(1_000);
        assert!(!record.lacks(10, 1_000, now));
        assert!(record.is_heard(now));
    }
}
