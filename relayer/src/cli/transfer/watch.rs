//! Watches packets until each one is acknowledged or timed out.

use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use tern_core::ledger::Fact;
use tokio::sync::mpsc;

use super::report::Report;
use super::track::Tracker;
use crate::output;
use crate::progress::Progress;

/// After this time without progress a hint is printed.
const QUIET_MAX: Duration = Duration::from_secs(30);

/// The facts of the next commit of the engine.
pub async fn next(facts: &mut mpsc::Receiver<Vec<Fact>>) -> anyhow::Result<Vec<Fact>> {
    let next = facts.recv().await;
    next.context("the chains make blocks faster than this command can read them")
}

/// Follows both chains until every packet is done, or until SIGINT. If the
/// destination is not followed, acknowledgements may stay unknown.
pub async fn until_done(
    tracker: &mut Tracker,
    report: &mut Report,
    progress: &Progress,
    facts: &mut mpsc::Receiver<Vec<Fact>>,
    sees_acks: bool,
) -> anyhow::Result<()> {
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let mut quiet = pin!(tokio::time::sleep(QUIET_MAX));
    let mut hint_printed = false;
    while !tracker.is_done(sees_acks) {
        progress.now(&report.waiting(tracker));
        let facts = tokio::select! {
            facts = next(facts) => facts?,
            _ = &mut quiet, if !hint_printed => {
                hint_printed = true;
                report.hint_at_relayer();
                continue;
            }
            _ = &mut interrupted => {
                output::note("stopped watching; this does not stop the packets");
                break;
            }
        };
        let steps = tracker.on_facts(&facts);
        if !steps.is_empty() {
            hint_printed = false;
            quiet
                .as_mut()
                .reset(tokio::time::Instant::now() + QUIET_MAX);
            report.progress(&steps, tracker)?;
        }
    }
    Ok(())
}
