//! Both doors of one node on sockets.

use std::future::Future;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::node::Node;
use crate::{grpc, rpc};

/// A door that closed by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the RPC door closed")]
    Rpc(#[source] std::io::Error),
    #[error("the gRPC door closed")]
    Grpc(#[source] tonic::transport::Error),
}

/// Serves CometBFT RPC and gRPC until `shutdown` completes. Listeners come in
/// bound, so that whoever chose port 0 knows which it became.
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
            // An error is a dropped sender: that is the end, too.
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    };
    let rpc = rpc::serve(node.clone(), rpc, stopped());
    let grpc = grpc::serve(node, grpc, stopped());
    let doors = async {
        futures::try_join!(async { rpc.await.map_err(ServeError::Rpc) }, async {
            grpc.await.map_err(ServeError::Grpc)
        },)
    };
    tokio::pin!(doors, shutdown);
    tokio::select! {
        closed = &mut doors => closed.map(|_| ()),
        () = &mut shutdown => {
            stop.send_replace(true);
            // Open subscriptions would hold the graceful end up for ever.
            let grace = std::time::Duration::from_millis(200);
            match tokio::time::timeout(grace, doors).await {
                Ok(closed) => closed.map(|_| ()),
                Err(_) => Ok(()),
            }
        }
    }
}
