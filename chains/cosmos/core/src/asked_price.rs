//! The price of gas that a node asks for when it refuses a transaction because of its fee.
//!
//! The refusal has a code (SDK error 13), but the price is in its text alone: that of the SDK
//! (`x/auth/ante/fee.go` and its descendants) or of a fee market.

use crate::gas::Decimal;

/// What stands before the fee that is asked for.
const BEFORE: [&str; 2] = ["required: ", " < "];
/// A text with this names the price of a unit of gas and not a fee.
const OF_A_UNIT: &str = "gas prices too low";

/// The price of a unit of gas for a transaction of this gas limit, in the denom that fees are
/// paid in; `None` if the text does not tell it.
pub fn asked_price(log: &str, denom: &str, gas: u64) -> Option<Decimal> {
    let (_, asked) = BEFORE.iter().find_map(|before| log.split_once(before))?;
    let mut words = asked.split([',', ' ', ':', ')']);
    let amount = words.find_map(|word| {
        let amount = word.strip_suffix('.').unwrap_or(word).strip_suffix(denom)?;
        amount.parse::<Decimal>().ok()
    })?;
    match log.contains(OF_A_UNIT) {
        true => Some(amount),
        false => Decimal::ratio(amount.mul_ceil(1)?, gas),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_read_from_each_kind_of_refusal() {
        for (log, price) in [
            (
                "insufficient fees; got: 1uakt required: 5000uakt: insufficient fee",
                "0.05",
            ),
            (
                "insufficient fees; got: 1uakt required: 3ibc/AA,5000uakt,7zz: insufficient fee",
                "0.05",
            ),
            // skip-mev/feemarket.
            (
                "error checking fee: got: 1uakt required: 5000uakt, minGasPrice: 0.05uakt: \
                 insufficient fee",
                "0.05",
            ),
            // cosmos/evm, `MinGasPriceDecorator` and `dynamicFeeChecker`.
            (
                "provided fee < minimum global fee (10uakt < 5000uakt). Please increase the \
                 gas price.: insufficient fee",
                "0.05",
            ),
            (
                "gas prices too low, got: 0.01uakt required: 0.05uakt. Please retry using a \
                 higher gas price or a higher fee: insufficient fee",
                "0.05",
            ),
        ] {
            let asked = asked_price(log, "uakt", 100_000);
            assert_eq!(asked, Some(price.parse().unwrap()), "{log}");
        }
    }

    #[test]
    fn a_text_that_names_no_price_in_this_denom_tells_nothing() {
        for log in [
            "",
            "insufficient fee",
            "required: ",
            "got: 5uakt required: 7ukava: insufficient fee",
            "required: 7xuakt",
            "required: -7uakt",
            "required: 99999999999999999999999999999999999999999uakt",
        ] {
            assert_eq!(asked_price(log, "uakt", 100_000), None, "{log}");
        }
        assert_eq!(asked_price("required: 7uakt", "uakt", 0), None);
    }
}
