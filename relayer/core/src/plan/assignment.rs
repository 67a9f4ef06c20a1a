//! Which paths an engine serves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ledger::EndKey;

/// The work that an engine is given. It can change while the engine runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assignment {
    /// Every path between the chains of the engine, and the clients under them.
    Everything,
    /// The paths from these source ends, and the clients under them.
    Paths(BTreeSet<EndKey>),
}

impl Assignment {
    /// No path: the engine follows its chains and does what commands ask for.
    pub fn nothing() -> Self {
        Self::Paths(BTreeSet::new())
    }

    /// Whether packets sent from this end are relayed.
    pub fn has_path(&self, src: &EndKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Paths(ends) => ends.contains(src),
        }
    }
}
