//! Clients of one chain, wherever they live.

use async_trait::async_trait;

use crate::{
    BlockTime, ChainError, ClientParams, ClientUpdate, ClientUpgrade, Encoded, HeaderCheck,
    NewClient, Proven, Root, TrustedClient, TrustedHeader,
};

type Result<T> = std::result::Result<T, ChainError>;

/// The light client of one chain: makes what its clients on other chains are
/// created, updated and upgraded with, and checks what the chain's nodes say and
/// what is said of it elsewhere. What it trusts itself is kept by whoever asks.
#[async_trait]
pub trait LightClient: Send + Sync + 'static {
    /// What a client of this chain starts from, at its newest height, as one node says:
    /// to be compared with what is trusted at that height.
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient>;
    /// The header at `height`, which exists: verified from `before`, or else from what the
    /// operator gave, or else what the chain's nodes agree on. A node that has another one
    /// is not asked any more. `now` is what ICS-07 calls the current time.
    async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader>;
    /// Verified headers from `trusted` to `target`, waiting for the target's
    /// block. `now` is what ICS-07 calls the current time.
    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate>;
    /// What clients of this chain need to follow it over the upgrade that is planned
    /// for `last_height`, the last of this revision; `None` if none is planned there.
    /// Verified against `root`, that of `last_height`, which the client must have been
    /// updated to (ibc-go `VerifyUpgradeAndUpdateState`).
    async fn client_upgrade(&self, last_height: u64, root: &Root) -> Result<Option<ClientUpgrade>>;
    /// Compares a header of this chain that was seen elsewhere, in an update of a
    /// client, with what the chain itself has at that height. A header of another chain,
    /// or one that its validators did not sign, is an error.
    async fn check_header(&self, seen: &Encoded) -> Result<HeaderCheck>;
    /// Checks a value of this chain against a verified root. A node whose value
    /// does not verify may be asked less from then on.
    fn verify(&self, proven: &Proven, root: &Root) -> Result<()>;
}
