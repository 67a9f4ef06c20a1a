//! Blocks as CometBFT makes them: header, commit and the hashes between them.
//! There is no consensus: every commit is signed by all validators.

use prost::Message;
use tendermint::abci::types::ExecTxResult;
use tendermint::block::{self, header::Version, parts, Block, Commit, Header, Height};
use tendermint::crypto::default::Sha256 as Hasher;
use tendermint::merkle::simple_hash_from_byte_vectors;
use tendermint::{chain, AppHash, Hash, Time};
use tendermint_proto::v0_38::abci::ExecTxResult as RawResult;
use tendermint_proto::v0_38::types::{Block as RawBlock, CommitSig as RawCommitSig, HashedParams};

use sha2::{Digest, Sha256};

use crate::error::DevnetError;
use crate::genesis::{Limits, ValidatorUpdate};
use crate::validators::Signers;

/// CometBFT's block protocol version.
const BLOCK_PROTOCOL: u64 = 11;
/// The size of the parts a block is gossiped in.
const PART_BYTES: usize = 65_536;

/// A committed block: signed and executed.
#[derive(Clone, Debug)]
pub struct Committed {
    pub block: Block,
    pub id: block::Id,
    /// The commit of this block; the next block contains it too.
    pub commit: Commit,
    pub results: Vec<ExecTxResult>,
    /// The root of the state after this block; the next header contains it.
    pub app_hash: [u8; 32],
    /// Decided in this block, in force two blocks later.
    pub validator_updates: Vec<ValidatorUpdate>,
}

impl Committed {
    pub fn height(&self) -> u64 {
        self.block.header.height.value()
    }

    pub fn time(&self) -> Time {
        self.block.header.time
    }
}

/// What the next block needs of the one before it.
pub(crate) struct Before<'a> {
    pub last: Option<&'a Committed>,
    /// The root of the state the next block starts from.
    pub app_hash: [u8; 32],
}

/// The next block with its commit, by its validators and those of the block
/// after; the results come from executing it.
pub(crate) fn seal(
    chain: &chain::Id,
    [signers, next]: [&Signers; 2],
    limits: &Limits,
    before: &Before<'_>,
    time: Time,
    txs: Vec<Vec<u8>>,
) -> Result<(Block, block::Id, Commit), DevnetError> {
    let number = before.last.map_or(0, Committed::height) + 1;
    let height = Height::try_from(number).map_err(|_| DevnetError::Height { height: number })?;
    let last_commit = before.last.map(|last| last.commit.clone());
    let results = before.last.map_or(&[][..], |last| &last.results);
    let header = Header {
        version: Version {
            block: BLOCK_PROTOCOL,
            app: 0,
        },
        chain_id: chain.clone(),
        height,
        time,
        last_block_id: before.last.map(|last| last.id),
        last_commit_hash: Some(commit_hash(last_commit.as_ref())),
        data_hash: Some(data_hash(&txs)),
        validators_hash: signers.hash,
        next_validators_hash: next.hash,
        consensus_hash: consensus_hash(limits),
        app_hash: AppHash::try_from(before.app_hash.to_vec())
            .map_err(|_| DevnetError::Height { height: number })?,
        last_results_hash: Some(results_hash(results)),
        evidence_hash: Some(merkle(&[])),
        proposer_address: signers.proposer(number),
    };
    let block = Block::new(header, txs, Default::default(), last_commit);
    let id = block_id(&block).ok_or(DevnetError::Height { height: number })?;
    let commit = signers.commit(chain, height, id, time);
    Ok((block, id, commit))
}

fn block_id(block: &Block) -> Option<block::Id> {
    let bytes = RawBlock::from(block.clone()).encode_to_vec();
    let parts: Vec<Vec<u8>> = bytes.chunks(PART_BYTES).map(<[u8]>::to_vec).collect();
    let total = u32::try_from(parts.len()).ok()?;
    Some(block::Id {
        hash: block.header.hash(),
        part_set_header: parts::Header::new(total, merkle(&parts)).ok()?,
    })
}

fn merkle(leaves: &[Vec<u8>]) -> Hash {
    Hash::Sha256(simple_hash_from_byte_vectors::<Hasher>(leaves))
}

/// CometBFT hashes the transactions' hashes.
fn data_hash(txs: &[Vec<u8>]) -> Hash {
    let leaves: Vec<Vec<u8>> = txs.iter().map(|tx| Sha256::digest(tx).to_vec()).collect();
    merkle(&leaves)
}

fn commit_hash(commit: Option<&Commit>) -> Hash {
    let signatures = commit.map_or(&[][..], |commit| &commit.signatures);
    let encode =
        |signature: &block::CommitSig| RawCommitSig::from(signature.clone()).encode_to_vec();
    let leaves: Vec<Vec<u8>> = signatures.iter().map(encode).collect();
    merkle(&leaves)
}

/// Only the deterministic part of a result is hashed.
fn results_hash(results: &[ExecTxResult]) -> Hash {
    let encode = |result: &ExecTxResult| {
        let raw = RawResult {
            code: result.code.value(),
            data: result.data.clone(),
            gas_wanted: result.gas_wanted,
            gas_used: result.gas_used,
            ..RawResult::default()
        };
        raw.encode_to_vec()
    };
    let leaves: Vec<Vec<u8>> = results.iter().map(encode).collect();
    merkle(&leaves)
}

fn consensus_hash(limits: &Limits) -> Hash {
    let params = HashedParams {
        block_max_bytes: i64::try_from(limits.block_bytes).unwrap_or(i64::MAX),
        block_max_gas: max_gas(limits),
    };
    Hash::Sha256(Sha256::digest(params.encode_to_vec()).into())
}

/// The gas limit as CometBFT writes it: -1 is none.
pub(crate) fn max_gas(limits: &Limits) -> i64 {
    match limits.block_gas {
        Some(gas) => i64::try_from(gas).unwrap_or(i64::MAX),
        None => -1,
    }
}

#[cfg(test)]
mod tests;
