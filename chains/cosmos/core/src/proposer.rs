//! The proposer of a validator set. Pure.

use tendermint::account;
use tendermint::validator::Set;

/// The set as ibc-go wants it in a header: with a proposer, which must be one of
/// its members and is not part of the hash. `None` is any member.
pub(crate) fn with_proposer(set: &Set, proposer: Option<account::Id>) -> Option<Set> {
    let mut validators = set.validators.iter();
    let proposer = match proposer {
        Some(address) => validators.find(|validator| validator.address == address)?,
        None => validators.next()?,
    };
    Some(Set {
        proposer: Some(proposer.clone()),
        ..set.clone()
    })
}
