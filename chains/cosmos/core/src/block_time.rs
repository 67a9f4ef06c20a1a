//! Block times: CometBFT's type and ours. Pure.

use tendermint::Time;
use tern_chains::BlockTime;

/// A header's time in our unit. What is before 1970 is 1970, and what is after
/// 2554 is the end of that: such a time is a lie, and expires nothing.
pub fn block_time(time: Time) -> BlockTime {
    let nanoseconds = time.unix_timestamp_nanos();
    BlockTime(u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX))
}

/// A time as CometBFT's types have it; `None` beyond their range.
pub fn tendermint_time(time: BlockTime) -> Option<Time> {
    const SECOND: u64 = 1_000_000_000;
    let seconds = i64::try_from(time.0 / SECOND).ok()?;
    let rest = u32::try_from(time.0 % SECOND).ok()?;
    Time::from_unix_timestamp(seconds, rest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_to_the_nanosecond() {
        let time = BlockTime(1_700_000_000_000_000_001);
        assert_eq!(tendermint_time(time).map(block_time), Some(time));
    }

    #[test]
    fn a_time_before_1970_does_not_panic() {
        let time = Time::from_unix_timestamp(-5, 0).unwrap();
        assert_eq!(block_time(time), BlockTime(0));
    }
}
