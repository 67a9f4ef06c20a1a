//! Gas and fees in exact decimals: no floating point between a configured price
//! and the coins a transaction pays.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use ibc_proto::cosmos::base::v1beta1::Coin;
use tern_chains::is_denom;

/// Digits a decimal may have after its point: what the SDK's `LegacyDec` keeps.
const SCALE_MAX: u32 = 18;

/// A non-negative decimal number, kept exactly: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug)]
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

    /// `amount / parts`, rounded up in the last digit that can be kept. `None` without parts,
    /// or on overflow.
    pub fn ratio(amount: u128, parts: u64) -> Option<Self> {
        let scaled = (0..=SCALE_MAX).rev().find_map(|scale| {
            let mantissa = amount.checked_mul(10u128.pow(scale))?;
            Some((mantissa, scale))
        });
        let (mantissa, scale) = scaled.filter(|_| parts > 0)?;
        let mantissa = mantissa.div_ceil(u128::from(parts));
        Some(Self { mantissa, scale })
    }

    /// So many hundredths more, rounded up in the last digit that can be kept. `None` on
    /// overflow.
    pub fn plus_percent(self, percent: u64) -> Option<Self> {
        let factor = u128::from(percent).checked_add(100)?;
        let mantissa = self.mantissa.checked_mul(factor)?;
        Some(match self.scale + 2 {
            scale if scale <= SCALE_MAX => Self { mantissa, scale },
            _ => Self {
                mantissa: mantissa.div_ceil(100),
                ..self
            },
        })
    }

    /// `self × factor`, rounded up in the last digit that can be kept. `None` on overflow.
    pub fn times(self, factor: Self) -> Option<Self> {
        let (a, b) = (self.shortest(), factor.shortest());
        let mantissa = a.mantissa.checked_mul(b.mantissa)?;
        let scale = a.scale + b.scale;
        let over = scale.saturating_sub(SCALE_MAX);
        Some(Self {
            mantissa: mantissa.div_ceil(10u128.pow(over)),
            scale: scale - over,
        })
    }

    /// The same number without zeros at its end.
    fn shortest(mut self) -> Self {
        while self.scale > 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    /// What is before the point, and 18 digits after it.
    fn parts(self) -> (u128, u128) {
        let unit = 10u128.pow(self.scale);
        let after = self.mantissa % unit * 10u128.pow(SCALE_MAX - self.scale);
        (self.mantissa / unit, after)
    }

    /// `number × self`, rounded up. `None` on overflow.
    pub fn mul_ceil(self, number: u64) -> Option<u128> {
        let product = self.mantissa.checked_mul(u128::from(number))?;
        Some(product.div_ceil(10u128.pow(self.scale)))
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
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
    fn decimals_are_compared_by_what_they_mean() {
        let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
        assert_eq!(decimal("0.50"), decimal("0.5"));
        assert!(decimal("0.09") < decimal("0.5") && decimal("12") > decimal("1.999"));
        let most = Decimal::new(u128::MAX, 0);
        assert!(most > Decimal::new(u128::MAX, 18) && most == most);
    }

    #[test]
    fn a_ratio_is_never_less_than_what_it_is_of() {
        assert_eq!(
            Decimal::ratio(4_000, 100_000).unwrap().to_string(),
            "0.040000000000000000"
        );
        for amount in [u128::MAX, u128::MAX / 3, 1] {
            let each = Decimal::ratio(amount, 7).unwrap();
            assert!(each.mul_ceil(7).is_none_or(|all| all >= amount), "{amount}");
        }
        assert_eq!(Decimal::ratio(1, 0), None);
        assert_eq!(Decimal::new(u128::MAX, 0).plus_percent(25), None);
        let more = |mantissa, scale| Decimal::new(mantissa, scale).plus_percent(25);
        assert_eq!(more(25, 3), Some(Decimal::new(3_125, 5)));
        assert_eq!(more(1, 18), Some(Decimal::new(2, 18)));
    }

    #[test]
    fn a_product_is_exact_as_far_as_its_digits_can_be_kept() {
        let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
        for (a, b, product) in [
            ("0.025", "1.1", "0.0275"),
            ("1000000000.000000000000000000", "1.1", "1100000000"),
            ("0.000000000000000001", "1.1", "0.000000000000000002"),
            ("0", "1.1", "0"),
        ] {
            assert_eq!(decimal(a).times(decimal(b)), Some(decimal(product)), "{a}");
        }
        assert_eq!(Decimal::new(u128::MAX, 0).times(decimal("1.1")), None);
    }

    #[test]
    fn a_multiplier_is_exact() {
        assert_eq!(Decimal::new(12, 1).mul_ceil(100_000), Some(120_000));
        assert_eq!(Decimal::new(12, 1).mul_ceil(1), Some(2));
    }
}
