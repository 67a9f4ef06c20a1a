//! Why a chain did not answer, and who has to act.

use crate::ChainId;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Who can do something about an error. Retry is decided on this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The node failed: ask again, or ask another one.
    Node,
    /// The chain said no; asking again will not change it.
    Rejected,
    /// Ours: configuration, keys, disk.
    Local,
    /// The answer or our own data makes no sense.
    Bug,
}

/// Which part of a transaction was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The message with this index.
    Message(usize),
    /// The account sequence, which is another one by now: the next will fit.
    Sequence,
    /// The account cannot pay, or offers too little.
    Funds,
    /// The chain does not say: out of gas, a panic, a transaction that is too large.
    Unnamed,
}

/// A failed question to one chain: what was asked, of which chain, and why not.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node could not be reached or answered with an error of its own.
    #[error("{chain}: {doing} failed at {node}")]
    Node {
        chain: ChainId,
        node: String,
        /// What was tried, with its path and height: "abci_query acks/… at 42".
        doing: String,
        #[source]
        source: Source,
    },
    /// The node no longer has the state or block at this height.
    #[error("{chain}: {doing}: the node has pruned height {height}")]
    Pruned {
        chain: ChainId,
        doing: String,
        height: u64,
    },
    /// The node serves another chain.
    #[error(
        "{node} serves chain {actual}, not {expected}: correct its address or the `id` in the configuration"
    )]
    WrongChain {
        expected: ChainId,
        actual: String,
        node: String,
    },
    /// The account does not exist on chain: it never received a coin.
    #[error("{chain}: account {address} is not on chain: send it some {denom} to pay fees with")]
    NoAccount {
        chain: ChainId,
        address: String,
        denom: String,
    },
    /// The chain refused a simulated or broadcast transaction.
    #[error("{chain}: {doing} was refused: {log} (codespace {codespace}, code {code})")]
    Rejected {
        chain: ChainId,
        doing: String,
        codespace: String,
        code: u32,
        log: String,
        blame: Blame,
    },
    /// A header, commit or proof does not verify: the node lies or is forked.
    #[error("{chain}: {doing}: does not verify: {reason}")]
    Unverified {
        chain: ChainId,
        doing: String,
        reason: String,
    },
    /// The light client cannot be brought forward: expired or frozen.
    #[error("{chain}: {doing}: {reason}")]
    ClientUnusable {
        chain: ChainId,
        doing: String,
        reason: String,
    },
    /// A key or setting of ours is unusable.
    #[error("{chain}: {reason}")]
    Local { chain: ChainId, reason: String },
    /// The process that holds the key cannot be asked now.
    #[error("{chain}: the signer at {signer} does not answer")]
    SignerAway {
        chain: ChainId,
        signer: String,
        #[source]
        source: Source,
    },
    /// The process that holds the key does not sign this, or not as it should.
    #[error("{chain}: the signer at {signer} does not sign with the key `{key}`: {reason}")]
    SignerRefused {
        chain: ChainId,
        signer: String,
        key: String,
        reason: String,
    },
    /// An answer could not be decoded.
    #[error("{chain}: {doing}: cannot decode the answer")]
    Malformed {
        chain: ChainId,
        doing: String,
        #[source]
        source: Source,
    },
}

impl ChainError {
    pub fn class(&self) -> Class {
        match self {
            Self::Node { .. }
            | Self::Pruned { .. }
            | Self::Unverified { .. }
            | Self::SignerAway { .. } => Class::Node,
            Self::Rejected { blame, .. } => match blame {
                Blame::Message(_) | Blame::Unnamed => Class::Rejected,
                Blame::Sequence => Class::Node,
                Blame::Funds => Class::Local,
            },
            Self::ClientUnusable { .. } => Class::Rejected,
            Self::WrongChain { .. }
            | Self::NoAccount { .. }
            | Self::SignerRefused { .. }
            | Self::Local { .. } => Class::Local,
            Self::Malformed { .. } => Class::Bug,
        }
    }
}
