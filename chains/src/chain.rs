//! The trait every kind of chain implements.

use async_trait::async_trait;
use ibc_relayer_types::core::ics03_connection::connection::IdentifiedConnectionEnd;
use ibc_relayer_types::core::ics04_channel::channel::IdentifiedChannelEnd;
use ibc_relayer_types::core::ics04_channel::packet::Sequence;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics24_host::identifier::{ChannelId, ClientId, PortId};
use ibc_relayer_types::core::ics24_host::path::Path;

use crate::{
    Account, Block, BlockTime, ChainError, ChainId, ChainParams, Check, ClientParams, ClientUpdate,
    EventQuery, Message, NewClient, Next, Proven, SignedTx, TrustedClient, TxDraft,
};

type Result<T> = std::result::Result<T, ChainError>;

/// One chain, asked in its own terms. Heights are revision heights. Every
/// method is cancel-safe and bounded inside; none knows of a counterparty.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    fn id(&self) -> &ChainId;
    /// The default signing account's address.
    fn signer(&self) -> Result<String>;

    // Blocks.
    async fn latest(&self) -> Result<(u64, BlockTime)>;
    /// The block after `after`, waiting until it is committed. Never skips one.
    async fn next_block(&self, after: u64) -> Result<Next>;
    /// The block at `height`, which must be committed.
    async fn block(&self, height: u64) -> Result<Block>;

    // State of the IBC store; `None` is the newest height.
    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>>;
    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>>;
    async fn clients(&self) -> Result<Vec<ClientId>>;
    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>>;
    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>>;
    /// Sequences with a commitment on this (source) end.
    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>>;
    /// Of `sent`, those this (destination) end has not received.
    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>>;
    /// The block height of an event, from the node's index, if it has one.
    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>>;

    // Light clients of this chain.
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient>;
    /// Verified headers from `trusted` to `target`, waiting for the target's
    /// block. `now` is what ICS-07 calls the current time.
    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate>;
    /// Checks a value of this chain against a verified root (pure).
    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()>;

    // Transactions.
    async fn params(&self) -> Result<ChainParams>;
    async fn account(&self) -> Result<Account>;
    /// The gas these messages would use if they were in the next block.
    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64>;
    fn sign(&self, draft: &TxDraft) -> Result<SignedTx>;
    async fn broadcast(&self, tx: &SignedTx) -> Result<Check>;
}
