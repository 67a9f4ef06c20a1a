//! What Tern knows: facts seen on chains, and what it is doing about them.
//!
//! [`Fact`]s come in from `follow` and from reconciling, [`Intent`]s from proving
//! and `submit`; [`apply`] turns each [`Entry`] into [`Change`]s; [`View::commit`] makes them visible
//! and the store makes them durable, in the same batch as the height they came
//! from. A packet's record holds only what a chain stated. What Tern *intends*
//! is a transaction record, apart from it: at most one for each item.
//!
//! Invariants: applying a fact twice changes nothing; facts about a packet
//! commute, whichever chain's block is read first; a finished packet never
//! becomes open again.

mod apply;
mod change;
mod fact;
mod fees;
mod intent;
mod item;
mod key;
mod packets;
mod path;
mod processed;
mod record;
mod revision;
mod view;

pub use apply::{apply, headers_left_out, packet_of};
pub use change::Change;
pub use fact::{Fact, Finding};
pub use fees::{FeeKind, Fees, FeesDayKey, FeesKey, FeesRecord, DAYS};
pub use intent::{Entry, Intent, Refusal};
pub use item::{summary, HandshakeStep, Item};
pub use key::{ChannelKey, ClientKey, ConnectionKey, EndKey, PacketKey, SeenHeaderKey, TxKey};
pub use packets::Held;
pub use path::Path;
pub use processed::{Delay, Processed};
pub use record::{
    Acknowledgement, ChannelRecord, ChannelTerms, ClientRecord, ConnectionRecord, ConnectionTerms,
    Done, Evidence, Failure, Goal, HandshakeProgress, HandshakeRequest, Head, PacketFees,
    PacketRecord, PacketState, TxRecord,
};
pub use view::View;
