//! A mock application on port `mock`, as in ibc-go's tests, for ordered channels and
//! packets of any data.

mod module;
mod send;

pub(crate) use module::Mock;
pub(crate) use send::{send, MsgSendResponse};
pub use send::{MsgSend, SEND_URL};

pub(crate) const PORT: &str = "mock";
/// The default channel version; every version is accepted.
pub(crate) const VERSION: &str = "mock-version";
