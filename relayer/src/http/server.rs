//! Connections: taken, bounded in number and time, and ended with the daemon.

use std::net::SocketAddr;
use std::path::Path;
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

use super::token::{Token, TokenError};
use super::{router, Access};
use crate::daemon::AtWork;

/// Connections at a time; others wait in the system's queue.
const CONNECTIONS_MAX: usize = 64;
/// A client sends its whole header within this, also of the next request.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of a header with everything in it. Bodies are not read.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// A connection ends after this, whatever it does: a client that reads nothing does not keep
/// its place.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(600);

/// How long a stop waits for the last answers.
const STOP_TIME_MAX: Duration = Duration::from_millis(500);

/// There can be no server as the configuration wants it.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(
        "cannot listen on {address} for HTTP: choose another `listen` in the section [http] of \
         config.toml"
    )]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A server that listens. Clones listen on the same socket.
#[derive(Clone)]
pub struct HttpServer {
    /// As the configuration says it: the port may be left to the system.
    address: SocketAddr,
    listener: Arc<TcpListener>,
    access: Access,
}

/// Whether both serve the same to the same people.
impl PartialEq for HttpServer {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address && self.access == other.access
    }
}

impl HttpServer {
    /// Listens. A server `before` with the same address hands its socket over.
    pub async fn bind(
        home: &Path,
        config: &HttpConfig,
        before: Option<&Self>,
    ) -> Result<Self, HttpError> {
        let file = config.token_file.as_ref();
        let token = file.map(|file| Token::read(&home.join(file))).transpose()?;
        let access = Access {
            is_local: !config.allow_remote,
            token,
        };
        let address = config.listen;
        if let Some(before) = before.filter(|before| before.address == address) {
            return Ok(Self {
                access,
                ..before.clone()
            });
        }
        let listen = async {
            let listener = TcpListener::bind(address).await?;
            // The port may have been left to the system.
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, bound) = listen
            .await
            .map_err(|source| HttpError::Listen { address, source })?;
        info!(address = %bound, "status and metrics are served by HTTP");
        Ok(Self {
            address,
            listener: Arc::new(listener),
            access,
        })
    }

    /// Serves until `stopping`; what is not answered soon after is not answered any more.
    pub async fn serve(self, daemon: AtWork, stopping: CancellationToken) {
        let router = router(daemon, &self.access);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            // Never closed: no error.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
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
        let rest = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(STOP_TIME_MAX, rest).await;
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
