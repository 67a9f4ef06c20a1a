//! SIGINT and SIGTERM.

use tokio::signal::unix::{signal, SignalKind};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Waits for SIGINT or SIGTERM as long as it exists.
pub struct Shutdown {
    token: CancellationToken,
    _signals: JoinSet<()>,
}

impl Shutdown {
    /// Starts to wait.
    pub fn start() -> anyhow::Result<Self> {
        let token = CancellationToken::new();
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let ended = token.clone();
        let mut signals = JoinSet::new();
        signals.spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            ended.cancel();
        });
        Ok(Self {
            token,
            _signals: signals,
        })
    }

    /// A token that is cancelled by the first signal.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}
