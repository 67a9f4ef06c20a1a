//! Connections: taken, bounded in number and time, and ended with the daemon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tern_config::HttpConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::router;
use crate::connect::Context;
use crate::daemon::Observed;

/// Connections at a time; others wait in the system's queue.
const CONNECTIONS_MAX: usize = 64;
/// A client sends its whole header within this, also of the next request.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of a header with everything in it. Bodies are not read.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// A connection ends after this, whatever it does: a client that reads nothing does not keep
/// its place.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(600);

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address} for HTTP: choose another `listen` in the section [http] of \
     config.toml"
)]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    source: std::io::Error,
}

/// A server that listens and does not serve yet.
pub struct HttpServer {
    listener: TcpListener,
    is_local: bool,
}

impl HttpServer {
    pub async fn bind(config: &HttpConfig) -> Result<Self, ListenError> {
        let address = config.listen;
        let listen = async {
            let listener = TcpListener::bind(address).await?;
            // The port may have been left to the system.
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, bound) = listen
            .await
            .map_err(|source| ListenError { address, source })?;
        info!(address = %bound, "status and metrics are served by HTTP");
        Ok(Self {
            listener,
            is_local: !config.allow_remote,
        })
    }

    /// Serves until `stopping`; what is not answered then is not answered any more.
    pub async fn serve(
        self,
        observed: Observed,
        context: Arc<Context>,
        stopping: CancellationToken,
    ) {
        let router = router(observed, context, self.is_local);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            // Never closed: no error.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                _ = connections.join_next(), if !connections.is_empty() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        serve(stream, router).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(reason = %error, "cannot take an HTTP connection");
                    // Most likely too many files are open: not at once again.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let mut builder = Builder::new(hyper_util::rt::TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(CONNECTION_TIME_MAX, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(reason = %error, "an HTTP connection broke"),
        Err(_) => debug!("an HTTP connection was ended after its time"),
    }
}
