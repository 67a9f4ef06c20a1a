//! Why the engine stops or an item does not go on.

use std::path::PathBuf;

use tern_chains::{ChainError, ChainId};

/// What ends the engine as a whole. Trouble with a chain does not: it is
/// retried and logged.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("chain {0} is not in the configuration")]
    UnknownChain(ChainId),
    /// What was begun is gone on with under the new id.
    #[error("{chain} was upgraded and is {now} now: give this `id` in the configuration")]
    Upgraded { chain: ChainId, now: ChainId },
    /// A task ended that must not end while the engine runs.
    #[error("task `{task}` ended unasked: {reason}")]
    Task { task: String, reason: String },
    /// The request cannot be met.
    #[error("{0}")]
    CommandFailed(String),
    /// The engine was stopped before the request was complete.
    #[error("stopped before it was done; run the same command again to go on")]
    Stopped,
}

/// What can go wrong with the store on disk.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot create {path}")]
    Create {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{path} is in use by another `tern` process: stop it, or give this one another --home"
    )]
    InUse { path: PathBuf },
    #[error("cannot open the store {path}")]
    Open {
        path: PathBuf,
        #[source]
        source: sled::Error,
    },
    /// The store is as it was; what is around it is not.
    #[error("cannot open the store {path}: is the disk full, or may it not be written?")]
    Disk {
        path: PathBuf,
        #[source]
        source: sled::Error,
    },
    #[error(
        "the store {path} was written by a newer version of tern (schema {found}, this one reads \
         {known}): use that version, or move the store away to have it rebuilt from the chains"
    )]
    Newer {
        path: PathBuf,
        found: u64,
        known: u64,
    },
    #[error("cannot rename the damaged store {path}")]
    SetAside {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot write to the store {path}: is the disk full?")]
    Write {
        path: PathBuf,
        #[source]
        source: sled::Error,
    },
    #[error("cannot read from the store {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: sled::Error,
    },
    #[error("the record {key} in the store is damaged: start again to have it rebuilt")]
    Decode {
        key: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("cannot encode the record {key} for the store")]
    Encode {
        key: String,
        #[source]
        source: serde_json::Error,
    },
}
