//! What is added to simulated gas, learned from transactions that ran out of it: on some chains
//! a block takes more gas than the simulation before it.

use super::gas::Ended;

/// Added when a transaction has run out of gas. Default 25: few are off by more.
const STEP_PERCENT: u64 = 25;
/// Most that is added: fees are paid for what is asked for, not for what is used.
const MARGIN_PERCENT_MAX: u64 = 200;
/// So many transactions that went through make the margin smaller. Default 50: one of them at
/// most runs out of gas to find that it has become too small.
const SUCCEEDED_MIN: u32 = 50;
/// By so much.
const BACK_PERCENT: u64 = 5;

/// The margin of one lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GasMargin {
    percent: u64,
    succeeded: u32,
}

impl GasMargin {
    /// In hundredths of the gas that a simulation says.
    pub fn percent(&self) -> u64 {
        self.percent
    }

    /// Gas with the margin.
    pub fn on(&self, gas: u64) -> u64 {
        let more = u128::from(gas) * u128::from(self.percent) / 100;
        gas.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
    }

    /// A transaction that was made with this margin ended. Others that were made with the same
    /// one say nothing new.
    pub fn ended(&mut self, made_with: u64, ended: Ended) {
        match ended {
            Ended::OutOfGas if made_with >= self.percent => {
                self.percent = (self.percent + STEP_PERCENT).min(MARGIN_PERCENT_MAX);
                self.succeeded = 0;
            }
            Ended::Succeeded { .. } => self.succeeded += 1,
            Ended::OutOfGas | Ended::Failed => {}
        }
        if self.succeeded >= SUCCEEDED_MIN {
            self.percent = self.percent.saturating_sub(BACK_PERCENT);
            self.succeeded = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUCCEEDED: Ended = Ended::Succeeded { all_taken: true };

    #[test]
    fn a_transaction_that_ran_out_of_gas_makes_the_next_ones_ask_for_more() {
        let mut margin = GasMargin::default();
        assert_eq!(margin.on(100_000), 100_000);
        margin.ended(0, Ended::OutOfGas);
        assert_eq!(margin.on(100_000), 125_000);
        // It was signed before that was known.
        margin.ended(0, Ended::OutOfGas);
        assert_eq!(margin.percent(), 25);
        margin.ended(25, Ended::OutOfGas);
        assert_eq!(margin.percent(), 50);
        // That is no matter of gas.
        margin.ended(50, Ended::Failed);
        assert_eq!(margin.percent(), 50);
    }

    #[test]
    fn the_margin_has_a_limit_and_goes_back_slowly() {
        let mut margin = GasMargin::default();
        for _ in 0..20 {
            margin.ended(margin.percent(), Ended::OutOfGas);
        }
        assert_eq!(margin.percent(), MARGIN_PERCENT_MAX);
        assert_eq!(margin.on(u64::MAX), u64::MAX);
        for _ in 0..SUCCEEDED_MIN {
            margin.ended(MARGIN_PERCENT_MAX, SUCCEEDED);
        }
        assert_eq!(margin.percent(), MARGIN_PERCENT_MAX - BACK_PERCENT);
    }
}
