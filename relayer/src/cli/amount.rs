//! The amount argument: `100uakt`.

use std::fmt;
use std::str::FromStr;

use tern_chains::is_denom;

/// A positive amount of a denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub amount: u128,
    pub denom: String,
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let split = text.find(|c: char| !c.is_ascii_digit());
        let (digits, denom) = text.split_at(split.unwrap_or(text.len()));
        if digits.is_empty() {
            return Err("an amount starts with a whole number: write it like `100uakt`".to_owned());
        }
        if !is_denom(denom) {
            return Err(match denom {
                "" => "the denom is missing: write it like `100uakt`".to_owned(),
                _ => format!("`{denom}` is not a denom such as `uakt` or `ibc/…`"),
            });
        }
        match digits.parse() {
            Ok(0) => Err("the amount must be more than zero".to_owned()),
            Ok(amount) => Ok(Self {
                amount,
                denom: denom.to_owned(),
            }),
            Err(_) => Err("the amount is too large".to_owned()),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.denom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_whole_number_and_a_denom() {
        for text in [
            "1uakt",
            "100ibc/27394FB0",
            "7factory/akash1x/sub.denom",
            "5transfer/channel-0/uatom",
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_amount_says_what_is_wrong() {
        for (text, reason) in [
            ("", "starts with a whole number"),
            ("uakt", "starts with a whole number"),
            ("-1uakt", "starts with a whole number"),
            ("100", "the denom is missing"),
            ("1.5uakt", "is not a denom"),
            ("1 uakt", "is not a denom"),
            ("1ua", "is not a denom"),
            ("0uakt", "more than zero"),
            ("340282366920938463463374607431768211456uakt", "too large"),
        ] {
            let error = text.parse::<Amount>().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
