//! What the fee market of a chain asks for gas.

use tern_cosmos_core::fee_market::{FeeMarket, PriceAnswer};

use crate::errors::Result;
use crate::gas::Decimal;
use crate::grpc::Grpc;

/// The price of a unit of gas in this denom.
pub(crate) async fn read(grpc: &Grpc, market: FeeMarket, denom: &str) -> Result<Decimal> {
    const DOING: &str = "query the price of gas";
    let asked = grpc.unary(DOING, market.method(), market.request(denom));
    let answer: PriceAnswer = asked.await.map_err(|status| grpc.error(DOING, &status))?;
    let price = market.price(&answer, denom);
    price.map_err(|error| grpc.origin.malformed(DOING, error))
}

#[cfg(test)]
mod tests;
