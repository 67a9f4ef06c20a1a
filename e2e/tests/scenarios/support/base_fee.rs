//! The base fee of a chain with the fee market of cosmos/evm, changed as governance does it.

use anyhow::Result;
use ibc_proto::google::protobuf::Any;
use prost::Message;
use tern_chains::Account as _;
use tern_cosmos_core::convert;
use tern_e2e::TestChain;

use super::tx::{account_that_pays, submit};

/// What the authority pays for a unit of gas: more than any base fee of the scenarios.
const PRICE: &str = "1000000000000";

/// From here on this is the base fee, in the smallest unit of the chain's coin, and it does not
/// move by itself.
pub fn set_base_fee(chain: &TestChain, authority: (&str, &str), base_fee: u128) -> Result<()> {
    // A decimal of the SDK is a whole number of 10^-18.
    let tenths = |number: u128| format!("{number}{}", "0".repeat(17));
    let authority = account_that_pays(chain, authority, PRICE)?;
    let update = UpdateParams {
        authority: authority.address().to_owned(),
        params: Some(Params {
            base_fee_change_denominator: u32::MAX,
            elasticity_multiplier: 2,
            base_fee: tenths(base_fee * 10),
            min_gas_price: tenths(0),
            min_gas_multiplier: tenths(5),
        }),
    };
    let message = convert::message(Any {
        type_url: "/cosmos.evm.feemarket.v1.MsgUpdateParams".to_owned(),
        value: update.encode_to_vec(),
    });
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(submit(&authority, vec![message]))?;
    Ok(())
}

/// `cosmos.evm.feemarket.v1.MsgUpdateParams`.
#[derive(Clone, PartialEq, Message)]
struct UpdateParams {
    #[prost(string, tag = "1")]
    authority: String,
    #[prost(message, optional, tag = "2")]
    params: Option<Params>,
}

/// `cosmos.evm.feemarket.v1.Params`; the others stay at zero.
#[derive(Clone, PartialEq, Message)]
struct Params {
    #[prost(uint32, tag = "2")]
    base_fee_change_denominator: u32,
    #[prost(uint32, tag = "3")]
    elasticity_multiplier: u32,
    #[prost(string, tag = "6")]
    base_fee: String,
    #[prost(string, tag = "7")]
    min_gas_price: String,
    #[prost(string, tag = "8")]
    min_gas_multiplier: String,
}
