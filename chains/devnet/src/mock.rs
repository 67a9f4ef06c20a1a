//! An application without a meaning on port `mock`, as ibc-go's tests have one:
//! for ordered channels, and for what is about packets rather than coins.

mod module;
mod send;

pub(crate) use module::Mock;
pub(crate) use send::{send, MsgSendResponse};
pub use send::{MsgSend, SEND_URL};

pub(crate) const PORT: &str = "mock";
/// What a channel is opened with if nothing is asked for; any other will do.
pub(crate) const VERSION: &str = "mock-version";
