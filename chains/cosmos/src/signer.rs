//! [`CosmosAccount`]: a key that signs and pays on a chain, and [`Signer`]: where that
//! key is.

use std::sync::Arc;

use async_trait::async_trait;
use tern_chains::{
    Account, AccountState, BlockTime, Chain, ChainError, ChainId, ChainParams, Check, Coin,
    Datagram, Deadline, Message, SignedTx, TxDraft, Unit,
};
use tokio::sync::OnceCell;
use tracing::info;

use crate::chain::CosmosChain;
use crate::errors::Result;
use crate::key::{Key, PublicKey};
use crate::pool::{Kind, Need};
use crate::unsigned::Terms;
use crate::{account, estimate, msg, tx, unsigned};

type Node = Arc<crate::node::Node>;

/// Who signs: a key that is here, or another process.
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    fn public_key(&self) -> &PublicKey;
    /// Signs the hash of an encoded `SignDoc`, which the type of the key says. What is returned was verified, or
    /// comes from a key that is here.
    async fn sign(&self, document: &[u8]) -> Result<Vec<u8>>;
}

/// A key that is here.
struct Local {
    key: Key,
    chain: ChainId,
}

#[async_trait]
impl Signer for Local {
    fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    async fn sign(&self, document: &[u8]) -> Result<Vec<u8>> {
        self.key.sign(document).ok_or_else(|| ChainError::Local {
            chain: self.chain.clone(),
            reason: "the key refuses to sign".to_owned(),
        })
    }
}

/// One signing account. The accounts of a chain share its nodes, what is known of
/// them and the bound on requests.
pub struct CosmosAccount {
    chain: Arc<CosmosChain>,
    signer: Arc<dyn Signer>,
    /// Who pays the fees, if another account does.
    granter: Option<String>,
    /// Of the denom that fees are paid in, once the chain was asked.
    unit: OnceCell<Option<Unit>>,
}

impl CosmosAccount {
    /// The account of a key that is here.
    pub fn new(chain: Arc<CosmosChain>, key: Key) -> Self {
        let local = Local {
            key,
            chain: chain.id().clone(),
        };
        Self::of(chain, Arc::new(local))
    }

    /// The account of a key that this signer has.
    pub fn of(chain: Arc<CosmosChain>, signer: Arc<dyn Signer>) -> Self {
        Self {
            chain,
            signer,
            granter: None,
            unit: OnceCell::new(),
        }
    }

    /// The same account with its fees paid by another, which has an allowance for it.
    pub fn paid_by(mut self, granter: Option<String>) -> Self {
        self.granter = granter.filter(|granter| granter != self.address());
        self
    }

    /// The terms of a transaction with this gas limit. `None` if its fee is too large to count.
    fn terms(&self, gas: u64) -> Option<Terms> {
        let market = self.chain.settings().fee_market.as_ref();
        let dynamic = market.and_then(|market| market.market.dynamic_fee(market.priority_price?));
        Some(Terms {
            fee: self.chain.price.now().fee(gas)?,
            granter: self.granter.clone(),
            option: dynamic,
        })
    }

    pub fn chain(&self) -> &Arc<CosmosChain> {
        &self.chain
    }

    /// Nodes take no transaction at the price of this one. Whether the next one offers more.
    fn raises_the_price(&self, tx: &SignedTx, log: &str) -> bool {
        let Some(gas) = unsigned::gas_limit(&tx.bytes) else {
            return false;
        };
        let before = self.chain.price.now();
        let is_raised = self.chain.price.refused(gas, tx.fee, log);
        let now = self.chain.price.now();
        if now != before {
            info!(chain = %self.chain.id(), price = %now, configured = %self.chain.settings().gas_price, "the nodes ask for more: a higher price is paid for gas for ten minutes");
        }
        is_raised
    }
}

#[async_trait]
impl Account for CosmosAccount {
    fn chain_id(&self) -> &ChainId {
        self.chain.id()
    }

    fn address(&self) -> &str {
        self.signer.public_key().address()
    }

    fn payer(&self) -> &str {
        self.granter.as_deref().unwrap_or(self.address())
    }

    fn encode(&self, datagram: &Datagram) -> Result<Message> {
        let origin = self.chain.pool.origin();
        msg::encode(datagram, self.address()).map_err(|error| origin.local(error))
    }

    fn deadline(&self, height: u64, _time: BlockTime, blocks: u64) -> Deadline {
        Deadline::Height(height.saturating_add(blocks))
    }

    fn fee(&self, gas: u64) -> Result<Coin> {
        let price = self.chain.price.now();
        let amount = price.cost(gas).ok_or_else(|| {
            let origin = self.chain.pool.origin();
            origin.local("gas_price × gas is too large")
        })?;
        Ok(Coin {
            denom: price.denom,
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
        let amount = self.chain.balance(self.payer(), &denom).await?;
        Ok(Coin { denom, amount })
    }

    async fn fee_unit(&self) -> Result<Option<Unit>> {
        // It hardly ever changes.
        let unit = self.unit.get_or_try_init(|| async {
            let denom = &self.chain.settings().gas_price.denom;
            self.chain.unit(denom).await
        });
        Ok(unit.await?.clone())
    }

    async fn estimate(&self, messages: &[Message], account: &AccountState) -> Result<u64> {
        let multiplier = self.chain.settings().gas_multiplier;
        let terms = &self.terms(estimate::OFFERED_GAS).unwrap_or_default();
        let ask = |node: Node| async move {
            let grpc = node.grpc().await?;
            let key = self.signer.public_key();
            estimate::estimate(grpc, key, account, messages, terms.clone(), multiplier).await
        };
        // The account's earlier transactions are there, or in blocks already.
        let pool = &self.chain.pool;
        pool.read(Kind::Simulation, Need::Mempool, ask).await
    }

    async fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        let (settings, origin) = (self.chain.settings(), self.chain.pool.origin());
        self.chain.read_price().await;
        let terms = self.terms(draft.gas);
        let terms = terms.ok_or_else(|| origin.local("gas_price × gas is too large"))?;
        let key = self.signer.public_key();
        let document = unsigned::document(&settings.id, key, draft, terms);
        let document = document.map_err(|error| origin.local(error))?;
        let signature = self.signer.sign(document.bytes()).await?;
        Ok(document.signed(signature))
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        match self.chain.pool.broadcast(tx).await? {
            Check::Underpriced { log } if self.raises_the_price(tx, &log) => {
                Ok(Check::PriceRaised { log })
            }
            check => Ok(check),
        }
    }
}
