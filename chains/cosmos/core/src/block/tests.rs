//! Where the events of a block come from, and in which order they are.

use tern_chains::ClientId;

use super::*;

/// The creation of a client with this number, marked with a phase.
fn created(number: u64, mode: &str) -> abci::Event {
    let client_id = format!("07-tendermint-{number}");
    let attributes = [
        ("client_id", client_id.as_str(), true),
        ("mode", mode, true),
    ];
    abci::Event::new("create_client", attributes)
}

fn fact(number: u64) -> Event {
    let client_id: ClientId = format!("07-tendermint-{number}").parse().unwrap();
    Event::ClientChanged { client_id }
}

fn result(code: u32, events: Vec<abci::Event>) -> ExecTxResult {
    ExecTxResult {
        code: code.into(),
        events,
        ..ExecTxResult::default()
    }
}

fn decoded(begin: &[abci::Event], finalize: &[abci::Event], end: &[abci::Event]) -> DecodedBlock {
    let block = BlockAndResults {
        height: 9,
        time: Time::unix_epoch(),
        txs: &[b"failed".to_vec(), b"good".to_vec()],
        tx_results: &[
            result(5, vec![created(666, "")]),
            result(0, vec![created(3, ""), created(4, "")]),
        ],
        begin_block_events: begin,
        finalize_block_events: finalize,
        end_block_events: end,
    };
    decode(&ChainId::from_string("akash-1"), &block)
}

#[test]
fn both_dialects_give_the_same_block() {
    let (begin, end) = (created(1, "BeginBlock"), created(5, "EndBlock"));
    let (begin_2, end_2) = (created(2, "BeginBlock"), created(6, "EndBlock"));
    let lists = decoded(
        &[begin.clone(), begin_2.clone()],
        &[],
        &[end.clone(), end_2.clone()],
    );
    let one_list = decoded(&[], &[end, begin, end_2, begin_2], &[]);
    assert_eq!(one_list, lists);
    assert_eq!(lists.begin_block, [fact(1), fact(2)]);
    assert_eq!(lists.end_block, [fact(5), fact(6)]);
}

#[test]
fn a_transaction_that_failed_has_an_outcome_and_no_events() {
    let block = decoded(&[], &[], &[]);
    let [(failed, none), (good, events)] = block.txs.as_slice() else {
        panic!("{:?}", block.txs);
    };
    assert_eq!((failed.code, none.as_slice()), (5, [].as_slice()));
    assert_eq!(good.code, 0);
    assert_eq!(*events, [fact(3), fact(4)]);
}

#[test]
fn a_followed_block_has_its_events_in_execution_order() {
    let finalize = [created(5, "EndBlock"), created(1, "BeginBlock")];
    let block = Block::from(decoded(&[], &finalize, &[]));
    assert_eq!(block.events, [fact(1), fact(3), fact(4), fact(5)]);
    assert_eq!(block.txs.len(), 2);
}
