//! Transactions: signed JSON with an account sequence, a gas limit, a fee, and the
//! time they die at.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tern_devnet::Refusal;

use crate::call::Call;
use crate::key::{address, verify, Key};
use crate::refusal::{not_signed, unreadable};

/// What is signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub chain_id: String,
    #[serde(with = "hex::serde")]
    pub public_key: Vec<u8>,
    pub account_sequence: u64,
    pub gas_limit: u64,
    /// Paid for the whole transaction, in the chain's denom.
    pub fee: u128,
    /// No block of this time or later includes it; nanoseconds since the epoch.
    pub expires_ns: u64,
    pub memo: String,
    pub calls: Vec<Box<RawValue>>,
}

/// The body as it was signed, byte by byte.
#[derive(Serialize, Deserialize)]
struct Signed {
    body: Box<RawValue>,
    #[serde(with = "hex::serde")]
    signature: Vec<u8>,
}

/// A transaction whose signature is valid.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub hash: [u8; 32],
    pub body: Body,
    /// The address of its key.
    pub signer: String,
    pub calls: Vec<Call>,
    pub calls_bytes: u64,
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn sign(body: &Body, key: &Key) -> Result<Vec<u8>, serde_json::Error> {
    let body = serde_json::value::to_raw_value(body)?;
    let signature = key.sign(body.get().as_bytes());
    serde_json::to_vec(&Signed { body, signature })
}

/// Reads calls as a message carries them.
pub(crate) fn calls(raw: &[Box<RawValue>]) -> Result<Vec<Call>, Refusal> {
    let read = raw.iter().map(|call| serde_json::from_str(call.get()));
    read.map(|call| call.map_err(unreadable)).collect()
}

pub(crate) fn bytes(raw: &[Box<RawValue>]) -> u64 {
    raw.iter().map(|call| call.get().len() as u64).sum()
}

impl Tx {
    /// Reads a transaction of this chain and checks its signature.
    pub fn decode(bytes_signed: &[u8], chain_id: &str, prefix: &str) -> Result<Self, Refusal> {
        let signed: Signed = serde_json::from_slice(bytes_signed).map_err(unreadable)?;
        let body: Body = serde_json::from_str(signed.body.get()).map_err(unreadable)?;
        let text = signed.body.get().as_bytes();
        let is_signed = verify(&body.public_key, &signed.signature, text);
        if body.chain_id != chain_id || !is_signed {
            return Err(not_signed());
        }
        Ok(Self {
            hash: hash(bytes_signed),
            signer: address(&body.public_key, prefix).ok_or_else(not_signed)?,
            calls: calls(&body.calls)?,
            calls_bytes: bytes(&body.calls),
            body,
        })
    }
}
