//! A mock application on port `mock`, as in ibc-go's tests, for ordered channels and
//! packets of any data.

mod module;
mod send;

pub(crate) use module::Mock;
pub(crate) use send::{send, MsgSendResponse};
pub use send::{MsgSend, SEND_URL};

pub const PORT: &str = "mock";
/// Data of packets whose receiving panics: the transaction fails, and no message is named.
pub const PANICS: &[u8] = b"mock panics packet data";
/// The same in a block only: simulation says that all is well.
pub const PANICS_IN_BLOCKS: &[u8] = b"mock panics in blocks packet data";
/// What data of packets begins with whose receiving takes [`HEAVY_GAS`] more than that of
/// others.
pub const HEAVY: &[u8] = b"mock heavy packet data";
pub const HEAVY_GAS: u64 = 5_000_000;

/// The default channel version; every version is accepted.
pub(crate) const VERSION: &str = "mock-version";
