//! The blocks of a chain as a stream, in order and without gaps.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use futures::stream::{self, Stream};
use tern_chains::{Block, Chain, ChainError, Class, Next};

use crate::output;

/// Maximum number of attempts when a node fails, and the pause between them.
const TRIES_MAX: u32 = 30;
const PAUSE: Duration = Duration::from_secs(2);

/// The blocks after a height. The stream ends after the first error.
pub fn blocks(
    chain: Arc<dyn Chain>,
    after: u64,
) -> impl Stream<Item = anyhow::Result<Block>> + Send {
    stream::try_unfold((chain, after), |(chain, after)| async move {
        let block = next(chain.as_ref(), after).await?;
        let height = block.height;
        Ok(Some((block, (chain, height))))
    })
}

async fn next(chain: &dyn Chain, after: u64) -> anyhow::Result<Block> {
    let mut tries = 1;
    loop {
        match chain.next_block(after).await {
            Ok(Next::Block(block)) => return Ok(*block),
            Ok(Next::Gap { from, to }) => bail!(
                "{}: the node has pruned blocks {from} to {to}, so the state of the packets is \
                 not known",
                chain.id()
            ),
            Err(error) if error.class() == Class::Node && tries < TRIES_MAX => {
                note_first_failure(&error, tries);
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn note_first_failure(error: &ChainError, tries: u32) {
    if tries == 1 {
        output::note(format!("note: {error}: retrying"));
    }
}
