//! Watches packets until each one is acknowledged or timed out.

use std::pin::pin;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tern_chains::Block;

use super::report::Report;
use super::track::Tracker;
use crate::output;

/// After this time without progress a hint is printed.
const QUIET_MAX: Duration = Duration::from_secs(30);

enum SideBlock {
    Src(Block),
    Dst(Block),
}

/// Follows both chains until every packet is done, or until SIGINT. Without blocks
/// of the destination it follows the source only.
pub async fn until_done(
    tracker: &mut Tracker,
    report: &mut Report,
    src: impl Stream<Item = anyhow::Result<Block>>,
    dst: Option<impl Stream<Item = anyhow::Result<Block>>>,
) -> anyhow::Result<()> {
    let sees_acks = dst.is_some();
    let src = src.map(|block| block.map(SideBlock::Src));
    let dst = stream::iter(dst)
        .flatten()
        .map(|block| block.map(SideBlock::Dst));
    let mut blocks = pin!(stream::select(src, dst));
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let mut quiet = pin!(tokio::time::sleep(QUIET_MAX));
    let mut hint_printed = false;
    while !tracker.is_done(sees_acks) {
        let block = tokio::select! {
            block = blocks.next() => block,
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
        let steps = match block.transpose()? {
            Some(SideBlock::Src(block)) => tracker.on_src(&block),
            Some(SideBlock::Dst(block)) => tracker.on_dst(&block),
            None => break,
        };
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
