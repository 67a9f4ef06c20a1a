//! A chain's blocks as a stream, each once and in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use futures::stream::{self, Stream};
use tern_chains::{Block, Chain, ChainError, Class, Next};

use crate::output;

/// A node that fails is asked this often, so far apart, before giving up.
const TRIES_MAX: u32 = 30;
const PAUSE: Duration = Duration::from_secs(2);

/// The blocks after a height. It ends with the first error.
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
                "{}: the node has pruned blocks {from} to {to}, which would tell what became of \
                 the packets",
                chain.id()
            ),
            Err(error) if error.class() == Class::Node && tries < TRIES_MAX => {
                tell(&error, tries);
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn tell(error: &ChainError, tries: u32) {
    if tries == 1 {
        output::note(format!("note: {error}: trying again"));
    }
}
