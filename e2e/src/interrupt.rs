//! Ctrl-C and SIGTERM as errors: whatever waits fails, and destructors end what was started.

use std::sync::LazyLock;

use anyhow::{ensure, Context, Result};
use tokio::runtime::Builder;
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::watch;

/// As shells have it for Ctrl-C.
pub const EXIT_CODE: u8 = 130;

static INTERRUPTED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// From now on SIGINT and SIGTERM do not end this program but interrupt it. A second one ends
/// it at once; the guard then ends the child processes.
pub fn handle_signals() -> Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot handle SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
    drop(entered);
    std::thread::spawn(move || loop {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        if INTERRUPTED.send_replace(true) {
            std::process::exit(i32::from(EXIT_CODE));
        }
        eprintln!("interrupted: ending relayers and chains; once more ends at once");
    });
    Ok(())
}

pub fn is_interrupted() -> bool {
    *INTERRUPTED.borrow()
}

/// Fails once this program has been interrupted.
pub fn check() -> Result<()> {
    ensure!(!is_interrupted(), "interrupted");
    Ok(())
}

/// Waits until this program is interrupted.
pub async fn interrupted() {
    // The sender is never dropped.
    let _ = INTERRUPTED.subscribe().wait_for(|is| *is).await;
}
