//! A header that was seen elsewhere, beside the chain's own. Pure.

use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use tern_chains::{Encoded, HeaderCheck};

use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::proposer::with_proposer;
use crate::verify::LightBlock;

/// A header that claims to be of this chain.
pub struct SeenHeader {
    header: Header,
    pub height: u64,
}

impl SeenHeader {
    /// Decodes it. Refuses one that is of another chain.
    pub fn new(origin: &Origin, seen: &Encoded) -> Result<Self> {
        let doing = "check of a header";
        let header = Header::try_from(convert::any(seen))
            .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
        let claimed = &header.signed_header.header;
        if claimed.chain_id.as_str() != origin.chain.as_str() {
            let reason = format!("the header is of chain {}", claimed.chain_id);
            return Err(origin.unverified(doing, reason));
        }
        Ok(Self {
            height: claimed.height.value(),
            header,
        })
    }

    /// Compares it with the chain's own block of the same height.
    pub fn compare(&self, origin: &Origin, own: &LightBlock) -> Result<HeaderCheck> {
        let seen = &self.header.signed_header.header;
        if own.signed.header.hash() == seen.hash() {
            return Ok(HeaderCheck::Same);
        }
        let proposer = own.signed.header.proposer_address;
        let doing = || format!("check of the header at {}", self.height);
        let validator_set = with_proposer(&own.validators, Some(proposer))
            .ok_or_else(|| origin.unverified(doing(), "the proposer is not a validator"))?;
        let own = Header {
            signed_header: own.signed.clone(),
            validator_set,
            ..self.header.clone()
        };
        Ok(HeaderCheck::Conflicting {
            own: convert::encoded(own.into()),
        })
    }
}
