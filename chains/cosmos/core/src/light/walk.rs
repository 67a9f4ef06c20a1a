//! From a trusted height to the target, verified on the way: pure. It says what
//! it needs next, and whoever can ask the chain gives it that.

use std::sync::Arc;

use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::Height;
use tendermint::block::Height as TmHeight;
use tendermint::validator::Set;
use tendermint::{Hash, Time};
use tern_chains::{ClientUpdate, Encoded, Root};

use super::client::{expired, StoredClient};
use crate::block_time::block_time;
use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::proposer::with_proposer;
use crate::verify::{verify, LightBlock, Step, Trusted};

/// Headers verified for one update. Bisection halves the distance: this many
/// mean validator sets with nothing in common.
const STEPS_MAX: usize = 128;

/// One update under way.
pub struct Walk<'a> {
    origin: &'a Origin,
    client: &'a StoredClient,
    trusted: Trusted,
    headers: Vec<Encoded>,
    /// What is still to be verified, the lowest last.
    ahead: Vec<LightBlock>,
    update: ClientUpdate,
    steps: usize,
}

/// What is needed to go on.
pub enum Need {
    /// Nothing more: this is the update.
    Nothing(ClientUpdate),
    /// The light block of this height, for [`Walk::block`]; `likely` is the hash
    /// its validators probably have.
    Block { height: u64, likely: Hash },
    /// The validators with this hash, which sign `height`, for
    /// [`Walk::validators`].
    Validators { height: u64, hash: Hash },
}

impl<'a> Walk<'a> {
    /// `validators` are those the stored client trusts, `target` the block it is
    /// to be brought to.
    pub fn new(
        origin: &'a Origin,
        client: &'a StoredClient,
        validators: Arc<Set>,
        target: LightBlock,
    ) -> Result<Self> {
        let (height, time) = (client.height, client.consensus.timestamp);
        let hash = client.next_validators_hash();
        let trusted = trust(origin, &client.doing, height, time, validators, hash)?;
        let header = &target.signed.header;
        let update = ClientUpdate {
            headers: Vec::new(),
            height: client.target,
            root: Root(header.app_hash.as_bytes().to_vec()),
            time: block_time(header.time),
        };
        Ok(Self {
            origin,
            client,
            trusted,
            headers: Vec::new(),
            ahead: vec![target],
            update,
            steps: 0,
        })
    }

    /// Verifies as far as it can.
    pub fn go(&mut self) -> Result<Need> {
        let (origin, client) = (self.origin, self.client);
        let Some(block) = self.ahead.last() else {
            let headers = std::mem::take(&mut self.headers);
            return Ok(Need::Nothing(ClientUpdate {
                headers,
                ..self.update.clone()
            }));
        };
        self.steps += 1;
        if self.steps > STEPS_MAX {
            let reason = format!("no path of verified headers within {STEPS_MAX} steps");
            return Err(origin.unverified(&client.doing, reason));
        }
        let step = verify(
            &client.chain,
            &self.trusted,
            block,
            &client.options,
            client.now,
        );
        match step {
            Step::Verified => {
                let header = self.header(block)?;
                self.headers.push(header);
                if self.ahead.len() == 1 {
                    self.ahead.clear();
                    return self.go();
                }
                Ok(Need::Validators {
                    height: block.height() + 1,
                    hash: block.signed.header.next_validators_hash,
                })
            }
            Step::Bisect { pivot } => {
                tracing::debug!(pivot, "too little overlap, bisecting");
                Ok(Need::Block {
                    height: pivot,
                    likely: self.trusted.next_validators.hash(),
                })
            }
            Step::Expired { since } => Err(expired(origin, &client.doing, since)),
            Step::Invalid { reason } => {
                let reason = format!("header at {}: {reason}", block.height());
                Err(origin.unverified(&client.doing, reason))
            }
        }
    }

    /// Takes the block that [`Need::Block`] asked for.
    pub fn block(&mut self, block: LightBlock) {
        self.ahead.push(block);
    }

    /// Takes the validators that [`Need::Validators`] asked for: the block
    /// verified last is trusted from here on.
    pub fn validators(&mut self, validators: Arc<Set>) -> Result<()> {
        let Some(block) = self.ahead.pop() else {
            return Ok(());
        };
        let (height, header) = (block.height(), &block.signed.header);
        let hash = header.next_validators_hash;
        let doing = &self.client.doing;
        self.trusted = trust(self.origin, doing, height, header.time, validators, hash)?;
        Ok(())
    }

    /// The ICS-07 header that brings a client from what is trusted to `block`.
    fn header(&self, block: &LightBlock) -> Result<Encoded> {
        let proposer = block.signed.header.proposer_address;
        let unverified = |reason| self.origin.unverified(&self.client.doing, reason);
        let validator_set = with_proposer(&block.validators, Some(proposer))
            .ok_or_else(|| unverified("the proposer is not a validator"))?;
        let trusted_validator_set = with_proposer(&self.trusted.next_validators, None)
            .ok_or_else(|| unverified("the trusted validator set is empty"))?;
        let revision = self.origin.chain.version();
        let trusted_height = Height::new(revision, self.trusted.height())
            .map_err(|_| unverified("the trusted height is zero"))?;
        let header = Header {
            signed_header: block.signed.clone(),
            validator_set,
            trusted_height,
            trusted_validator_set,
        };
        Ok(convert::encoded(header.into()))
    }
}

fn trust(
    origin: &Origin,
    doing: &str,
    height: u64,
    time: Time,
    next_validators: Arc<Set>,
    next_validators_hash: Hash,
) -> Result<Trusted> {
    let at = TmHeight::try_from(height);
    let at = at.map_err(|error| origin.malformed(doing, flex_line!(error)))?;
    Trusted::new(at, time, next_validators, next_validators_hash).ok_or_else(|| {
        let reason = format!("the validators after {height} and their hash differ");
        origin.unverified(doing, reason)
    })
}
