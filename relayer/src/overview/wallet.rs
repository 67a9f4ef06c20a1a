//! An account and how long its balance lasts, as shown.

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;
use utoipa::ToSchema;

use super::money::UnitOverview;
use super::reason::plain_of;
use crate::engine::status::{Status, Wallet};

/// One account that pays fees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WalletOverview {
    pub chain: String,
    pub address: String,
    pub denom: Option<String>,
    pub amount: Option<String>,
    /// The unit in which people say it.
    pub unit: Option<UnitOverview>,
    /// Why the balance is not known.
    pub error: Option<String>,
    /// Days that all accounts of the chain can pay at the rate of the last 24 hours; `None`
    /// if nothing was paid.
    pub days_left: Option<f64>,
}

pub(super) fn wallets(status: &Status, wallets: &[Wallet]) -> Vec<WalletOverview> {
    let overviews = wallets.iter().map(|wallet| {
        let balance = wallet.balance.as_ref();
        WalletOverview {
            chain: wallet.chain.to_string(),
            address: wallet.address.clone(),
            denom: balance.ok().map(|coin| coin.denom.clone()),
            unit: wallet.unit.as_ref().map(UnitOverview::of),
            amount: balance.ok().map(|coin| coin.amount.to_string()),
            error: balance
                .err()
                .map(|reason| plain_of(wallet.chain.as_str(), reason)),
            days_left: days_left(status, wallets, &wallet.chain),
        }
    });
    overviews.collect()
}

/// How many days the accounts of a chain can pay, if they go on as in the last 24 hours.
pub(super) fn days_left(status: &Status, wallets: &[Wallet], chain: &ChainId) -> Option<f64> {
    let mut chains = status.chains.iter();
    let budget = chains.find(|status| status.chain == *chain)?;
    let paid = budget.budget.as_ref()?.paid.day;
    let of_chain = wallets.iter().filter(|wallet| wallet.chain == *chain);
    // One that is not known is left out: what is said is never too much.
    let known = of_chain.filter_map(|wallet| wallet.balance.as_ref().ok());
    let has = known.fold(0u128, |sum, coin| sum.saturating_add(coin.amount));
    (paid > 0).then(|| has as f64 / paid as f64)
}
