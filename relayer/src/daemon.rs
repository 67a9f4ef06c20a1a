//! The daemon: an engine that serves every path, a socket by which the commands in the same
//! home folder reach it, and the HTTP server.
//!
//! It owns them and ends them in order: first no new commands, then the engine,
//! then the answers to the commands that were waiting. A changed configuration is opened
//! beside the one at work ([`Configured`]). Then one engine ends, and the next one goes on
//! with its ledger; the socket and those who wait at it stay.

mod client;
mod configured;
mod hangup;
mod observing;
mod paused_file;
mod payees;
mod protocol;
mod socket;
mod steering;
#[cfg(test)]
pub mod testing;

use std::sync::Arc;

use futures::future::OptionFuture;
use tern::engine::{describe, Engine, EngineError, Kept, NextRevision};
use tern_chains::{Account, ChainError};
use tern_core::plan::Assignment;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connect::{revisions, Context};
use crate::http::HttpServer;
use crate::setup::{self, ServedChain};
pub use client::DaemonClient;
use configured::Configured;
pub use observing::{Observation, Observed};
use payees::Payees;
pub use protocol::SocketError;
use socket::Socket;
use steering::Reload;
pub use steering::{cleared_text, Steering, SteeringError};

/// A daemon as its servers reach it: to look, to act, and what it is configured with.
#[derive(Clone)]
pub struct AtWork {
    pub observed: Observed,
    pub steering: Steering,
    context: watch::Receiver<Arc<Context>>,
}

impl AtWork {
    /// The configuration and the chains in it, as they are now.
    pub fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context.borrow())
    }
}

/// A daemon that is about to run.
pub struct Daemon {
    configured: Configured,
    engine: Engine,
    /// None if commands cannot reach it.
    socket: Option<Socket>,
}

impl Daemon {
    /// Opens store and socket in the home folder. The lock of the store makes it
    /// the only daemon there.
    pub async fn open(context: Arc<Context>) -> anyhow::Result<Self> {
        let (store, view) = setup::open_store(&context).await?;
        let paused = paused_file::read(&context.home)?;
        let configured = Configured::open_at_start(Arc::clone(&context)).await?;
        let mut parts = configured.parts(store, view)?;
        parts.kept.paused = paused;
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
            configured,
            engine,
            socket,
        })
    }

    /// Relays until `shutdown`, or until it is drained.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            configured,
            engine,
            socket,
        } = self;
        // Also when the engine ends by itself.
        let stopping = shutdown.child_token();
        let observed = Observed::new(engine.handle());
        let (reloads, wanted) = mpsc::channel(1);
        let home = configured.context.home.clone();
        let steering = Steering::new(observed.clone(), home, reloads);
        let (contexts, context) = watch::channel(Arc::clone(&configured.context));
        let (served, chains) = watch::channel(configured.chains.clone());
        let payees = Payees::new(observed.clone(), context.clone(), chains);
        let at_work = AtWork {
            observed: observed.clone(),
            steering: steering.clone(),
            context,
        };
        let serving = socket.map(|socket| socket.serve(at_work.clone(), stopping.clone()));
        let hangups = hangup::watch(steering, stopping.clone());
        let reading = observed.read_wallets(stopping.clone());
        let registering = payees.register(stopping.clone());
        let relaying = async {
            let running = Running {
                configured,
                at_work,
                contexts,
                served,
                engine: JoinSet::new(),
                stop_engine: CancellationToken::new(),
                http: JoinSet::new(),
                stop_http: CancellationToken::new(),
                served_http: None,
                stopping: stopping.clone(),
            };
            let ended = running.run(engine, wanted).await;
            stopping.cancel();
            ended
        };
        let serving = OptionFuture::from(serving);
        let (ended, _, (), (), ()) = tokio::join!(relaying, serving, hangups, reading, registering);
        Ok(ended?)
    }
}

/// What a reload changes.
struct Running {
    configured: Configured,
    at_work: AtWork,
    contexts: watch::Sender<Arc<Context>>,
    served: watch::Sender<Vec<ServedChain>>,
    /// One at a time.
    engine: JoinSet<Result<Kept, EngineError>>,
    stop_engine: CancellationToken,
    /// One at a time, or none.
    http: JoinSet<()>,
    stop_http: CancellationToken,
    served_http: Option<HttpServer>,
    stopping: CancellationToken,
}

impl Running {
    /// Runs this engine, and after each reload another one.
    async fn run(
        mut self,
        engine: Engine,
        mut reloads: mpsc::Receiver<Reload>,
    ) -> Result<(), EngineError> {
        self.spawn(engine);
        self.serve_http();
        loop {
            tokio::select! {
                biased;
                ended = self.ended() => {
                    let mut kept = ended?;
                    let Some(next) = kept.next_revision.take() else {
                        return Ok(());
                    };
                    self.go_over(kept, &next).await?;
                }
                Some(reload) = reloads.recv() => {
                    let reloaded = self.reload().await?;
                    match &reloaded {
                        Ok(changes) => info!("{changes}"),
                        Err(reason) => warn!(reason, "the configuration is refused, and nothing is changed"),
                    }
                    // Whoever asked may have gone.
                    let _ = reload.reply.send(reloaded);
                    self.serve_http_as_configured().await;
                }
            }
        }
    }

    fn spawn(&mut self, engine: Engine) {
        self.stop_engine = self.stopping.child_token();
        self.engine
            .spawn(engine.run_and_keep(self.stop_engine.clone()));
    }

    /// The end of the engine.
    async fn ended(&mut self) -> Result<Kept, EngineError> {
        match self.engine.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => Err(EngineError::Task {
                task: "engine".into(),
                reason: panic.to_string(),
            }),
            None => Err(EngineError::Stopped),
        }
    }

    /// Starts the HTTP server anew if its configuration or its token has changed.
    async fn serve_http_as_configured(&mut self) {
        if self.served_http != self.configured.http {
            self.stop_http.cancel();
            while self.http.join_next().await.is_some() {}
            self.serve_http();
        }
    }

    fn serve_http(&mut self) {
        self.served_http = self.configured.http.clone();
        self.stop_http = self.stopping.child_token();
        if let Some(server) = self.configured.http.clone() {
            let serving = server.serve(self.at_work.clone(), self.stop_http.clone());
            self.http.spawn(serving);
        }
    }

    /// Goes on with the configuration as its file says it now: `Ok(Err(reason))` if it is
    /// refused.
    ///
    /// # Errors
    /// What ended the engine meanwhile.
    async fn reload(&mut self) -> Result<Result<String, String>, EngineError> {
        let stopping = self.stopping.clone();
        let opened = stopping.run_until_cancelled(self.configured.read_again());
        let next = match opened.await {
            None => return Ok(Err("the daemon is about to end".to_owned())),
            Some(Err(error)) => return Ok(Err(format!("{error:#}"))),
            Some(Ok(next)) => next,
        };
        if self.at_work.observed.status(None).await?.is_draining {
            return Ok(Err("the daemon is about to end".to_owned()));
        }
        let changes = self.configured.changes(&next);
        if self.configured.context.config == next.context.config {
            // But for the token, which is in a file of its own.
            self.configured = next;
            return Ok(Ok(changes));
        }
        let observed = self.at_work.observed.clone();
        // Who looks now waits for the next engine.
        let swap = observed.swap().await;
        self.stop_engine.cancel();
        let kept = self.ended().await?;
        let engine = go_on(&next, kept)?;
        swap.to(engine.handle());
        self.take(engine, next);
        Ok(Ok(changes))
    }

    /// Goes on with a chain that was upgraded and has another id now.
    async fn go_over(&mut self, kept: Kept, next: &NextRevision) -> Result<(), EngineError> {
        let observed = self.at_work.observed.clone();
        let swap = observed.swap().await;
        let home = self.configured.context.home.clone();
        let failed = |error: anyhow::Error| EngineError::CommandFailed(format!("{error:#}"));
        revisions::keep(&home, &next.chain, &next.now).map_err(|error| failed(error.into()))?;
        let configured = self.configured.read_again().await.map_err(failed)?;
        let engine = go_on(&configured, kept)?;
        swap.to(engine.handle());
        self.take(engine, configured);
        let NextRevision { chain, now } = next;
        info!(chain = %now, before = %chain, "gone on with the upgraded chain: give its new `id` in the configuration when it is convenient");
        Ok(())
    }

    /// Goes on with this engine and configuration.
    fn take(&mut self, engine: Engine, configured: Configured) {
        self.spawn(engine);
        self.configured = configured;
        self.contexts
            .send_replace(Arc::clone(&self.configured.context));
        self.served.send_replace(self.configured.chains.clone());
        self.configured.release_others();
    }
}

/// An engine that goes on where another one ended.
fn go_on(configured: &Configured, kept: Kept) -> Result<Engine, EngineError> {
    match configured.parts_of(kept) {
        Ok(parts) => Ok(Engine::start(parts, Assignment::Everything)),
        // It was tried before.
        Err(error) => Err(EngineError::CommandFailed(format!("{error:#}"))),
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
