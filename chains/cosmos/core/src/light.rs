//! The light client of Tendermint chains (ICS-07), without I/O: what is needed to
//! bring a client forward, and what comes of it.

mod check;
mod client;
mod trusted_header;
mod walk;

pub use check::SeenHeader;
pub use client::StoredClient;
pub use trusted_header::{begin_trust, move_trust, over_upgrade};
pub use walk::{Need, Walk};
