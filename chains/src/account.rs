//! One signing account on one chain.

use async_trait::async_trait;

use crate::{
    AccountState, BlockTime, ChainError, ChainId, ChainParams, Check, Coin, Datagram, Deadline,
    Message, SignedTx, TxDraft, Unit,
};

type Result<T> = std::result::Result<T, ChainError>;

/// An account that signs and pays. The accounts of a chain share its nodes.
#[async_trait]
pub trait Account: Send + Sync + 'static {
    fn chain_id(&self) -> &ChainId;
    fn address(&self) -> &str;

    /// The account that pays its fees: itself, or another that has agreed to.
    fn payer(&self) -> &str {
        self.address()
    }

    /// A datagram as a message of this chain, signed for by this account. Pure.
    fn encode(&self, datagram: &Datagram) -> Result<Message>;
    /// The deadline of a transaction made with this as the newest followed block,
    /// `blocks` blocks later. Pure.
    fn deadline(&self, height: u64, time: BlockTime, blocks: u64) -> Deadline;

    /// What [`Account::sign`] pays for a transaction with this gas limit. Pure.
    fn fee(&self, gas: u64) -> Result<Coin>;

    async fn params(&self) -> Result<ChainParams>;
    async fn state(&self) -> Result<AccountState>;
    /// What its payer can pay fees with, now.
    async fn balance(&self) -> Result<Coin>;
    /// The unit in which people say what fees cost; `None` if the chain tells none.
    async fn fee_unit(&self) -> Result<Option<Unit>> {
        Ok(None)
    }
    /// The gas these messages would use if they were in the next block.
    async fn estimate(&self, messages: &[Message], account: &AccountState) -> Result<u64>;
    /// The key may be with another process.
    async fn sign(&self, draft: &TxDraft) -> Result<SignedTx>;
    async fn broadcast(&self, tx: &SignedTx) -> Result<Check>;
}
