//! Connection ends (ICS-03).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClientId, ConnectionId, Ordering};

/// A connection end as its chain stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEnd {
    pub state: ConnectionState,
    /// The client on this chain.
    pub client_id: ClientId,
    pub counterparty: ConnectionCounterparty,
    pub versions: Vec<ConnectionVersion>,
    /// How long a header must be on chain before it proves anything, in
    /// nanoseconds.
    pub delay_period_ns: u64,
}

/// What a connection end knows of the other one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCounterparty {
    pub client_id: ClientId,
    /// Unknown before the other end exists.
    pub connection_id: Option<ConnectionId>,
    /// The prefix of the other chain's store.
    #[serde(with = "hex::serde")]
    pub prefix: Vec<u8>,
}

/// A version of the connection protocol, with its features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionVersion {
    pub identifier: String,
    pub features: Vec<String>,
}

impl ConnectionVersion {
    /// The one version there is, for channels of these orders alone.
    pub fn of_orders(orders: &[Ordering]) -> Self {
        let features = [Ordering::Ordered, Ordering::Unordered];
        let features = features.into_iter().filter(|order| orders.contains(order));
        Self {
            identifier: "1".to_owned(),
            features: features.filter_map(feature).map(str::to_owned).collect(),
        }
    }

    /// Whether channels of this order can be opened.
    pub fn allows(&self, order: Ordering) -> bool {
        feature(order).is_some_and(|feature| self.features.iter().any(|one| one == feature))
    }
}

/// ICS-03's name of an order.
fn feature(order: Ordering) -> Option<&'static str> {
    match order {
        Ordering::Ordered => Some("ORDER_ORDERED"),
        Ordering::Unordered => Some("ORDER_UNORDERED"),
        Ordering::Uninitialized => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionState {
    Uninitialized,
    Init,
    TryOpen,
    Open,
}

/// A connection end with its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifiedConnectionEnd {
    pub connection_id: ConnectionId,
    pub connection_end: ConnectionEnd,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uninitialized => "UNINITIALIZED",
            Self::Init => "INIT",
            Self::TryOpen => "TRYOPEN",
            Self::Open => "OPEN",
        })
    }
}
