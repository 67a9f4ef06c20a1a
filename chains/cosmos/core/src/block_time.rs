//! Block times: CometBFT's type and ours. Pure.

use tendermint::Time;
use tern_chains::BlockTime;

/// A header's time in our unit. A time before 1970 or after 2554 is a node's lie. It
/// becomes 1970, so that it makes no client look expired and no packet timed out.
pub fn block_time(time: Time) -> BlockTime {
    let nanoseconds = u64::try_from(time.unix_timestamp_nanos());
    BlockTime(nanoseconds.unwrap_or_default())
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
    fn a_time_out_of_range_expires_nothing() {
        for seconds in [-5, 20_000_000_000] {
            let time = Time::from_unix_timestamp(seconds, 0).unwrap();
            assert_eq!(block_time(time), BlockTime(0), "{seconds}");
        }
    }
}
