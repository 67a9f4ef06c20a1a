//! The daemon: an engine that serves every path, a socket by which the commands in the same
//! home folder reach it, and the HTTP server.
//!
//! It owns them and ends them in order: first no new commands, then the engine,
//! then the answers to the commands that were waiting.

mod client;
mod observing;
mod protocol;
mod socket;
#[cfg(test)]
pub mod testing;

use std::sync::Arc;

use anyhow::bail;
use futures::future::OptionFuture;
use tern::engine::{describe, Engine};
use tern_chains::{Account, ChainError};
use tern_core::plan::Assignment;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connect::Context;
use crate::http::HttpServer;
use crate::setup;
pub use client::DaemonClient;
pub use observing::{Observation, Observed};
pub use protocol::SocketError;
use socket::Socket;

/// A daemon that is about to run.
pub struct Daemon {
    context: Arc<Context>,
    engine: Engine,
    /// None if commands cannot reach it.
    socket: Option<Socket>,
    /// None if the configuration has no section for it.
    http: Option<HttpServer>,
}

impl Daemon {
    /// Opens store and socket in the home folder. The lock of the store makes it
    /// the only daemon there.
    pub async fn open(context: Arc<Context>) -> anyhow::Result<Self> {
        let (store, view) = setup::open_store(&context).await?;
        let chains = setup::served_chains(&context).await?;
        for account in chains.iter().flat_map(|served| &served.accounts) {
            check_account(&**account).await?;
        }
        if chains.len() < 2 {
            bail!("relaying needs two chains or more: add a second [[chain]] section");
        }
        let http = match &context.config.http {
            Some(config) => Some(HttpServer::bind(config).await?),
            None => None,
        };
        let parts = setup::parts(&context, &chains, store, view)?;
        let engine = Engine::start(parts, Assignment::Everything);
        let socket = match Socket::bind(&context.home) {
            Ok(socket) => Some(socket),
            Err(error) => {
                let reason = anyhow::Error::from(error);
                warn!(
                    reason = format!("{reason:#}"),
                    "commands cannot reach this daemon"
                );
                None
            }
        };
        Ok(Self {
            context,
            engine,
            socket,
            http,
        })
    }

    /// Relays until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            context,
            engine,
            socket,
            http,
        } = self;
        // Also when the engine ends by itself.
        let stopping = shutdown.child_token();
        let observed = Observed::new(engine.handle());
        let serving = socket.map(|socket| socket.serve(observed.clone(), stopping.clone()));
        let answering = http.map(|http| http.serve(observed.clone(), context, stopping.clone()));
        let serving = async {
            tokio::join!(OptionFuture::from(serving), OptionFuture::from(answering));
        };
        let relaying = async {
            let ended = engine.run(stopping.clone()).await;
            stopping.cancel();
            ended
        };
        let reading = observed.read_wallets(stopping.clone());
        let (ended, (), ()) = tokio::join!(relaying, serving, reading);
        Ok(ended?)
    }
}

/// Checks that the signing account is on chain. A node that does not answer is
/// not an error, because it may answer later.
async fn check_account(account: &dyn Account) -> Result<(), ChainError> {
    let chain = account.chain_id();
    match account.state().await {
        Ok(account) => {
            info!(%chain, account = account.address, "signing account found");
        }
        Err(error @ (ChainError::WrongChain { .. } | ChainError::NoAccount { .. })) => {
            return Err(error);
        }
        Err(error) => {
            let reason = describe(&error);
            warn!(%chain, reason, "the signing account cannot be checked: the node does not answer");
        }
    }
    Ok(())
}
