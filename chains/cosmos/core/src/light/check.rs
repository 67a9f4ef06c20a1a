//! A header of this chain that a client on another chain accepted, beside the
//! chain's own header of that height (ICS-02 misbehaviour). Pure.

use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use tendermint::block::{signed_header::SignedHeader, Height};
use tendermint::{chain, Hash};
use tern_chains::{Encoded, HeaderCheck};

use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::proposer::with_proposer;
use crate::verify::{verify_signed, LightBlock};

/// A header seen elsewhere, decoded.
#[derive(Clone, Debug)]
pub struct SeenHeader {
    /// What is done, for errors.
    pub doing: String,
    pub height: u64,
    chain: chain::Id,
    header: Header,
}

impl SeenHeader {
    /// # Errors
    /// `Malformed` if it is no ICS-07 header, or one of another chain.
    pub fn new(origin: &Origin, header: &Encoded) -> Result<Self> {
        let doing = "check of a header seen elsewhere";
        let header = Header::try_from(convert::any(header))
            .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
        let of = &header.signed_header.header;
        let height = of.height.value();
        let doing = format!("{doing} at {height}");
        if of.chain_id.as_str() != origin.chain.as_str() {
            let reason = format!("it is of chain {}", of.chain_id);
            return Err(origin.malformed(doing, reason));
        }
        Ok(Self {
            doing,
            height,
            chain: of.chain_id.clone(),
            header,
        })
    }

    /// The validators that signed it.
    pub fn validators_hash(&self) -> Hash {
        self.header.signed_header.header.validators_hash
    }

    /// Whether this is the chain's own header of that height.
    pub fn is(&self, own: &SignedHeader) -> bool {
        own.header.hash() == self.header.signed_header.header.hash()
    }

    /// Compares it with what a node gave as the chain's own block of its height.
    ///
    /// A conflict is stated only if each of the two is signed by its validators and
    /// by enough of those the client trusted; so no node can make one up.
    ///
    /// # Errors
    /// `Malformed` if the header seen does not verify, `Unverified` if the node's
    /// does not.
    pub fn compare(&self, origin: &Origin, own: &LightBlock) -> Result<HeaderCheck> {
        if own.height() != self.height {
            let reason = format!("the block is of height {}", own.height());
            return Err(origin.unverified(&self.doing, reason));
        }
        if self.is(&own.signed) {
            return Ok(HeaderCheck::Same);
        }
        self.conflict(origin, own)
    }

    /// States a conflict, if both verify.
    fn conflict(&self, origin: &Origin, own: &LightBlock) -> Result<HeaderCheck> {
        let seen = LightBlock {
            signed: self.header.signed_header.clone(),
            validators: self.header.validator_set.clone().into(),
        };
        self.verify(&seen)
            .map_err(|reason| origin.malformed(&self.doing, reason))?;
        let unverified = |reason| origin.unverified(&self.doing, reason);
        self.verify(own).map_err(unverified)?;
        let proposer = own.signed.header.proposer_address;
        let validator_set = with_proposer(&own.validators, Some(proposer))
            .ok_or_else(|| unverified("the proposer is not a validator".to_owned()))?;
        let own = Header {
            signed_header: own.signed.clone(),
            validator_set,
            trusted_height: self.header.trusted_height,
            trusted_validator_set: self.header.trusted_validator_set.clone(),
        };
        Ok(HeaderCheck::Conflicting {
            own: convert::encoded(own.into()),
        })
    }

    /// Compares it with the newest block that the chain has, which is below its height. The
    /// time of a chain only grows: a header that is not later than a lower one was not made
    /// by this chain (ICS-07 `checkForMisbehaviour`).
    ///
    /// # Errors
    /// As of [`Self::compare`].
    pub fn compare_with_lower(&self, origin: &Origin, newest: &LightBlock) -> Result<HeaderCheck> {
        let is_later = self.header.signed_header.header.time > newest.signed.header.time;
        let trusted = self.header.trusted_height.revision_height();
        if is_later || !(trusted + 1..self.height).contains(&newest.height()) {
            return Ok(HeaderCheck::NotYet {
                height: self.height,
            });
        }
        self.conflict(origin, newest)
    }

    fn verify(&self, block: &LightBlock) -> std::result::Result<(), String> {
        let trusted = self.header.trusted_height.revision_height();
        let trusted = Height::try_from(trusted).map_err(|error| flex_line!(error))?;
        let trusted = (trusted, &self.header.trusted_validator_set);
        verify_signed(&self.chain, trusted, block)
    }
}

#[cfg(test)]
mod tests;
