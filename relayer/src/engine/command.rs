//! What an engine is asked to do while it runs, with the channels for the answers.

use tern_chains::ChainId;
use tern_core::ledger::{ClientKey, EndKey, Fact, HandshakeRequest};
use tern_core::plan::{Assignment, Pausable, Paused};
use tokio::sync::{mpsc, oneshot};

use super::requests::{Cleared, HandshakeNote, Made};
use super::status::{FoundPackets, PacketSearch, Status};
use super::submit::{SendRequest, Sent};

/// One thing asked.
pub enum Command {
    /// A snapshot, with the open packets of one path, or the first of all.
    Status {
        of: Option<EndKey>,
        reply: oneshot::Sender<Status>,
    },
    /// The open packets that fit.
    Packets {
        search: Box<PacketSearch>,
        reply: oneshot::Sender<FoundPackets>,
    },
    Make {
        request: HandshakeRequest,
        notes: mpsc::Sender<HandshakeNote>,
        reply: oneshot::Sender<Result<Made, String>>,
    },
    Clear {
        src: EndKey,
        reply: oneshot::Sender<Result<Cleared, String>>,
    },
    Compare {
        src: EndKey,
        reply: oneshot::Sender<Result<(), String>>,
    },
    /// The answer is the client's new height.
    Refresh {
        client: ClientKey,
        reply: oneshot::Sender<Result<u64, String>>,
    },
    /// The answer is the chain that the client is of then.
    Upgrade {
        client: ClientKey,
        reply: oneshot::Sender<Result<ChainId, String>>,
    },
    /// The answers are all that is paused then.
    Pause {
        what: Pausable,
        reply: oneshot::Sender<Result<Paused, String>>,
    },
    Resume {
        what: Pausable,
        reply: oneshot::Sender<Result<Paused, String>>,
    },
    /// Takes no new work. Answered when nothing is in flight; then the engine ends.
    Drain { reply: oneshot::Sender<()> },
    Assign {
        assignment: Assignment,
        reply: oneshot::Sender<()>,
    },
    Send {
        request: SendRequest,
        reply: oneshot::Sender<Sent>,
    },
    /// The facts of all chains from now on. A receiver that is full is dropped.
    Watch {
        facts: mpsc::Sender<Vec<Fact>>,
        reply: oneshot::Sender<()>,
    },
}
