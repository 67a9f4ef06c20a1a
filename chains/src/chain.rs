//! One chain's blocks and state.

use async_trait::async_trait;

use crate::{
    Block, BlockTime, ChainError, ChainId, ClientId, End, EventQuery, HeightRules,
    IdentifiedChannelEnd, IdentifiedConnectionEnd, Listed, Next, NodeStatus, Proven, Sequence,
    StateCodec, StorePath,
};

type Result<T> = std::result::Result<T, ChainError>;

/// One chain, asked in its own terms. Heights are revision heights; blocks are
/// final. Every method is cancel-safe and bounded inside; none knows of a
/// counterparty.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    fn id(&self) -> &ChainId;
    fn height_rules(&self) -> HeightRules;
    /// How stored bytes are read.
    fn codec(&self) -> &dyn StateCodec;
    /// How each of its nodes has behaved, in the order configured; none for a chain that is
    /// in this process. Asks nobody.
    fn nodes(&self) -> Vec<NodeStatus> {
        Vec::new()
    }

    /// Height and time of the newest final block.
    async fn latest(&self) -> Result<(u64, BlockTime)>;
    /// The block after `after`, waiting until it is final. Never skips one.
    async fn next_block(&self, after: u64) -> Result<Next>;
    /// The block at `height`, which must be final.
    async fn block(&self, height: u64) -> Result<Block>;

    /// A value of the IBC store; a `height` of `None` is the newest.
    async fn query(&self, path: StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>>;
    /// Values with their proofs, of the state at `height`, in the order asked.
    async fn query_proven(&self, paths: Vec<StorePath>, height: u64) -> Result<Vec<Proven>>;
    async fn clients(&self) -> Result<Vec<ClientId>>;
    async fn connections(&self) -> Result<Listed<IdentifiedConnectionEnd>>;
    async fn channels(&self) -> Result<Listed<IdentifiedChannelEnd>>;
    /// Sequences with a commitment on this (source) end.
    async fn commitments(&self, src: &End) -> Result<Listed<Sequence>>;
    /// Of `sent`, those this (destination) end has not received.
    async fn unreceived_packets(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>>;
    /// The block height of an event, from the node's index, if it has one.
    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>>;
}
