//! Headers that others show to clients, and what becomes of a chain that has forked.

mod support;

use support::*;
use tern_chains::{
    ClientMessage, Deadline, Encoded, Event, Misbehaviour, Ordering, TxHash, TxOutcome,
};
use tern_core::ledger::{
    headers_left_out, Change, ClientKey, Evidence, Fact, Finding, Item, SeenHeaderKey, TxKey,
    TxRecord, View,
};
use tern_core::plan::Action;
use tern_core::policy::Policy;

fn client() -> ClientKey {
    ClientKey {
        chain: kava(),
        client_id: client_id(),
    }
}

fn header(byte: u8) -> Encoded {
    Encoded {
        type_name: "/header".into(),
        bytes: vec![byte],
    }
}

/// Somebody's transaction in kava's block 12 that shows headers to clients.
fn shown(code: u32, clients: &[&str]) -> Fact {
    let messages = clients.iter().zip(1..).map(|(client, byte)| ClientMessage {
        client_id: client.parse().unwrap(),
        message: header(byte),
    });
    Fact::Outcome {
        chain: kava(),
        height: 12,
        outcome: TxOutcome {
            hash: TxHash([9; 32]),
            code,
            codespace: String::new(),
            log: String::new(),
            message_index: None,
            clients: vec![],
            client_messages: messages.collect(),
            gas_wanted: 1,
            gas_used: 1,
        },
    }
}

fn key(index: usize) -> SeenHeaderKey {
    SeenHeaderKey {
        client: client(),
        height: 12,
        tx: TxHash([9; 32]),
        index,
    }
}

fn misbehaviour() -> Misbehaviour {
    Misbehaviour {
        seen: header(1),
        own: header(7),
    }
}

fn checked(misbehaviour: Option<Misbehaviour>) -> Fact {
    Fact::Found {
        chain: kava(),
        height: 12,
        finding: Finding::HeaderChecked {
            seen: key(0),
            misbehaviour: misbehaviour.map(Box::new),
        },
    }
}

/// Akash has forked: one header of each side, and the first was shown to kava's client.
fn forked() -> View {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [shown(0, &["07-tendermint-0"])]);
    tell(&mut view, [checked(Some(misbehaviour()))]);
    view
}

fn waiting(view: &View) -> Vec<SeenHeaderKey> {
    view.seen_headers().map(|(key, _)| key.clone()).collect()
}

fn planned(view: &View) -> Vec<Action> {
    let plan = plan_everything(view);
    let work = plan.batches.into_iter().flat_map(|batch| batch.work);
    let work = work.filter(|work| matches!(work.item, Item::Misbehaviour(_)));
    work.map(|work| work.action).collect()
}

#[test]
fn each_header_that_others_show_to_a_used_client_waits_once() {
    let mut view = open_channel(Ordering::Unordered);
    let block = shown(0, &["07-tendermint-0", "07-tendermint-0"]);
    tell(&mut view, [block.clone(), block]);
    assert_eq!(waiting(&view), [key(0), key(1)]);
    assert_eq!(view.seen_header(&key(1)), Some(&header(2)));
}

#[test]
fn a_failed_transaction_and_a_strangers_client_do_not_wait() {
    let mut view = open_channel(Ordering::Unordered);
    tell(
        &mut view,
        [
            shown(5, &["07-tendermint-0"]),
            shown(0, &["07-tendermint-66"]),
        ],
    );
    assert_eq!(waiting(&view), []);
}

#[test]
fn no_more_headers_wait_for_a_client_than_the_policy_says() {
    let mut view = open_channel(Ordering::Unordered);
    let max = Policy::default().seen_headers_max;
    let block = shown(0, &vec!["07-tendermint-0"; max + 3]);
    let Fact::Outcome { chain, outcome, .. } = &block else {
        panic!("an outcome")
    };
    let left_out = |view: &View| headers_left_out(view, &Policy::default(), chain, outcome);
    assert_eq!(left_out(&view), [(client(), 3)]);
    tell(&mut view, [block.clone()]);
    assert_eq!(view.seen_headers().count(), max);
    // Those that wait are not counted once more.
    assert_eq!(left_out(&view), [(client(), 3)]);
}

#[test]
fn a_header_that_is_shown_again_and_again_waits_once() {
    let mut view = open_channel(Ordering::Unordered);
    let mut again = shown(0, &["07-tendermint-0"]);
    tell(&mut view, [again.clone()]);
    let Fact::Outcome { outcome, .. } = &mut again else {
        panic!("an outcome")
    };
    outcome.hash = TxHash([8; 32]);
    let message = outcome.client_messages[0].clone();
    outcome.client_messages.push(message);
    tell(&mut view, [again]);
    assert_eq!(waiting(&view), [key(0)]);
}

#[test]
fn a_header_that_is_the_chains_own_is_forgotten() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [shown(0, &["07-tendermint-0"]), checked(None)]);
    assert_eq!((waiting(&view), view.evidence().count()), (vec![], 0));
    assert_eq!(planned(&view), []);
}

#[test]
fn a_fork_is_shown_to_the_client_until_it_is_frozen() {
    let mut view = forked();
    let evidence = Evidence {
        misbehaviour: misbehaviour(),
        seen: key(0),
    };
    assert_eq!(view.evidence_of(&client()), Some(&evidence));
    assert_eq!(waiting(&view), []);
    let action = Action::Misbehaviour {
        client_id: client_id(),
        misbehaviour: Box::new(misbehaviour()),
    };
    assert_eq!(planned(&view), [action]);
    let policy = Policy {
        freezes_forked_clients: false,
        ..Policy::default()
    };
    assert_eq!(plan_by(&view, &policy, &[]).batches, []);
    // More of it need not be compared.
    tell(&mut view, [shown(0, &["07-tendermint-0"])]);
    assert_eq!(waiting(&view), []);

    let mut record = view.client(&client()).unwrap().clone();
    record.summary.frozen = true;
    view.commit(&Change::Client(client(), record));
    assert_eq!(planned(&view), []);
    assert_eq!(view.evidence().count(), 1);
}

#[test]
fn a_client_that_governance_has_recovered_is_not_frozen_again() {
    let changed = || Event::ClientChanged {
        client_id: client_id(),
    };
    let recovered = || event(&kava(), 13, changed());
    let mut view = forked();
    tell(&mut view, [recovered()]);
    assert_eq!(view.evidence().count(), 0);
    assert_eq!(planned(&view), []);
    // Neither by a header that was being compared meanwhile.
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [shown(0, &["07-tendermint-0"]), recovered()]);
    tell(&mut view, [checked(Some(misbehaviour()))]);
    assert_eq!((waiting(&view), view.evidence().count()), (vec![], 0));
}

#[test]
fn what_we_show_ourselves_does_not_wait() {
    let mut view = open_channel(Ordering::Unordered);
    let tx = TxKey {
        chain: kava(),
        hash: TxHash([9; 32]),
    };
    let record = TxRecord {
        signer: "kava1relayer".into(),
        account_sequence: 3,
        deadline: Deadline::Height(40),
        items: vec![Item::Refresh(client())],
        updates: 0,
        is_unasked: false,
        fee: 1,
        bytes: vec![],
    };
    view.commit(&Change::Tx(tx, Some(record)));
    tell(&mut view, [shown(0, &["07-tendermint-0"])]);
    assert_eq!(waiting(&view), []);
}
