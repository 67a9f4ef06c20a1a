//! The first state of a chain and its constants: plain data.

/// A chain before its first block.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Names no revision: heights of this chain are of revision 0.
    pub chain_id: String,
    /// Bech32 prefix of account addresses.
    pub prefix: String,
    /// The denom of fees.
    pub denom: String,
    /// Addresses with their balance in `denom`.
    pub accounts: Vec<(String, u128)>,
    /// Nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// The attestors' keys are derived from this seed and the chain id.
    pub seed: u64,
    /// The size of the committee. More than half of it must sign.
    pub attestors: usize,
    /// A block is final once this many follow it.
    pub finality_lag: u64,
    /// The most gas of a block.
    pub block_gas: u64,
    /// The most bytes of a transaction.
    pub tx_bytes: u64,
    /// The most transactions waiting for a block.
    pub mempool_txs: usize,
}

impl Genesis {
    pub(crate) fn quorum(&self) -> usize {
        self.attestors / 2 + 1
    }
}
