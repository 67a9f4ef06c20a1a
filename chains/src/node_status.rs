//! How the nodes of a chain behave, for people and programs that show it.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::Histogram;

/// One node of a chain, as it has behaved since the start of the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its RPC address without credentials, path or query, as in logs.
    pub address: String,
    pub state: NodeState,
    /// The newest block it said it has.
    pub height: Option<u64>,
    /// What was asked of it, by method, in the order of the methods' names.
    pub requests: Vec<RequestStats>,
}

/// Whether a node can be relied on. Reasons are short, and have no secrets in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeState {
    /// It has answered, or was not asked yet.
    Well,
    /// It does not answer, or with something that cannot be used.
    Failing {
        /// Questions that failed since it was well.
        failures: u32,
        /// Of the last failure.
        reason: String,
    },
    /// It lied or serves another chain, and is not asked for a while.
    SetAside { reason: String },
    /// It gave something that does not verify, and nothing has shown yet whether that is
    /// its fault.
    Suspect { reason: String },
}

/// What was asked of a node with one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestStats {
    /// As the protocol names it: `block`, `abci_query`, `Simulate`.
    pub method: String,
    /// Requests that were answered.
    pub ok: u64,
    /// Requests that were not answered, or with an error.
    pub errors: u64,
    /// How long those in `ok` took, in seconds.
    pub seconds: Histogram,
}

impl RequestStats {
    /// Nothing asked yet. The bounds are those of [`Histogram::new`], in seconds.
    pub fn new(method: impl Into<String>, bounds: &'static [f64]) -> Self {
        Self {
            method: method.into(),
            ok: 0,
            errors: 0,
            seconds: Histogram::new(bounds),
        }
    }
}

impl Display for NodeState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => write!(f, "well"),
            Self::Failing { failures, reason } => {
                let times = if *failures == 1 { "time" } else { "times" };
                write!(f, "failed {failures} {times}: {reason}")
            }
            Self::SetAside { reason } => write!(f, "not asked for a while: {reason}"),
            Self::Suspect { reason } => write!(f, "suspect: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> [NodeState; 4] {
        let reason = || "HTTP status 503".to_owned();
        [
            NodeState::Well,
            NodeState::Failing {
                failures: 2,
                reason: reason(),
            },
            NodeState::SetAside { reason: reason() },
            NodeState::Suspect { reason: reason() },
        ]
    }

    #[test]
    fn a_state_is_said_in_words() {
        let said = states().map(|state| state.to_string());
        assert_eq!(
            said,
            [
                "well",
                "failed 2 times: HTTP status 503",
                "not asked for a while: HTTP status 503",
                "suspect: HTTP status 503",
            ]
        );
    }

    #[test]
    fn a_status_is_written_and_read_as_the_same() {
        for state in states() {
            let status = NodeStatus {
                address: "https://rpc.example.org".to_owned(),
                state,
                height: Some(7),
                requests: vec![RequestStats::new("block", &[0.5, 1.0])],
            };
            let json = serde_json::to_string(&status).unwrap();
            let read: NodeStatus = serde_json::from_str(&json).unwrap();
            assert_eq!(read, status);
        }
    }
}
