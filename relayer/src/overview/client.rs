//! A light client, as shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tern_chains::BlockTime;
use tern_core::ledger::ClientKey;
use utoipa::ToSchema;

use crate::engine::status::{ClientStatus, PathStatus, Status};
use crate::words::{rfc3339, seconds_between};

/// One client under a served path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientOverview {
    /// The chain that hosts it.
    pub chain: String,
    pub client: String,
    /// The chain it is a client of.
    pub of: String,
    /// Revision height of its newest consensus state.
    pub latest_height: u64,
    /// `None` for one that does not expire.
    pub expires_at: Option<String>,
    /// 0 once it has expired.
    pub expires_in_seconds: Option<u64>,
    pub trusting_period_seconds: u64,
    pub is_frozen: bool,
}

impl ClientOverview {
    pub fn of(status: &ClientStatus, now: BlockTime) -> Self {
        let expires = does_expire(status).then_some(status.expires);
        Self {
            chain: status.client.chain.to_string(),
            client: status.client.client_id.to_string(),
            of: status.of.to_string(),
            latest_height: status.latest_height,
            expires_at: expires.map(rfc3339),
            expires_in_seconds: expires.map(|time| seconds_between(now, time)),
            trusting_period_seconds: status.trusting_period.as_secs(),
            is_frozen: status.is_frozen,
        }
    }
}

/// Whether the passing of time alone ends it.
pub(super) fn does_expire(status: &ClientStatus) -> bool {
    status.expires.0 < u64::MAX
}

/// The clients under paths that are served: frozen ones, then the first to expire first.
pub fn used_clients(status: &Status) -> Vec<&ClientStatus> {
    let served = status
        .paths
        .iter()
        .filter(|path| super::path::is_served(path));
    let used: BTreeSet<ClientKey> = served.flat_map(clients_of).collect();
    let clients = status.clients.iter();
    let mut clients: Vec<_> = clients
        .filter(|client| used.contains(&client.client))
        .collect();
    clients.sort_by_key(|client| (!client.is_frozen, client.expires));
    clients
}

fn clients_of(path: &PathStatus) -> Vec<ClientKey> {
    let on_src = ClientKey {
        chain: path.src.chain.clone(),
        client_id: path.client_on_src.clone(),
    };
    let on_dst = path.client_on_dst.clone().map(|client_id| ClientKey {
        chain: path.dst.chain.clone(),
        client_id,
    });
    std::iter::once(on_src).chain(on_dst).collect()
}
