//! What a node answers by RPC, in JSON. The first line of an input names the method.
//! A block that can be read has an outcome for each transaction with a result, and
//! no event of one that failed.

use tendermint_rpc::endpoint::{
    abci_query, block, block_results, block_search, broadcast::tx_sync, commit, status, tx_search,
    validators,
};
use tendermint_rpc::Response;
use tern_chains::{Block, ChainId};
use tern_cosmos::decode_answer;
use tern_cosmos_core::block::{decode, BlockAndResults};

#[test]
fn rpc() {
    tern_fuzz::run("rpc", |input| {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (method, answer) = input.split_at(end.unwrap_or(input.len()));
        match method {
            b"status" => drop(read::<status::Response>(answer)),
            b"abci_query" => drop(read::<abci_query::Response>(answer)),
            b"broadcast_tx_sync" => drop(read::<tx_sync::Response>(answer)),
            b"commit" => {
                // What a light client computes first.
                if let Some(answer) = read::<commit::Response>(answer) {
                    answer.signed_header.header.hash();
                }
            }
            b"validators" => {
                // A set beyond the limit is refused before it is built.
                let may_be = |answer: &validators::Response| {
                    let powers = answer.validators.iter().map(|info| info.power.value());
                    let total = powers.fold(0u64, u64::saturating_add);
                    total <= tendermint::validator::Set::MAX_TOTAL_VOTING_POWER
                };
                if let Some(answer) = read::<validators::Response>(answer).filter(may_be) {
                    tendermint::validator::Set::without_proposer(answer.validators).hash();
                }
            }
            b"block" => {
                read::<block::Response>(answer);
                read_as::<block::v0_38::DialectResponse, block::Response>(answer);
            }
            b"block_search" => {
                read::<block_search::Response>(answer);
                read_as::<block_search::v0_38::DialectResponse, block_search::Response>(answer);
            }
            b"tx_search" => {
                read::<tx_search::Response>(answer);
                read_as::<tx_search::v0_34::DialectResponse, tx_search::Response>(answer);
            }
            b"block_results" => {
                use block_results::v0_34::DialectResponse as Old;
                let old = read_as::<Old, block_results::Response>(answer);
                let read = read::<block_results::Response>(answer);
                for results in [read, old].into_iter().flatten() {
                    check(&results);
                }
            }
            _ => {}
        }
    });
}

fn read<R: Response>(answer: &[u8]) -> Option<R> {
    read_as::<R, R>(answer)
}

fn read_as<R: Response, T: From<R>>(answer: &[u8]) -> Option<T> {
    decode_answer::<R, T>(answer).ok()
}

fn check(results: &block_results::Response) {
    let tx_results = results.txs_results.as_deref().unwrap_or_default();
    let txs = vec![b"tx".to_vec(); tx_results.len()];
    let block = BlockAndResults {
        height: results.height.value(),
        time: tendermint::Time::unix_epoch(),
        txs: &txs,
        tx_results,
        begin_block_events: results.begin_block_events.as_deref().unwrap_or_default(),
        finalize_block_events: &results.finalize_block_events,
        end_block_events: results.end_block_events.as_deref().unwrap_or_default(),
    };
    let decoded = decode(&ChainId::from_string("a-1"), &block);
    assert_eq!(decoded.txs.len(), tx_results.len());
    for ((outcome, events), result) in decoded.txs.iter().zip(tx_results) {
        assert_eq!(outcome.code, result.code.value());
        assert!(events.is_empty() || result.code.is_ok());
        assert!(events.len() <= result.events.len());
    }
    let in_txs: usize = decoded.txs.iter().map(|(_, events)| events.len()).sum();
    let count = decoded.begin_block.len() + in_txs + decoded.end_block.len();
    assert_eq!(Block::from(decoded).events.len(), count);
}
