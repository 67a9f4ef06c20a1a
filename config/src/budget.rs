//! `[chain.budget]`: what may be spent on a chain.

use serde::de::{Deserialize, Deserializer, Error};

use crate::field;

/// Limits for the fees that are paid on a chain, in the denom of its `gas_price`. Their defaults
/// are what some gas costs at that price, and with a `fee_market` at `gas_price_max`.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// Most fees in an hour. Default: what 20,000,000,000 gas cost.
    pub hour: Option<LimitConfig>,
    /// Most fees in a day. Default: what 200,000,000,000 gas cost.
    pub day: Option<LimitConfig>,
    /// Most fees for one packet on this chain. Default: what 50,000,000 gas cost.
    pub packet: Option<LimitConfig>,
    /// An account with less is only used to keep clients in use from expiring. Default:
    /// `none`.
    pub wallet_min: Option<LimitConfig>,
}

/// An amount such as `25000000uakt`, or `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitConfig {
    None,
    Amount { amount: u128, denom: String },
}

impl BudgetConfig {
    /// The field with a denom that is not this one, and that denom.
    pub(crate) fn other_denom(&self, denom: &str) -> Option<(&'static str, &str)> {
        let fields = [
            ("hour", &self.hour),
            ("day", &self.day),
            ("packet", &self.packet),
            ("wallet_min", &self.wallet_min),
        ];
        fields.into_iter().find_map(|(field, limit)| match limit {
            Some(LimitConfig::Amount { denom: other, .. }) if other != denom => {
                Some((field, other.as_str()))
            }
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for LimitConfig {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        if text == "none" {
            return Ok(Self::None);
        }
        match field::coin(&text) {
            Some((amount, denom)) => Ok(Self::Amount { amount, denom }),
            None => Err(D::Error::custom(format!(
                "`{text}` is not an amount such as `25000000uakt` (a whole number and a denom, \
                 without a space between them), nor `none`"
            ))),
        }
    }
}
