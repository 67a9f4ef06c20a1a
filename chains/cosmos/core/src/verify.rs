//! One step of light client verification (ICS-07, LCV-FUNC-VALID). Pure: a
//! trusted state, a block and a time in, a verdict out.

use std::sync::Arc;
use std::time::Duration;

use tendermint::block::{signed_header::SignedHeader, Height};
use tendermint::trust_threshold::TrustThresholdFraction;
use tendermint::validator::Set;
use tendermint::{chain, Hash, Time};
use tendermint_light_client::verifier::errors::VerificationErrorDetail;
use tendermint_light_client::verifier::options::Options;
use tendermint_light_client::verifier::types::{TrustedBlockState, UntrustedBlockState};
use tendermint_light_client::verifier::{ProdVerifier, Verdict, Verifier};

/// What is believed: a consensus state, and the validators its hash stands for.
#[derive(Clone, Debug)]
pub struct Trusted {
    height: Height,
    time: Time,
    pub next_validators: Arc<Set>,
    next_validators_hash: Hash,
}

/// What a node gave: a header, its commit, and the validators that signed it.
#[derive(Clone, Debug)]
pub struct LightBlock {
    pub signed: SignedHeader,
    pub validators: Arc<Set>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Verified,
    /// Too few of the trusted validators signed: verify this height first.
    Bisect {
        pivot: u64,
    },
    /// The trusted state is older than the trusting period.
    Expired {
        since: Time,
    },
    Invalid {
        reason: String,
    },
}

impl Trusted {
    /// `None` if these are not the validators with that hash.
    pub fn new(
        height: Height,
        time: Time,
        next_validators: Arc<Set>,
        next_validators_hash: Hash,
    ) -> Option<Self> {
        (next_validators.hash() == next_validators_hash).then_some(Self {
            height,
            time,
            next_validators,
            next_validators_hash,
        })
    }

    pub fn height(&self) -> u64 {
        self.height.value()
    }
}

impl LightBlock {
    pub fn height(&self) -> u64 {
        self.signed.header.height.value()
    }

    fn untrusted(&self) -> UntrustedBlockState<'_> {
        UntrustedBlockState {
            signed_header: &self.signed,
            validators: &self.validators,
            // Their hash is in the header; whoever needs the set checks it.
            next_validators: None,
        }
    }
}

/// Whether `block` follows from `trusted`, as ICS-07 on the host chain will
/// decide it at `now`.
pub fn verify(
    chain: &chain::Id,
    trusted: &Trusted,
    block: &LightBlock,
    options: &Options,
    now: Time,
) -> Step {
    let known = TrustedBlockState {
        chain_id: chain,
        header_time: trusted.time,
        height: trusted.height,
        next_validators: &trusted.next_validators,
        next_validators_hash: trusted.next_validators_hash,
    };
    let verdict =
        ProdVerifier::default().verify_update_header(block.untrusted(), known, options, now);
    match verdict {
        Verdict::Success => Step::Verified,
        // Two neighbours need no overlap: the hash decides.
        Verdict::NotEnoughTrust(_) if block.height() > trusted.height() + 1 => Step::Bisect {
            pivot: trusted.height() + (block.height() - trusted.height()) / 2,
        },
        Verdict::NotEnoughTrust(tally) => Step::Invalid {
            reason: format!("not enough trust in the next block: {tally}"),
        },
        Verdict::Invalid(VerificationErrorDetail::NotWithinTrustPeriod(expired)) => Step::Expired {
            since: expired.expires_at,
        },
        Verdict::Invalid(error) => Step::Invalid {
            reason: error.to_string(),
        },
    }
}

/// Whether a block is signed by two thirds of its own validators: all that can
/// be said of a block nothing is trusted before.
pub fn verify_alone(chain: &chain::Id, block: &LightBlock) -> Result<(), String> {
    let actual = &block.signed.header.chain_id;
    if actual != chain {
        return Err(format!("the header is of chain {actual}"));
    }
    let verifier = ProdVerifier::default();
    accepted(verifier.verify_validator_sets(&block.untrusted()))?;
    accepted(verifier.verify_commit(&block.untrusted()))
}

/// Whether a client that trusts `validators` after `height` would take `block`
/// for one they signed (ICS-07 `checkMisbehaviourHeader`), at the least trust
/// level ICS-07 allows. Times are not looked at: they are for the client's host.
pub fn verify_signed(
    chain: &chain::Id,
    (height, validators): (Height, &Set),
    block: &LightBlock,
) -> Result<(), String> {
    verify_alone(chain, block)?;
    let header = &block.signed.header;
    let known = TrustedBlockState {
        chain_id: chain,
        header_time: header.time,
        height,
        next_validators: validators,
        next_validators_hash: validators.hash(),
    };
    if header.height <= height {
        return Err(format!("the trusted height {height} is not below it"));
    }
    // Of the next block no overlap is checked: the hash decides.
    if header.height == height.increment() && header.validators_hash != known.next_validators_hash {
        return Err(format!("other validators than those trusted at {height}"));
    }
    let options = Options {
        trust_threshold: TrustThresholdFraction::ONE_THIRD,
        trusting_period: Duration::ZERO,
        clock_drift: Duration::ZERO,
    };
    let verifier = ProdVerifier::default();
    accepted(verifier.verify_commit_against_trusted(&block.untrusted(), &known, &options))
}

fn accepted(verdict: Verdict) -> Result<(), String> {
    match verdict {
        Verdict::Success => Ok(()),
        Verdict::NotEnoughTrust(tally) => Err(format!("not enough signatures: {tally}")),
        Verdict::Invalid(error) => Err(error.to_string()),
    }
}

/// The time from which a state is too old to trust; `None` if that is never.
pub fn expiry(time: Time, trusting_period: Duration) -> Option<Time> {
    (time + trusting_period).ok()
}

#[cfg(test)]
mod tests;
