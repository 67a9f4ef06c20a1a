//! What the engine's tasks and handles send it, through one bounded channel.

use tern_chains::{ChainError, ChainId, Class, HeaderCheck};
use tern_core::ledger::{EndKey, Fact, Intent, Item, SeenHeaderKey, TxKey, TxRecord};
use tokio::sync::oneshot;

use super::command::Command;
use super::parts::NextRevision;
use super::reconcile::Compared;

/// Most inputs waiting for the engine; senders wait beyond.
pub const INPUTS_MAX: usize = 256;

pub enum Input {
    /// What a handle asks for.
    Command(Command),
    /// Facts of one block, or found together: one commit.
    Facts(Vec<Fact>),
    /// What became of a batch or a transaction before it came into a block.
    Intent(Intent),
    /// A chain's topology was read as a whole: blocks were left out, so its
    /// packets must be reconciled.
    Scanned { chain: ChainId, facts: Vec<Fact> },
    /// Every block that existed when following began has been sent.
    CaughtUp { chain: ChainId },
    /// The chain's node does not answer, for now.
    Down {
        chain: ChainId,
        class: Class,
        reason: String,
    },
    /// The chain's nodes serve the next revision of the chain.
    NextRevision(NextRevision),
    /// Transactions about to be broadcast: the reply is how many of them, the first, are
    /// on disk and may go. No reply means that none is wanted any more.
    Signed {
        txs: Vec<(TxKey, TxRecord)>,
        durable: oneshot::Sender<usize>,
    },
    /// What an account has.
    Balance {
        chain: ChainId,
        address: String,
        balance: u128,
    },
    /// The transactions in flight, for a lane that asks its account anew.
    InFlight {
        chain: ChainId,
        signer: String,
        reply: oneshot::Sender<Vec<(TxKey, TxRecord)>>,
    },
    /// The batch with these items has gone its way, whatever became of it.
    Released(Vec<Item>),
    /// A header that was shown to a client was compared with those of its chain.
    HeaderChecked {
        seen: SeenHeaderKey,
        checked: Result<HeaderCheck, ChainError>,
    },
    /// The packets of a source end that are in the ledger were compared with both
    /// chains; those that are not are being looked for.
    Compared { src: EndKey, facts: Vec<Fact> },
    /// A source end's packets were compared with both chains.
    Reconciled {
        src: EndKey,
        compared: Result<Compared, String>,
    },
}
