//! Where a transfer is: the packets of a transaction or of a sender, and the steps of each
//! over all its hops, read from the chains.
//!
//! It needs no store, so it works for the packets of every relayer. Only what a pending
//! packet waits for is asked of an engine, if one is known. The command line and the HTTP
//! server print what is found here; `json` and `text` say it in the same words for both.

mod by_sender;
mod by_tx;
mod error;
mod find;
mod follow;
pub mod hops;
pub mod ics20;
pub mod json;
mod located_event;
pub mod outcome;
pub mod packet_trace;
pub mod sent;
mod target;
#[cfg(test)]
pub mod testing;
pub mod text;
mod tx;
mod waits;

pub use self::by_sender::{BySender, SenderError};
pub use self::by_tx::TxTrace;
pub use self::error::TraceError;
pub use self::hops::Hops;
pub use self::sent::ListedPacket;
pub use self::target::{target, tx_hash, Sender, Target, TargetError};
#[cfg(test)]
pub use self::tx::Unsearched;
pub use self::tx::{TxError, WhyUnsearched};
pub use self::waits::Engine;

use tern_chains::{Sequence, TxHash};
use tern_core::ledger::ChannelKey;

use crate::connect::Context;

/// What was found.
pub enum Found {
    Packet(Box<Hops>),
    Tx(TxTrace),
    Sender(Box<BySender>),
}

/// The packets of a transaction, by source end and sequence; their steps are not read.
///
/// # Errors
/// As those of [`look`].
pub async fn packets_of_tx(
    context: &Context,
    hash: TxHash,
    chain: Option<&str>,
) -> Result<Vec<(ChannelKey, Sequence)>, TraceError> {
    by_tx::packets(context, hash, chain).await
}

/// Looks for packets on the chains of the configuration.
///
/// # Errors
/// If there is nothing to be told, and why: it is not there, or a chain does not answer.
pub async fn look(
    context: &Context,
    engine: &Engine,
    target: &Target,
) -> Result<Found, TraceError> {
    match target {
        Target::Packet { src, sequence } => {
            let hops = follow::follow(context, engine, src, (*sequence).into()).await?;
            Ok(Found::Packet(Box::new(hops)))
        }
        Target::Tx { hash, chain } => {
            let trace = by_tx::trace(context, engine, *hash, chain.as_deref()).await?;
            Ok(Found::Tx(trace))
        }
        Target::Sender {
            sender,
            chain,
            limit,
        } => {
            let chain = chain.as_deref();
            let found = by_sender::look(context, engine, sender, chain, *limit).await?;
            Ok(Found::Sender(Box::new(found)))
        }
    }
}
