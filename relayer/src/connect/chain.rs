//! A configured chain, with the questions that commands ask and the engine does
//! not.

use std::ops::Deref;
use std::sync::Arc;

use tern::engine::ChainAccess;
use tern_chains::{Account, BlockTime, Chain, ChainError, ChannelId, TxHash};
use tern_cosmos::{
    BlockWithTxs, CosmosAccount, CosmosChain, CosmosSettings, Indexed, NodeReport, PayeeRole,
    Signer, TxPage,
};
use tern_cosmos_core::{GasPrice, Key};

/// An amount of a denom that an account has.
pub struct Coin {
    pub denom: String,
    /// A decimal number.
    pub amount: String,
}

/// A chain behind its nodes. It derefs to the [`Chain`] that the engine uses.
#[derive(Clone)]
pub struct ConnectedChain {
    chain: Arc<CosmosChain>,
}

impl ConnectedChain {
    pub(super) fn new(settings: CosmosSettings) -> Result<Self, ChainError> {
        Ok(Self {
            chain: Arc::new(CosmosChain::new(settings)?),
        })
    }

    /// The chain for the engine.
    pub fn access(&self) -> ChainAccess {
        ChainAccess::new(self.chain.clone())
    }

    /// An account on the chain that signs with this key.
    pub(super) fn account(&self, key: Key, granter: Option<String>) -> Arc<dyn Account> {
        Arc::new(CosmosAccount::new(self.chain.clone(), key).paid_by(granter))
    }

    /// An account on the chain that this signer signs for.
    pub(super) fn account_of(
        &self,
        signer: Arc<dyn Signer>,
        granter: Option<String>,
    ) -> Arc<dyn Account> {
        Arc::new(CosmosAccount::of(self.chain.clone(), signer).paid_by(granter))
    }

    /// Whether `granter` has an allowance for the fees of `grantee`.
    pub async fn is_granted(&self, granter: &str, grantee: &str) -> Result<bool, ChainError> {
        self.chain.is_granted(granter, grantee).await
    }

    /// The price of a unit of gas, as configured.
    pub fn gas_price(&self) -> &GasPrice {
        &self.chain.settings().gas_price
    }

    /// The fee for this much gas; `None` if it is too large to count.
    pub fn fee(&self, gas: u64) -> Option<u128> {
        self.gas_price().amount.mul_ceil(gas)
    }

    /// What this much gas costs when it is dear: as configured, and where a fee market sets the
    /// price, at the highest one. `None` if it is too large to count.
    pub fn dear_fee(&self, gas: u64) -> Option<u128> {
        let settings = self.chain.settings();
        let price = match settings.fee_market {
            Some(_) => settings.gas_price_max,
            None => settings.gas_price.amount,
        };
        price.mul_ceil(gas)
    }

    /// The amount of a denom that an account has.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        self.chain.balance(address, denom).await
    }

    /// Everything an account has, in the order of the denoms.
    pub async fn balances(&self, address: &str) -> Result<Vec<Coin>, ChainError> {
        let coins = self.chain.balances(address).await?.into_iter();
        let mut coins: Vec<Coin> = coins
            .map(|coin| Coin {
                denom: coin.denom,
                amount: coin.amount,
            })
            .collect();
        coins.sort_by(|a, b| a.denom.cmp(&b.denom));
        Ok(coins)
    }

    /// Who is paid for what an account does on a channel (ICS-29); `None` if nobody is
    /// registered.
    pub async fn payee(
        &self,
        role: PayeeRole,
        relayer: &str,
        channel: &ChannelId,
    ) -> Result<Option<String>, ChainError> {
        self.chain.payee(role, relayer, channel).await
    }

    /// The state of every configured node.
    pub async fn node_reports(&self) -> Vec<NodeReport> {
        self.chain.node_reports().await
    }

    /// The block at a height, with its transactions and their messages.
    pub async fn block_with_txs(&self, height: u64) -> Result<BlockWithTxs, ChainError> {
        self.chain.block_with_txs(height).await
    }

    /// The time of the block at a height.
    pub async fn block_time(&self, height: u64) -> Result<BlockTime, ChainError> {
        self.chain.block_time(height).await
    }

    /// The height of the block with a transaction, from the nodes' indexes.
    pub async fn find_tx(&self, hash: TxHash) -> Result<Indexed<u64>, ChainError> {
        self.chain.find_tx(hash).await
    }

    /// Transactions with a message of this sender, the newest first, from the nodes'
    /// indexes. Pages count from 1.
    pub async fn txs_of_sender(
        &self,
        sender: &str,
        page: u32,
    ) -> Result<Indexed<TxPage>, ChainError> {
        self.chain.txs_of_sender(sender, page).await
    }
}

impl Deref for ConnectedChain {
    type Target = dyn Chain;

    fn deref(&self) -> &Self::Target {
        &*self.chain
    }
}
