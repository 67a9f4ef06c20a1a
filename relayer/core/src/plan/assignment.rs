//! Which paths an engine serves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ledger::{ClientKey, EndKey, View};

/// The work that an engine is given. It can change while the engine runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assignment {
    /// Every path between the chains of the engine, and every client under a
    /// connection between them.
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

    /// The clients that must be kept from expiring; `None` is all.
    pub(super) fn clients(&self, view: &View) -> Option<BTreeSet<ClientKey>> {
        let Self::Paths(ends) = self else {
            return None;
        };
        let paths = ends.iter().filter_map(|src| view.path(src));
        let clients = paths.flat_map(|path| {
            let on_src = ClientKey {
                chain: path.src.chain,
                client_id: path.client_on_src,
            };
            let chain = path.dst.chain;
            let on_dst = path
                .client_on_dst
                .map(|client_id| ClientKey { chain, client_id });
            [Some(on_src), on_dst]
        });
        Some(clients.flatten().collect())
    }
}
