//! A list of what a chain's state has.

/// All that was asked for, and where the node that was asked stands. A node that lags lists
/// an older state than the newest of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The height of the state, as the node says; 0 where it does not say.
    pub height: u64,
    pub all: Vec<T>,
}
