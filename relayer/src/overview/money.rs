//! Amounts as people say them: in the unit that the chain tells for a denom, such as AKT for
//! `uakt`, or else in the denom itself.

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Unit};
use utoipa::ToSchema;

use super::{ChainOverview, DayFeesOverview, FeesOverview, WalletOverview};
use crate::engine::status::Wallet;
use crate::words::{grouped, quoted};

/// The unit of a denom, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitOverview {
    /// Such as `AKT`.
    pub symbol: String,
    /// One of it is 10 to this power of the denom.
    pub exponent: u32,
}

/// What amounts are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money<'a> {
    pub denom: Option<&'a str>,
    pub unit: Option<&'a UnitOverview>,
}

impl UnitOverview {
    /// The unit of the denom that fees are paid in on a chain.
    pub(super) fn on(wallets: &[Wallet], chain: &ChainId) -> Option<Self> {
        let mut of_chain = wallets.iter().filter(|wallet| wallet.chain == *chain);
        of_chain
            .find_map(|wallet| wallet.unit.as_ref())
            .map(Self::of)
    }

    pub(super) fn of(unit: &Unit) -> Self {
        Self {
            symbol: unit.symbol().to_owned(),
            exponent: unit.exponent(),
        }
    }
}

impl<'a> Money<'a> {
    pub(super) fn of(denom: &'a Option<String>, unit: &'a Option<UnitOverview>) -> Self {
        Self {
            denom: denom.as_deref(),
            unit: unit.as_ref(),
        }
    }

    /// An amount in the smallest unit, said as people do.
    pub fn said(&self, amount: &str) -> String {
        let number: Option<u128> = amount.parse().ok();
        match (number, self.unit) {
            (Some(number), Some(unit)) => {
                format!(
                    "{} {}",
                    decimal(number, unit.exponent),
                    quoted(&unit.symbol)
                )
            }
            _ => self.exactly(amount),
        }
    }

    /// What an amount is of, such as `AKT`.
    pub fn name(&self) -> String {
        match (self.unit, self.denom) {
            (Some(unit), _) => quoted(&unit.symbol),
            (None, Some(denom)) => quoted(denom),
            (None, None) => "tokens".to_owned(),
        }
    }

    /// The same in the smallest unit.
    pub fn exactly(&self, amount: &str) -> String {
        let amount = match amount.bytes().all(|byte| byte.is_ascii_digit()) {
            true => grouped(amount),
            false => quoted(amount),
        };
        match self.denom {
            Some(denom) => format!("{amount} {}", quoted(denom)),
            None => amount,
        }
    }
}

impl ChainOverview {
    /// What fees are paid in.
    pub fn money(&self) -> Money<'_> {
        Money::of(&self.fee_denom, &self.fee_unit)
    }
}

impl WalletOverview {
    pub fn money(&self) -> Money<'_> {
        Money::of(&self.denom, &self.unit)
    }
}

impl FeesOverview {
    pub fn money(&self) -> Money<'_> {
        Money::of(&self.denom, &self.unit)
    }
}

impl DayFeesOverview {
    pub fn money(&self) -> Money<'_> {
        Money::of(&self.denom, &self.unit)
    }
}

/// `1,234.5` for 1234500 with the exponent 3.
fn decimal(amount: u128, exponent: u32) -> String {
    let digits = format!("{amount:0>width$}", width = exponent as usize + 1);
    let (whole, rest) = digits.split_at(digits.len() - exponent as usize);
    match rest.trim_end_matches('0') {
        "" => grouped(whole),
        rest => format!("{}.{rest}", grouped(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_said_in_the_unit_of_the_chain_if_it_tells_one() {
        let unit = UnitOverview {
            symbol: "AKT".to_owned(),
            exponent: 6,
        };
        let akt = Money {
            denom: Some("uakt"),
            unit: Some(&unit),
        };
        for (amount, said) in [
            ("0", "0 AKT"),
            ("5", "0.000005 AKT"),
            ("1500000", "1.5 AKT"),
            ("1234567000000", "1,234,567 AKT"),
            ("many", "many uakt"),
        ] {
            assert_eq!(akt.said(amount), said);
        }
        assert_eq!(akt.exactly("1500000"), "1,500,000 uakt");
        let unknown = Money { unit: None, ..akt };
        assert_eq!(unknown.said("1234567"), "1,234,567 uakt");
        assert_eq!(Money::default().said("7"), "7");
    }

    #[test]
    fn the_largest_amount_with_the_largest_exponent_is_said() {
        assert_eq!(
            decimal(u128::MAX, 30),
            "340,282,366.920938463463374607431768211455"
        );
        assert_eq!(decimal(7, 0), "7");
    }
}
