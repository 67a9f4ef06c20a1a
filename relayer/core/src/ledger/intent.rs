//! What became of Tern's own work: transactions signed, refused, or never made.
//!
//! No chain states this. What a block says of a transaction is a
//! [`Fact`](super::Fact), and ends its intent.

use tern_chains::{ChainId, Class};

use super::{Fact, Item, TxKey, TxRecord};

/// A change of what Tern is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// We signed this and are about to broadcast it.
    Signed { key: TxKey, tx: TxRecord },
    /// A node refused the transaction: it will be in no block.
    Refused { key: TxKey, refusal: Refusal },
    /// These items, for `chain`, could not even be proven or signed.
    Failed {
        chain: ChainId,
        items: Vec<Item>,
        refusal: Refusal,
    },
}

/// Why items did not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who can do something about it. Decides when the items are tried again.
    pub class: Class,
    pub reason: String,
    /// The item the chain named as the culprit, if it named one.
    pub culprit: Option<Item>,
    /// With how many items at most these may travel from now on, if the culprit is not
    /// known.
    pub together_max: Option<usize>,
}

impl Refusal {
    /// One that concerns all items alike.
    pub fn of(class: Class, reason: String) -> Self {
        Self {
            class,
            reason,
            culprit: None,
            together_max: None,
        }
    }

    /// With how many items at most those of a transaction of `items` travel after it was
    /// refused.
    pub fn half(items: usize) -> usize {
        (items / 2).max(1)
    }
}

/// One input of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Fact(Fact),
    Intent(Intent),
}

impl From<Fact> for Entry {
    fn from(fact: Fact) -> Self {
        Self::Fact(fact)
    }
}

impl From<Intent> for Entry {
    fn from(intent: Intent) -> Self {
        Self::Intent(intent)
    }
}
