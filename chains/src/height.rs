//! A height with its revision (ICS-02).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A chain's height, ordered by revision first.
///
/// Any pair of numbers is kept as it was stated: `2-0` is a height that every
/// block of revision 2 has reached, and only `0-0` is none (ibc-go
/// `Height.IsZero`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Height {
    pub revision: u64,
    pub height: u64,
}

impl Height {
    pub const fn new(revision: u64, height: u64) -> Self {
        Self { revision, height }
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.revision, self.height)
    }
}
