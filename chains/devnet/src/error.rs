//! Errors of a chain, as opposed to those of a transaction on it.

/// A chain or its next block cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    #[error("`{chain_id}` is not a chain id")]
    ChainId { chain_id: String },
    #[error("a chain has 1 to 180 validators, not {count}")]
    Validators { count: usize },
    #[error("genesis account `{address}` is not an address with prefix `{prefix}`")]
    Account { address: String, prefix: String },
    #[error("no block can be made at height {height}")]
    Height { height: u64 },
    #[error("the next block's time must be after {last}, not {requested}")]
    Time { last: String, requested: String },
}
