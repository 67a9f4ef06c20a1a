//! The RPC and gRPC endpoints of one node, on sockets.

use std::future::Future;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::node::Node;
use crate::{grpc, rpc};

/// An endpoint that stopped without a shutdown.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the RPC endpoint closed")]
    Rpc(#[source] std::io::Error),
    #[error("the gRPC endpoint closed")]
    Grpc(#[source] tonic::transport::Error),
}

/// Serves CometBFT RPC and gRPC until `shutdown` completes. The listeners are
/// already bound, so that a caller who chose port 0 knows the actual port.
pub async fn serve(
    node: Node,
    rpc: TcpListener,
    grpc: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let stopped = || {
        let mut stopping = stopping.clone();
        async move {
            // An error means the sender was dropped, which is also a shutdown.
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    };
    let rpc = rpc::serve(node.clone(), rpc, stopped());
    let grpc = grpc::serve(node, grpc, stopped());
    let endpoints = async {
        futures::try_join!(async { rpc.await.map_err(ServeError::Rpc) }, async {
            grpc.await.map_err(ServeError::Grpc)
        },)
    };
    tokio::pin!(endpoints, shutdown);
    tokio::select! {
        closed = &mut endpoints => closed.map(|_| ()),
        () = &mut shutdown => {
            stop.send_replace(true);
            // Open subscriptions would block a graceful shutdown for ever.
            let grace = std::time::Duration::from_millis(200);
            match tokio::time::timeout(grace, endpoints).await {
                Ok(closed) => closed.map(|_| ()),
                Err(_) => Ok(()),
            }
        }
    }
}
