//! Gas and fees in exact decimals: no floating point between a configured price
//! and the coins a transaction pays.

use std::fmt;
use std::str::FromStr;

use ibc_proto::cosmos::base::v1beta1::Coin;
use tern_chains::is_denom;

/// Digits a decimal may have after its point: what the SDK's `LegacyDec` keeps.
const SCALE_MAX: u32 = 18;

/// A non-negative decimal number, kept exactly: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: u128,
    scale: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number such as `0.025` (at most 18 digits after the point)")]
pub struct DecimalError(String);

/// What one unit of gas costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasPrice {
    pub amount: Decimal,
    pub denom: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GasPriceError {
    #[error("gas price `{price}`: {reason}")]
    Amount { price: String, reason: DecimalError },
    #[error("gas price `{price}` has no denom: write it like `0.025uatom`")]
    NoDenom { price: String },
    #[error(
        "gas price `{price}`: `{denom}` is not a denom \
         (a letter, then 2 to 127 of letters, digits and `/:._-`)"
    )]
    Denom { price: String, denom: String },
}

impl Decimal {
    /// `mantissa / 10^scale`: `new(12, 1)` is 1.2.
    ///
    /// # Panics
    /// If `scale` is over 18.
    pub const fn new(mantissa: u128, scale: u32) -> Self {
        assert!(scale <= SCALE_MAX, "a decimal has at most 18 digits");
        Self { mantissa, scale }
    }

    /// `number × self`, rounded up. `None` on overflow.
    pub fn mul_ceil(self, number: u64) -> Option<u128> {
        let product = self.mantissa.checked_mul(u128::from(number))?;
        Some(product.div_ceil(10u128.pow(self.scale)))
    }
}

impl GasPrice {
    /// What this much gas costs, in the smallest unit of the denom. `None` on overflow.
    pub fn cost(&self, gas: u64) -> Option<u128> {
        self.amount.mul_ceil(gas)
    }

    /// The coins to pay for this much gas; none at a price of zero. `None` on
    /// overflow.
    pub fn fee(&self, gas: u64) -> Option<Vec<Coin>> {
        let amount = self.cost(gas)?;
        let coin = (amount > 0).then(|| Coin {
            denom: self.denom.clone(),
            amount: amount.to_string(),
        });
        Some(coin.into_iter().collect())
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || DecimalError(text.to_owned());
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(error()),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = format!("{whole}{fraction}");
        let plain = !whole.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let scale = u32::try_from(fraction.len()).map_err(|_| error())?;
        if !plain || scale > SCALE_MAX {
            return Err(error());
        }
        let mantissa = digits.parse().map_err(|_| error())?;
        Ok(Self { mantissa, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.mantissa);
        }
        let unit = 10u128.pow(self.scale);
        let (whole, fraction) = (self.mantissa / unit, self.mantissa % unit);
        write!(f, "{whole}.{fraction:0width$}", width = self.scale as usize)
    }
}

impl FromStr for GasPrice {
    type Err = GasPriceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let price = || text.to_owned();
        let split = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(|| GasPriceError::NoDenom { price: price() })?;
        let (amount, denom) = text.split_at(split);
        if !is_denom(denom) {
            return Err(GasPriceError::Denom {
                price: price(),
                denom: denom.to_owned(),
            });
        }
        let amount = amount.parse().map_err(|reason| GasPriceError::Amount {
            price: price(),
            reason,
        })?;
        Ok(Self {
            amount,
            denom: denom.to_owned(),
        })
    }
}

impl fmt::Display for GasPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.denom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> GasPrice {
        text.parse().unwrap()
    }

    #[test]
    fn a_price_reads_back_as_it_was_written() {
        for text in [
            "0.025uakt",
            "0uakt",
            "12stake",
            "0.000000000000000001ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2",
            "1.50factory/osmo1abc/u-token.x:y_z",
        ] {
            assert_eq!(price(text).to_string(), text);
        }
    }

    #[test]
    fn a_wrong_price_says_what_is_wrong() {
        for (text, message) in [
            ("0.025", "has no denom"),
            ("", "has no denom"),
            ("uakt", "not a decimal number"),
            (".5uakt", "not a decimal number"),
            ("1.uakt", "not a decimal number"),
            ("1.2.3uakt", "not a decimal number"),
            ("0.0000000000000000001uakt", "at most 18 digits"),
            ("-1uakt", "not a denom"),
            ("1 uakt", "not a denom"),
            ("1ua", "not a denom"),
            ("1uäkt", "not a denom"),
        ] {
            let error = text.parse::<GasPrice>().unwrap_err();
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_fee_is_rounded_up_and_absent_at_price_zero() {
        for (text, gas, amount) in [
            ("0.025uakt", 100_000, Some("2500")),
            ("0.025uakt", 100_001, Some("2501")),
            ("0.000000000000000001uakt", 1, Some("1")),
            ("3uakt", u64::MAX, Some("55340232221128654845")),
            ("0uakt", 100_000, None),
            ("0.00uakt", 100_000, None),
        ] {
            let fee = price(text).fee(gas).unwrap();
            let amounts: Vec<_> = fee.iter().map(|coin| coin.amount.as_str()).collect();
            assert_eq!(amounts, amount.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn an_absurd_fee_overflows_without_a_panic() {
        let price = price(&format!("{}uakt", u128::MAX));
        assert_eq!(price.fee(2), None);
    }

    #[test]
    fn a_multiplier_is_exact() {
        assert_eq!(Decimal::new(12, 1).mul_ceil(100_000), Some(120_000));
        assert_eq!(Decimal::new(12, 1).mul_ceil(1), Some(2));
    }
}
