//! One node: both its endpoints, and the bound on what is asked of it at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::errors::Result;
use crate::grpc::Grpc;
use crate::request::Kind;
use crate::request_stats::RequestCounter;
use crate::rpc::Rpc;
use crate::settings::{CosmosSettings, NodeAddress};

/// One operator's RPC and gRPC.
pub(crate) struct Node {
    /// Its place in the configuration.
    pub index: usize,
    pub rpc: Rpc,
    grpc: Grpc,
    /// What was asked of both.
    pub requests: Arc<RequestCounter>,
    /// Whether it has to say which chain it serves before its gRPC is used. A
    /// chain's only node is asked where it matters; one of several is not
    /// looked at by a person each time its answer is used.
    checked: bool,
    permits: Arc<Semaphore>,
    /// A smaller bound for state queries, which come by the thousand: a header
    /// must not wait behind them.
    state_permits: Arc<Semaphore>,
}

/// The right to ask a node one question.
pub(crate) struct Permit {
    _any: Option<OwnedSemaphorePermit>,
    _state: Option<OwnedSemaphorePermit>,
}

impl Node {
    pub fn new(settings: &CosmosSettings, index: usize, address: &NodeAddress) -> Result<Self> {
        let most = settings.max_concurrent_requests.max(1);
        let requests = Arc::<RequestCounter>::default();
        Ok(Self {
            index,
            rpc: Rpc::new(settings, &address.rpc, requests.clone())?,
            grpc: Grpc::new(settings, &address.grpc, requests.clone())?,
            requests,
            checked: !settings.further_nodes.is_empty(),
            permits: Arc::new(Semaphore::new(most)),
            state_permits: Arc::new(Semaphore::new((most * 3 / 4).max(1))),
        })
    }

    /// Its gRPC, which serves the configured chain.
    pub async fn grpc(&self) -> Result<&Grpc> {
        if self.checked {
            self.grpc.check_network().await?;
        }
        Ok(&self.grpc)
    }

    /// Whether its gRPC answers and serves the configured chain.
    pub async fn grpc_health(&self) -> Result<()> {
        self.grpc.check_network().await
    }

    /// Where its gRPC is, for people to read.
    pub fn grpc_address(&self) -> &str {
        &self.grpc.origin.node
    }

    /// Waits until one more question may be asked.
    pub async fn enter(&self, kind: Kind) -> Permit {
        // An error would mean a closed semaphore; these are never closed.
        let state = match kind {
            Kind::State => self.state_permits.clone().acquire_owned().await.ok(),
            _ => None,
        };
        Permit {
            _any: self.permits.clone().acquire_owned().await.ok(),
            _state: state,
        }
    }

    /// The same, if it may be asked at once.
    pub fn try_enter(&self, kind: Kind) -> Option<Permit> {
        let state = match kind {
            Kind::State => Some(self.state_permits.clone().try_acquire_owned().ok()?),
            _ => None,
        };
        Some(Permit {
            _any: Some(self.permits.clone().try_acquire_owned().ok()?),
            _state: state,
        })
    }
}
