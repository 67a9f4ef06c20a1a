//! What is counted of what happens.

mod support;

use support::*;
use tern_chains::{Class, Deadline, TxHash, TxOutcome};
use tern_core::ledger::{apply, EndKey, Entry, Fact, Intent, Item, Refusal, TxKey, TxRecord, View};
use tern_core::policy::Policy;
use tern_core::statistics::{Statistics, Step, TxEnd};

/// Tells the ledger entries as an engine does, and counts them.
struct Counted {
    view: View,
    statistics: Statistics,
}

impl Counted {
    fn new() -> Self {
        Self {
            view: open_channel(tern_chains::Ordering::Unordered),
            statistics: Statistics::default(),
        }
    }

    fn tell<E: Into<Entry>>(&mut self, entry: E) {
        let entry = entry.into();
        let changes = apply(&self.view, &Policy::default(), &entry);
        self.statistics.observe(&self.view, &entry, &changes);
        for change in &changes {
            self.view.commit(change);
        }
    }

    fn sign(&mut self, number: u8, items: Vec<Item>) {
        let key = tx(number);
        let record = TxRecord {
            signer: "kava1relayer".into(),
            account_sequence: number.into(),
            deadline: Deadline::Height(20),
            items,
            updates: 1,
            is_unasked: false,
            fee: 500,
            bytes: vec![],
        };
        self.tell(Intent::Signed { key, tx: record });
    }

    fn included(&mut self, number: u8, height: u64, code: u32) {
        self.tell(Fact::Outcome {
            chain: kava(),
            height,
            outcome: TxOutcome {
                hash: TxHash([number; 32]),
                code,
                codespace: "sdk".into(),
                log: "out of gas".into(),
                message_index: None,
                clients: vec![],
                client_messages: vec![],
                gas_wanted: 1,
                gas_used: 1,
            },
        });
    }

    /// The counts of transactions of kava, with their reasons.
    fn tx_counts(&self) -> Vec<(TxEnd, String, u64)> {
        let counts = self.statistics.tx_counts();
        let counts = counts.map(|count| (count.end, count.reason, count.count));
        counts.collect()
    }
}

fn tx(number: u8) -> TxKey {
    TxKey {
        chain: kava(),
        hash: TxHash([number; 32]),
    }
}

fn path() -> EndKey {
    end(&akash()).into()
}

#[test]
fn each_step_of_a_packet_is_counted_once_with_its_time() {
    let mut counted = Counted::new();
    for _ in 0..2 {
        counted.tell(sent(1, 11));
        counted.tell(received(1, 14));
        counted.tell(ack_written(1, 14));
        counted.tell(acknowledged(1, 19));
    }
    let path = counted.statistics.path(&path());
    assert_eq!(
        (path.sent, path.received, path.acknowledged, path.timed_out),
        (1, 1, 1, 0)
    );
    assert_eq!(path.last_moved, Some(head(19).time));
    assert_eq!(path.hours.until(head(19).time).last(), Some(&1));
    let latencies: Vec<_> = counted.statistics.latencies().collect();
    let steps: Vec<Step> = latencies.iter().map(|latency| latency.step).collect();
    assert_eq!(steps, [Step::Receive, Step::Acknowledge]);
    // Blocks have the times of their heights; both heads are at 10.
    let seconds: Vec<f64> = latencies.iter().map(|one| one.seconds.sum()).collect();
    assert_eq!(seconds, [3.0, 5.0]);
    let blocks: Vec<f64> = latencies.iter().map(|one| one.blocks.sum()).collect();
    assert_eq!(blocks, [4.0, 9.0]);
    let of_path = counted.statistics.latencies_of(&self::path());
    assert_eq!(of_path.collect::<Vec<_>>(), latencies);
    let other = end(&kava()).into();
    assert_eq!(counted.statistics.latencies_of(&other).count(), 0);
}

#[test]
fn a_step_that_no_transaction_of_ours_made_was_another_relayers() {
    let mut counted = Counted::new();
    counted.tell(sent(1, 11));
    counted.tell(sent(2, 11));
    counted.sign(1, vec![Item::Recv(key(1))]);
    counted.tell(received(1, 12));
    counted.tell(received(2, 12));
    counted.included(1, 12, 0);
    counted.tell(block_end(&kava(), 12));
    assert_eq!(counted.statistics.path(&path()).by_others, 1);
    let chain = counted.statistics.chain(&kava());
    assert_eq!((chain.messages, chain.client_updates), (2, 1));
    assert_eq!(chain.came_second, 0);
}

#[test]
fn a_message_for_what_was_done_before_came_second() {
    let mut counted = Counted::new();
    counted.tell(sent(1, 11));
    counted.sign(1, vec![Item::Recv(key(1))]);
    counted.tell(received(1, 12));
    counted.tell(block_end(&kava(), 12));
    counted.included(1, 13, 0);
    counted.tell(block_end(&kava(), 13));
    assert_eq!(counted.statistics.chain(&kava()).came_second, 1);
    assert_eq!(counted.statistics.path(&path()).by_others, 1);
}

#[test]
fn transactions_are_counted_by_how_they_ended_and_why() {
    let mut counted = Counted::new();
    for number in 1..=4 {
        counted.tell(sent(number.into(), 11));
        counted.sign(number, vec![Item::Recv(key(number.into()))]);
    }
    counted.included(1, 12, 0);
    counted.included(2, 12, 11);
    for _ in 0..2 {
        counted.tell(Intent::Refused {
            key: tx(3),
            refusal: Refusal::of(Class::Node, "no answer".into()),
        });
    }
    counted.tell(block_end(&kava(), 21));
    assert_eq!(
        counted.tx_counts(),
        [
            (TxEnd::Succeeded, String::new(), 1),
            (TxEnd::Failed, "sdk/11".to_owned(), 1),
            (TxEnd::Refused, "node".to_owned(), 1),
            (TxEnd::Expired, String::new(), 1),
        ]
    );
    let recent: Vec<_> = counted.statistics.recent_txs().collect();
    let newest = recent.first().unwrap();
    assert_eq!(
        (newest.key.clone(), newest.end),
        (tx(4), Some(TxEnd::Expired))
    );
    let failed = recent.iter().find(|recent| recent.key == tx(2)).unwrap();
    assert_eq!(failed.reason.as_deref(), Some("out of gas"));
    assert_eq!(failed.what, "1 receive");
    assert_eq!(failed.paths, [path()].into());
}

#[test]
fn reasons_that_a_chain_makes_up_are_bounded() {
    let mut counted = Counted::new();
    for code in 1..=100 {
        counted.sign(code, vec![Item::Recv(key(1))]);
        counted.included(code, 12, code.into());
    }
    let counts = counted.tx_counts();
    assert!(counts.len() <= 31, "{}", counts.len());
    assert_eq!(counts.iter().map(|(_, _, count)| count).sum::<u64>(), 100);
    assert_eq!(counted.statistics.recent_txs().count(), 100);
}
