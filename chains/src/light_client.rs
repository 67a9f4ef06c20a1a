//! Clients of one chain, wherever they live.

use async_trait::async_trait;

use crate::{
    BlockTime, ChainError, ClientParams, ClientUpdate, NewClient, Proven, Root, TrustedClient,
};

type Result<T> = std::result::Result<T, ChainError>;

/// The light client of one chain: makes what its clients on other chains are
/// created and updated with, and checks what the chain's nodes say. Keeps no
/// trust of its own.
#[async_trait]
pub trait LightClient: Send + Sync + 'static {
    /// What a client of this chain starts from, at its newest height.
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient>;
    /// Verified headers from `trusted` to `target`, waiting for the target's
    /// block. `now` is what ICS-07 calls the current time.
    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate>;
    /// Checks a value of this chain against a verified root. A node whose value
    /// does not verify may be asked less from then on.
    fn verify(&self, proven: &Proven, root: &Root) -> Result<()>;
}
