//! The fees that a chain's blocks say were paid.

use anyhow::{ensure, Context, Result};
use tern_e2e::{attribute, wait, TestChain};

use super::LONG;

/// A fee that was paid in a block, and the gas that it was paid for.
pub struct Payment {
    pub payer: String,
    pub fee: u128,
    pub gas: u128,
}

impl Payment {
    pub fn is_by(&self, payer: &str) -> Result<()> {
        ensure!(self.payer == payer, "{} paid, not {payer}", self.payer);
        Ok(())
    }

    /// At a price of so many thousandths for a unit of gas.
    pub fn is_at(&self, price: u128) -> Result<()> {
        let (fee, gas) = (self.fee, self.gas);
        let expected = (gas * price).div_ceil(1_000);
        ensure!(
            fee == expected,
            "{fee} was paid for {gas} of gas, not {expected}"
        );
        Ok(())
    }
}

/// What was paid in the blocks after this one. Who sends tokens pays nothing.
pub fn payments(chain: &TestChain, since: u64) -> Result<Vec<Payment>> {
    let mut payments = Vec::new();
    for height in since + 1..=chain.height()? {
        // A node has the results of its newest block a moment after the block.
        let query = format!("/block_results?height={height}");
        let results = wait::until("the results of a block", LONG, || {
            Ok(chain.rpc(&query).ok())
        })?;
        let txs = results["txs_results"].as_array().map(Vec::as_slice);
        for tx in txs.unwrap_or_default() {
            let events = tx["events"].as_array().map(Vec::as_slice);
            let events = events.unwrap_or_default().iter();
            let paid = events
                .filter(|event| event["type"] == "tx")
                .find_map(|event| Some((attribute(event, "fee_payer")?, attribute(event, "fee")?)));
            let Some((payer, fee)) = paid.filter(|(_, fee)| !fee.is_empty()) else {
                continue;
            };
            let fee = fee
                .strip_suffix(chain.spec.denom)
                .context("another denom")?;
            payments.push(Payment {
                payer: payer.to_owned(),
                fee: fee.parse()?,
                gas: tx["gas_wanted"].as_str().context("no gas")?.parse()?,
            });
        }
    }
    Ok(payments)
}
