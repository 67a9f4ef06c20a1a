//! How many questions may be asked twice: a bounded share of all. Pure.

/// Questions for which one may be asked twice: 5 %.
const QUESTIONS: u32 = 20;
/// What can be saved up, in questions asked twice.
const SAVED_MAX: u32 = 10;
/// What there is at the start.
const FIRST: u32 = 2;

#[derive(Clone, Debug)]
pub(super) struct HedgeBudget {
    /// In questions.
    saved: u32,
}

impl Default for HedgeBudget {
    fn default() -> Self {
        Self {
            saved: FIRST * QUESTIONS,
        }
    }
}

impl HedgeBudget {
    /// One more question was asked.
    pub fn asked(&mut self) {
        self.saved = (self.saved + 1).min(SAVED_MAX * QUESTIONS);
    }

    /// Whether one may be asked twice, which is then used up.
    pub fn take(&mut self) -> bool {
        let rest = self.saved.checked_sub(QUESTIONS);
        self.saved = rest.unwrap_or(self.saved);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_twenty_is_asked_twice_at_most() {
        let mut budget = HedgeBudget::default();
        let twice = (0..2000).filter(|_| {
            budget.asked();
            budget.take()
        });
        assert_eq!(twice.count(), 100 + FIRST as usize);
        for _ in 0..100_000 {
            budget.asked();
        }
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
    }
}
