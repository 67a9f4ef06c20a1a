//! A chain's identifier.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A chain's identifier with the revision number it ends with.
///
/// Cheap to clone: every record of the ledger names two chains.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    id: Arc<str>,
    revision: u64,
}

impl ChainId {
    pub fn from_string(id: &str) -> Self {
        Self {
            id: id.into(),
            revision: revision(id),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Whether this is the id of the same chain after an upgrade that ended the revision
    /// of `earlier`: the name is the same and the revision number higher (ibc-go
    /// `clienttypes.SetRevisionNumber`).
    pub fn is_later_revision_of(&self, earlier: &Self) -> bool {
        earlier.revision > 0 && self.revision > earlier.revision && self.name() == earlier.name()
    }

    /// The id without its revision number.
    fn name(&self) -> &str {
        match self.revision {
            0 => &self.id,
            _ => self.id.rsplit_once('-').map_or(&*self.id, |(name, _)| name),
        }
    }

    /// The revision number (ICS-02, ibc-go `clienttypes.ParseChainID`): 4 of
    /// `cosmoshub-4`, 0 where the id does not end with one.
    pub fn version(&self) -> u64 {
        self.revision
    }
}

/// The id is `{name}-{revision}`: the name is not empty and does not end with
/// a dash, the revision is a decimal without leading zeros.
fn revision(id: &str) -> u64 {
    let Some((name, digits)) = id.rsplit_once('-') else {
        return 0;
    };
    let is_name = !name.is_empty() && !name.ends_with('-');
    let is_number = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_name && is_number {
        digits.parse().unwrap_or_default()
    } else {
        0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl FromStr for ChainId {
    type Err = std::convert::Infallible;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Ok(Self::from_string(id))
    }
}

impl Serialize for ChainId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.id)
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from_string(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_revision_has_the_same_name_and_a_higher_number() {
        let is_later = |later, earlier| {
            ChainId::from_string(later).is_later_revision_of(&ChainId::from_string(earlier))
        };
        assert!(is_later("akash-2", "akash-1"));
        assert!(is_later("kava_2222-10", "kava_2222-9"));
        for (later, earlier) in [
            ("akash-1", "akash-1"),
            ("akash-1", "akash-2"),
            ("kava-2", "akash-1"),
            ("akash-2", "akash"),
            ("akash-2-2", "akash-1"),
            ("akash-b", "akash-a"),
        ] {
            assert!(!is_later(later, earlier), "{later} after {earlier}");
        }
    }

    #[test]
    fn the_revision_is_read_as_ibc_go_reads_it() {
        for (id, revision) in [
            ("cosmoshub-4", 4),
            ("akash-a", 0),
            ("a-b-12", 12),
            ("chain--1", 0),
            ("chain-01", 0),
            ("chain-0", 0),
            ("-1", 0),
            ("chain-", 0),
            ("chain", 0),
            ("kava_2222-10", 10),
            ("x-99999999999999999999999", 0),
        ] {
            assert_eq!(ChainId::from_string(id).version(), revision, "{id}");
        }
    }
}
