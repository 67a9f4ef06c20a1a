//! Modules that set the price of gas on a chain: how each is asked, what its answer says, and
//! the option with which a transaction pays less than it offers.
//!
//! In their encoding a decimal of the SDK (`LegacyDec`) is a whole number of 10^-18.

use ibc_proto::google::protobuf::Any;
use prost::Message;

use crate::gas::Decimal;

/// Digits of a `LegacyDec` after its point.
const DEC_SCALE: u32 = 18;

/// A module that sets the price of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeMarket {
    /// `x/txfees` of Osmosis.
    Osmosis,
    /// `x/feemarket` of Skip, as on the Cosmos Hub and Neutron.
    Feemarket,
    /// `x/feemarket` of cosmos/evm.
    CosmosEvm,
    /// `x/feemarket` of Ethermint.
    Ethermint,
}

/// The question to each of them. Only Skip's has a field.
#[derive(Clone, PartialEq, Message)]
pub struct PriceRequest {
    #[prost(string, tag = "1")]
    pub denom: String,
}

/// The answer of each of them: a text, or a `cosmos.base.v1beta1.DecCoin`.
#[derive(Clone, PartialEq, Message)]
pub struct PriceAnswer {
    #[prost(bytes = "vec", tag = "1")]
    pub price: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct DecCoin {
    #[prost(string, tag = "1")]
    denom: String,
    #[prost(string, tag = "2")]
    amount: String,
}

#[derive(Clone, PartialEq, Message)]
struct DynamicFee {
    #[prost(string, tag = "1")]
    max_priority_price: String,
}

/// An answer that tells no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    #[error("the answer of the fee market is not a price")]
    Malformed,
    #[error("the fee market tells the price in `{told}`, and fees are paid in `{paid}`")]
    Denom { told: String, paid: String },
}

impl FeeMarket {
    /// The gRPC method that tells the price.
    pub fn method(self) -> &'static str {
        match self {
            Self::Osmosis => "/osmosis.txfees.v1beta1.Query/GetEipBaseFee",
            Self::Feemarket => "/feemarket.feemarket.v1.Query/GasPrice",
            Self::CosmosEvm => "/cosmos.evm.feemarket.v1.Query/BaseFee",
            Self::Ethermint => "/ethermint.feemarket.v1.Query/BaseFee",
        }
    }

    /// The question for the price in this denom.
    pub fn request(self, denom: &str) -> PriceRequest {
        let denom = match self {
            Self::Feemarket => denom.to_owned(),
            Self::Osmosis | Self::CosmosEvm | Self::Ethermint => String::new(),
        };
        PriceRequest { denom }
    }

    /// The price of a unit of gas in the denom that fees are paid in. It is zero where the
    /// market is switched off.
    pub fn price(self, answer: &PriceAnswer, denom: &str) -> Result<Decimal, NoPrice> {
        let text = |bytes: &[u8]| match bytes {
            [] => Ok("0".to_owned()),
            bytes => String::from_utf8(bytes.to_vec()).map_err(|_| NoPrice::Malformed),
        };
        match self {
            Self::Osmosis | Self::CosmosEvm => number(&text(&answer.price)?, DEC_SCALE),
            // A whole number.
            Self::Ethermint => number(&text(&answer.price)?, 0),
            Self::Feemarket => {
                let coin = DecCoin::decode(answer.price.as_slice());
                let coin = coin.map_err(|_| NoPrice::Malformed)?;
                if coin.denom != denom {
                    return Err(NoPrice::Denom {
                        told: coin.denom,
                        paid: denom.to_owned(),
                    });
                }
                number(&coin.amount, DEC_SCALE)
            }
        }
    }

    /// The option of a transaction that pays the base fee and at most this much more, whatever
    /// it offers. `None` where there is no such option: all that is offered is paid.
    pub fn dynamic_fee(self, max_priority_price: Decimal) -> Option<Any> {
        let (type_url, scale) = match self {
            Self::CosmosEvm => ("/cosmos.evm.ante.v1.ExtensionOptionDynamicFeeTx", DEC_SCALE),
            Self::Ethermint => ("/ethermint.types.v1.ExtensionOptionDynamicFeeTx", 0),
            Self::Osmosis | Self::Feemarket => return None,
        };
        // Both fit: a price has at most 18 digits after its point.
        let max_priority_price = max_priority_price.mul_ceil(10u64.pow(scale))?.to_string();
        Some(Any {
            type_url: type_url.to_owned(),
            value: DynamicFee { max_priority_price }.encode_to_vec(),
        })
    }

    /// Whether a transaction can say how much more than the base fee it pays.
    pub fn has_dynamic_fee(self) -> bool {
        self.dynamic_fee(Decimal::default()).is_some()
    }
}

fn number(text: &str, scale: u32) -> Result<Decimal, NoPrice> {
    let mantissa = text.parse().map_err(|_| NoPrice::Malformed)?;
    Ok(Decimal::new(mantissa, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(market: FeeMarket, answer: &str) -> Result<String, NoPrice> {
        let answer = hex::decode(answer).unwrap();
        let answer = PriceAnswer::decode(answer.as_slice()).unwrap();
        let price = market.price(&answer, "uosmo")?;
        Ok(price.to_string())
    }

    /// The bytes are those of the modules' own encoders.
    #[test]
    fn the_price_is_read_as_each_market_tells_it() {
        // `base_fee`: 2500000000000000.
        let osmosis = "0a1032353030303030303030303030303030";
        assert_eq!(
            price(FeeMarket::Osmosis, osmosis),
            Ok("0.002500000000000000".to_owned())
        );
        // `base_fee`: 1000000000000000000000000000, a price of 10^9.
        let evm = "0a1c31303030303030303030303030303030303030303030303030303030";
        assert_eq!(
            price(FeeMarket::CosmosEvm, evm),
            Ok("1000000000.000000000000000000".to_owned())
        );
        // `base_fee`: 1000000000.
        let ethermint = "0a0a31303030303030303030";
        assert_eq!(
            price(FeeMarket::Ethermint, ethermint),
            Ok("1000000000".to_owned())
        );
        // `price`: uosmo, 5000000000000000.
        let skip = "0a190a05756f736d6f121035303030303030303030303030303030";
        assert_eq!(
            price(FeeMarket::Feemarket, skip),
            Ok("0.005000000000000000".to_owned())
        );
    }

    #[test]
    fn a_market_that_is_switched_off_asks_for_nothing() {
        assert_eq!(price(FeeMarket::Ethermint, ""), Ok("0".to_owned()));
        assert_eq!(
            price(FeeMarket::CosmosEvm, "0a0130"),
            Ok("0.000000000000000000".to_owned())
        );
    }

    #[test]
    fn what_is_no_price_in_the_denom_of_fees_is_none() {
        for (market, answer) in [
            (FeeMarket::Osmosis, "0a022d31"),
            (FeeMarket::CosmosEvm, "0a01ff"),
            (FeeMarket::Feemarket, "0a0130"),
        ] {
            assert_eq!(price(market, answer), Err(NoPrice::Malformed), "{answer}");
        }
        // `price`: uatom, 1.
        let other = price(FeeMarket::Feemarket, "0a0a0a057561746f6d120131");
        assert!(matches!(other, Err(NoPrice::Denom { .. })), "{other:?}");
    }

    #[test]
    fn only_skips_market_is_told_the_denom() {
        let asked = |market: FeeMarket| market.request("uosmo").encode_to_vec();
        assert_eq!(hex::encode(asked(FeeMarket::Feemarket)), "0a05756f736d6f");
        for market in [
            FeeMarket::Osmosis,
            FeeMarket::CosmosEvm,
            FeeMarket::Ethermint,
        ] {
            assert!(asked(market).is_empty());
        }
    }

    #[test]
    fn a_dynamic_fee_is_said_in_the_markets_own_numbers() {
        let priority: Decimal = "1.5".parse().unwrap();
        let option = FeeMarket::CosmosEvm.dynamic_fee(priority).unwrap();
        assert_eq!(
            option.type_url,
            "/cosmos.evm.ante.v1.ExtensionOptionDynamicFeeTx"
        );
        // "1500000000000000000".
        assert_eq!(
            hex::encode(option.value),
            "0a1331353030303030303030303030303030303030"
        );
        let option = FeeMarket::Ethermint.dynamic_fee(priority).unwrap();
        assert_eq!(
            option.type_url,
            "/ethermint.types.v1.ExtensionOptionDynamicFeeTx"
        );
        assert_eq!(hex::encode(option.value), "0a0132");
        assert_eq!(FeeMarket::Osmosis.dynamic_fee(priority), None);
        assert!(!FeeMarket::Feemarket.has_dynamic_fee());
    }
}
