//! SIGHUP: the configuration is read again. Where the daemon was started in a terminal that
//! is closed now, it is asked to end.

use std::io::{stderr, IsTerminal};

use tokio::signal::unix::{signal, SignalKind};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Steering;

/// Reloads with every SIGHUP, until `stopping`; cancels it if the terminal is gone.
pub async fn watch(steering: Steering, stopping: CancellationToken) {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => {
            warn!(reason = %error, "SIGHUP does not reload the configuration");
            return;
        }
    };
    let had_terminal = stderr().is_terminal();
    while let Some(Some(())) = stopping.run_until_cancelled(hangups.recv()).await {
        if had_terminal && !stderr().is_terminal() {
            info!("the terminal is closed: stopping");
            return stopping.cancel();
        }
        // What came of it is in the log.
        let reloaded = stopping.run_until_cancelled(steering.reload());
        let _ = reloaded.await;
    }
}
