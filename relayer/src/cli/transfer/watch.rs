//! Watching packets until they are done.

use std::pin::pin;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tern_chains::Block;

use super::report::Report;
use super::track::Tracker;
use crate::output;

/// After so long without a change it is worth asking whether anyone relays.
const QUIET_MAX: Duration = Duration::from_secs(30);

enum Seen {
    Src(Block),
    Dst(Block),
}

/// Follows both chains until every packet is done, or until SIGINT. Without the
/// destination's blocks only the source is followed.
pub async fn until_done(
    tracker: &mut Tracker,
    report: &mut Report,
    src: impl Stream<Item = anyhow::Result<Block>>,
    dst: Option<impl Stream<Item = anyhow::Result<Block>>>,
) -> anyhow::Result<()> {
    let sees_acks = dst.is_some();
    let src = src.map(|block| block.map(Seen::Src));
    let dst = stream::iter(dst)
        .flatten()
        .map(|block| block.map(Seen::Dst));
    let mut blocks = pin!(stream::select(src, dst));
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let mut quiet = pin!(tokio::time::sleep(QUIET_MAX));
    let mut asked = false;
    while !tracker.is_done(sees_acks) {
        let block = tokio::select! {
            block = blocks.next() => block,
            _ = &mut quiet, if !asked => {
                asked = true;
                report.ask_for_relayer();
                continue;
            }
            _ = &mut interrupted => {
                output::note("stopped watching: the packets go on without it");
                break;
            }
        };
        let steps = match block.transpose()? {
            Some(Seen::Src(block)) => tracker.on_src(&block),
            Some(Seen::Dst(block)) => tracker.on_dst(&block),
            None => break,
        };
        if !steps.is_empty() {
            asked = false;
            quiet
                .as_mut()
                .reset(tokio::time::Instant::now() + QUIET_MAX);
            report.moved(&steps, tracker)?;
        }
    }
    Ok(())
}
