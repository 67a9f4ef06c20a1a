//! [`CosmosAccount`]: a key that signs and pays on a chain.

use std::sync::Arc;

use async_trait::async_trait;
use tern_chains::{
    Account, AccountState, BlockTime, Chain, ChainId, ChainParams, Check, Coin, Datagram, Deadline,
    Message, SignedTx, TxDraft,
};

use crate::chain::CosmosChain;
use crate::errors::Result;
use crate::key::Key;
use crate::pool::{Kind, Need};
use crate::{account, estimate, msg, tx, unsigned};

type Node = Arc<crate::node::Node>;

/// One signing account. The accounts of a chain share its nodes, what is known of
/// them and the bound on requests.
pub struct CosmosAccount {
    chain: Arc<CosmosChain>,
    key: Key,
}

impl CosmosAccount {
    pub fn new(chain: Arc<CosmosChain>, key: Key) -> Self {
        Self { chain, key }
    }

    pub fn chain(&self) -> &Arc<CosmosChain> {
        &self.chain
    }
}

#[async_trait]
impl Account for CosmosAccount {
    fn chain_id(&self) -> &ChainId {
        self.chain.id()
    }

    fn address(&self) -> &str {
        self.key.address()
    }

    fn encode(&self, datagram: &Datagram) -> Result<Message> {
        let origin = self.chain.pool.origin();
        msg::encode(datagram, self.address()).map_err(|error| origin.local(error))
    }

    fn deadline(&self, height: u64, _time: BlockTime, blocks: u64) -> Deadline {
        Deadline::Height(height.saturating_add(blocks))
    }

    fn fee(&self, gas: u64) -> Result<Coin> {
        let price = &self.chain.settings().gas_price;
        let amount = price.cost(gas).ok_or_else(|| {
            let origin = self.chain.pool.origin();
            origin.local("gas_price × gas is too large")
        })?;
        Ok(Coin {
            denom: price.denom.clone(),
            amount,
        })
    }

    async fn params(&self) -> Result<ChainParams> {
        let ask = |node: Node| async move { tx::params(&node.rpc).await };
        let pool = &self.chain.pool;
        pool.read(Kind::Header, Need::Newest, ask).await
    }

    async fn state(&self) -> Result<AccountState> {
        let (address, denom) = (self.address(), &self.chain.settings().gas_price.denom);
        let ask =
            |node: Node| async move { account::account(node.grpc().await?, address, denom).await };
        self.chain.list(ask).await
    }

    async fn balance(&self) -> Result<Coin> {
        let denom = self.chain.settings().gas_price.denom.clone();
        let amount = self.chain.balance(self.address(), &denom).await?;
        Ok(Coin { denom, amount })
    }

    async fn estimate(&self, messages: &[Message], account: &AccountState) -> Result<u64> {
        let settings = self.chain.settings();
        let (price, multiplier) = (&settings.gas_price, settings.gas_multiplier);
        let ask = |node: Node| async move {
            let grpc = node.grpc().await?;
            estimate::estimate(grpc, &self.key, account, messages, price, multiplier).await
        };
        // The account's earlier transactions are there, or in blocks already.
        let pool = &self.chain.pool;
        pool.read(Kind::Simulation, Need::Mempool, ask).await
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        let (settings, origin) = (self.chain.settings(), self.chain.pool.origin());
        let fee = settings.gas_price.fee(draft.gas);
        let fee = fee.ok_or_else(|| origin.local("gas_price × gas is too large"))?;
        unsigned::sign(&settings.id, &self.key, draft, fee).map_err(|error| origin.local(error))
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.chain.pool.broadcast(tx).await
    }
}
