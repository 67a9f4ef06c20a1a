//! The number, the size and the gas of the transactions for all transfers.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{bail, Context as _};
use tern_chains::{AccountState, Blame, ChainError, Message};
use tern_config::ChainConfig;

use super::preflight::Route;
use super::{size, TransferArgs};

/// Maximum number of simulations while the account sequence is wrong.
const TRIES_MAX: u32 = 5;

/// All transfers in simulated transactions. Nothing is sent yet.
pub struct Quote {
    /// One transfer.
    pub message: Message,
    /// The number of transfers in each transaction.
    pub sizes: VecDeque<usize>,
    /// The gas of a transaction, by its number of transfers.
    pub gas: BTreeMap<usize, u64>,
    /// The sender, with the account sequence of the successful simulations.
    pub account: AccountState,
}

/// Simulates the transactions. Fails if the chain would refuse a transfer, or if
/// the sender cannot pay the fees.
pub async fn quote(
    config: &ChainConfig,
    args: &TransferArgs,
    route: &Route,
) -> anyhow::Result<Quote> {
    let mut quote = Quote {
        message: route.transfer.message(),
        sizes: VecDeque::new(),
        gas: BTreeMap::new(),
        account: route.account.clone(),
    };
    let count = args.count as usize;
    let each = quote.largest(route, config, count).await?;
    quote.sizes = size::split(count, each);
    if let Some(last) = quote.sizes.back().copied() {
        quote.measure(route, last).await?;
    }
    quote.check_fees(args, route).await?;
    Ok(quote)
}

impl Quote {
    /// The maximum number of transfers in a transaction, by bytes and gas.
    async fn largest(
        &mut self,
        route: &Route,
        config: &ChainConfig,
        count: usize,
    ) -> anyhow::Result<usize> {
        let params = route.signer.params().await?;
        let gas_max = params.max_block_gas.min(config.max_gas.unwrap_or(u64::MAX));
        let by_bytes = size::most_by_bytes(&self.message, &params, config.max_msgs_per_tx);
        let mut each = by_bytes.min(count);
        while each > 0 {
            let gas = match self.measure(route, each).await {
                // Such as a simulation that reached the gas limit of a block.
                Err(ChainError::Rejected {
                    blame: Blame::Unnamed,
                    ..
                }) if each > 1 => {
                    each /= 2;
                    continue;
                }
                measured => measured?,
            };
            if gas <= gas_max {
                return Ok(each);
            }
            each = size::fewer_by_gas(each, gas, gas_max);
        }
        bail!(
            "{}: one transfer does not fit in a transaction: the limits are {} bytes and \
             {gas_max} gas",
            route.src.id(),
            params.max_tx_bytes
        )
    }

    /// Simulates a transaction with this number of transfers, unless its gas is known.
    async fn measure(&mut self, route: &Route, transfers: usize) -> Result<u64, ChainError> {
        if let Some(gas) = self.gas.get(&transfers) {
            return Ok(*gas);
        }
        let messages = vec![self.message.clone(); transfers];
        let mut tries = 1;
        let gas = loop {
            match route.signer.estimate(&messages, &self.account).await {
                // Another transaction of this account is in the mempool. It will
                // be in the next block.
                Err(ChainError::Rejected {
                    blame: Blame::Sequence,
                    ..
                }) if tries < TRIES_MAX => {
                    tries += 1;
                    let (head, _) = route.src.latest().await?;
                    route.src.next_block(head).await?;
                    self.account = route.signer.state().await?;
                }
                estimated => break estimated?,
            }
        };
        self.gas.insert(transfers, gas);
        Ok(gas)
    }

    async fn check_fees(&self, args: &TransferArgs, route: &Route) -> anyhow::Result<()> {
        let chain = &route.src;
        let price = chain.gas_price();
        let fees = self.sizes.iter().try_fold(0u128, |sum, transfers| {
            sum.checked_add(chain.fee(*self.gas.get(transfers)?)?)
        });
        let fees = fees.context("the fees are too large: check `gas_price`")?;
        let (denom, payer) = (&price.denom, route.signer.payer());
        let pays = payer == self.account.address;
        let (balance, tokens) = if pays && *denom == args.amount.denom {
            (route.balance, route.total)
        } else {
            (chain.balance(payer, denom).await?, 0)
        };
        let missing = fees.saturating_add(tokens).saturating_sub(balance);
        if missing > 0 {
            bail!(
                "{payer} has {balance}{denom} on {}, but the fees are {fees}{denom}: \
                 {missing}{denom} are missing",
                chain.id()
            );
        }
        Ok(())
    }
}
