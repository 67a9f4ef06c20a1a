//! What is paid is counted from blocks, and nothing is planned past a budget.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use support::*;
use tern_chains::{BlockTime, ChainId, Class, Deadline, Ordering, TxHash, TxOutcome};
use tern_core::budget::{Budget, Budgets, Needs, OverBudget, Paid, Purpose, Window};
use tern_core::ledger::{
    Change, ClientKey, ClientRecord, Fact, FeeKind, FeesKey, Head, Intent, Item, Refusal, TxKey,
    TxRecord, View,
};
use tern_core::plan::{plan, Assignment, Paused, Plan, PlanInput, Why};
use tern_core::policy::Policy;

const HOUR: u64 = 3_600;

/// 1,000 an hour and 10,000 a day on kava.
fn budgets() -> Budgets {
    let budget = Budget {
        hour_max: 1_000,
        day_max: 10_000,
        packet_max: 300,
        wallet_min: 50,
        ..Budget::unlimited("ukava")
    };
    Budgets {
        chains: BTreeMap::from([(kava(), budget)]),
    }
}

fn key(hash: u8) -> TxKey {
    TxKey {
        chain: kava(),
        hash: TxHash([hash; 32]),
    }
}

fn signed(hash: u8, fee: u128, items: Vec<Item>) -> Intent {
    let tx = TxRecord {
        signer: "kava1relayer".into(),
        account_sequence: hash.into(),
        deadline: Deadline::Height(1_000_000),
        items,
        updates: 0,
        is_unasked: false,
        fee,
        bytes: vec![hash],
    };
    Intent::Signed { key: key(hash), tx }
}

fn outcome(hash: u8, code: u32) -> Fact {
    let outcome = TxOutcome {
        hash: TxHash([hash; 32]),
        code,
        codespace: "sdk".into(),
        log: String::new(),
        message_index: None,
        clients: vec![],
        client_messages: vec![],
        gas_wanted: 1,
        gas_used: 1,
    };
    Fact::Outcome {
        chain: kava(),
        height: 11,
        outcome,
    }
}

fn recv(sequence: u64) -> Item {
    Item::Recv(support::key(sequence))
}

/// A transaction with this fee is in a block of kava.
fn pay(view: &mut View, hash: u8, fee: u128, items: Vec<Item>) {
    tell(view, [signed(hash, fee, items)]);
    tell(view, [outcome(hash, 0)]);
}

/// Kava's newest block is made at so many seconds.
fn at(view: &mut View, seconds: u64) {
    let head = Head {
        height: seconds,
        time: BlockTime(seconds * SECOND),
    };
    view.commit(&Change::Head(kava(), head));
}

fn pauses(view: &View) -> Vec<Purpose> {
    let pauses = budgets().pauses(view, &Needs::default());
    pauses.into_keys().map(|(_, purpose)| purpose).collect()
}

fn plan_within(view: &View, needs: &Needs) -> Plan {
    let policy = Policy {
        budgets: budgets(),
        ..Policy::default()
    };
    plan(&PlanInput {
        view,
        policy: &policy,
        height_rules: &[(akash(), TENDERMINT), (kava(), TENDERMINT)].into(),
        ready: &BTreeSet::from([akash(), kava()]),
        unreconciled: &BTreeSet::new(),
        full: &BTreeSet::new(),
        pauses: &policy.budgets.pauses(view, needs),
        in_progress: &BTreeSet::new(),
        assignment: &Assignment::Everything,
        cleared: &BTreeSet::new(),
        handshakes: &[],
        refreshed: &BTreeSet::new(),
        paused: &Paused::default(),
        is_draining: false,
    })
}

fn client_on_kava() -> ClientKey {
    ClientKey {
        chain: kava(),
        client_id: client_id(),
    }
}

/// An open channel whose client on kava must be refreshed now.
fn with_a_refresh_due() -> View {
    let mut view = open_channel(Ordering::Unordered);
    let old = view.client(&client_on_kava()).unwrap().clone();
    let mut record = ClientRecord {
        updated: BlockTime(0),
        ..old
    };
    record.summary.trusting_period = Duration::from_secs(10 * HOUR);
    view.commit(&Change::Client(client_on_kava(), record));
    at(&mut view, 5 * HOUR);
    view
}

fn why(plan: &Plan, item: &Item) -> Option<Why> {
    let wait = plan.waits.iter().find(|wait| wait.item == *item);
    wait.map(|wait| wait.why.clone())
}

#[test]
fn what_is_paid_counts_for_an_hour_and_for_a_day_by_the_time_of_blocks() {
    let mut view = open_channel(Ordering::Unordered);
    at(&mut view, 10 * HOUR);
    pay(&mut view, 1, 700, vec![recv(1)]);
    let paid = |view: &View| Paid::on(view, &kava());
    let both = |hour, day| Paid { hour, day };
    assert_eq!(paid(&view), both(700, 700));
    at(&mut view, 10 * HOUR + HOUR / 2);
    assert_eq!(paid(&view), both(700, 700));
    at(&mut view, 11 * HOUR + 300);
    assert_eq!(paid(&view), both(0, 700));
    at(&mut view, 34 * HOUR + 300);
    assert_eq!(paid(&view), both(0, 0));
    assert_eq!(Paid::on(&view, &akash()), both(0, 0));
}

#[test]
fn a_transaction_counts_once_from_its_signature_on_and_not_if_it_never_was_sent() {
    let mut view = open_channel(Ordering::Unordered);
    let hour = |view: &View| Paid::on(view, &kava()).hour;
    tell(&mut view, [signed(1, 40, vec![])]);
    assert_eq!(hour(&view), 40);
    tell(&mut view, [outcome(1, 0)]);
    tell(&mut view, [outcome(1, 0)]);
    assert_eq!(hour(&view), 40);
    tell(&mut view, [signed(2, 7, vec![])]);
    let refusal = Refusal::of(Class::Rejected, "no".into());
    let key = key(2);
    tell(&mut view, [Intent::Refused { key, refusal }]);
    assert_eq!(hour(&view), 40);
}

#[test]
fn packets_are_paused_before_the_refreshes_of_clients_in_use() {
    let mut view = with_a_refresh_due();
    pay(&mut view, 1, 899, vec![recv(9)]);
    assert_eq!(pauses(&view), [Purpose::IdleRefresh]);
    pay(&mut view, 2, 2, vec![recv(9)]);
    assert_eq!(pauses(&view), [Purpose::IdleRefresh, Purpose::Packets]);
    // The packet that was paid for shows that the client is in use.
    let refresh = Item::Refresh(client_on_kava());
    let plan = plan_within(&view, &Needs::default());
    assert_eq!(items(&plan), [refresh]);
    pay(&mut view, 3, 100, vec![]);
    let all = [
        Purpose::IdleRefresh,
        Purpose::Packets,
        Purpose::Handshake,
        Purpose::Refresh,
    ];
    assert_eq!(pauses(&view), all);
    assert_eq!(items(&plan_within(&view, &Needs::default())), []);
}

#[test]
fn a_packet_says_which_budget_it_waits_for_and_goes_on_when_the_hour_has_moved() {
    let mut view = open_channel(Ordering::Unordered);
    at(&mut view, 10 * HOUR);
    tell(&mut view, [sent(1, 9)]);
    pay(&mut view, 1, 950, vec![]);
    let plan = plan_within(&view, &Needs::default());
    assert!(!items(&plan).contains(&recv(1)));
    let expected = OverBudget::Window {
        chain: kava(),
        window: Window::Hour,
        purpose: Purpose::Packets,
        paid: 950,
        max: 900,
        denom: "ukava".into(),
    };
    assert_eq!(why(&plan, &recv(1)), Some(Why::OverBudget(expected)));
    at(&mut view, 11 * HOUR + 300);
    let plan = plan_within(&view, &Needs::default());
    assert!(items(&plan).contains(&recv(1)));
}

#[test]
fn a_day_has_a_budget_of_its_own() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 9)]);
    for hour in 10..20 {
        at(&mut view, hour * HOUR);
        pay(&mut view, hour as u8, 899, vec![]);
    }
    // 8,990 of 9,000 for packets, and nothing of this hour.
    at(&mut view, 21 * HOUR);
    assert_eq!(pauses(&view), [Purpose::IdleRefresh]);
    pay(&mut view, 30, 11, vec![]);
    assert_eq!(pauses(&view), [Purpose::IdleRefresh, Purpose::Packets]);
    let plan = plan_within(&view, &Needs::default());
    let is_of_day = |why| {
        matches!(
            why,
            Why::OverBudget(OverBudget::Window {
                window: Window::Day,
                ..
            })
        )
    };
    assert!(why(&plan, &recv(1)).is_some_and(is_of_day));
}

#[test]
fn the_refreshes_of_a_client_without_packets_get_half_of_a_budget() {
    let mut view = with_a_refresh_due();
    let refresh = Item::Refresh(client_on_kava());
    pay(&mut view, 1, 499, vec![]);
    assert_eq!(Purpose::of(&view, &refresh), Purpose::IdleRefresh);
    let planned = items(&plan_within(&view, &Needs::default()));
    assert_eq!(planned, std::slice::from_ref(&refresh));
    pay(&mut view, 2, 2, vec![]);
    let plan = plan_within(&view, &Needs::default());
    assert_eq!(items(&plan), []);
    assert!(matches!(why(&plan, &refresh), Some(Why::OverBudget(_))));
    // A packet waits for it.
    tell(&mut view, [sent(1, 9)]);
    assert_eq!(Purpose::of(&view, &refresh), Purpose::Refresh);
}

#[test]
fn a_client_is_not_in_use_any_more_when_no_packet_moved_for_its_trusting_period() {
    let mut view = with_a_refresh_due();
    let refresh = Item::Refresh(client_on_kava());
    pay(&mut view, 1, 10, vec![recv(1)]);
    assert_eq!(Purpose::of(&view, &refresh), Purpose::Refresh);
    at(&mut view, 15 * HOUR);
    assert_eq!(Purpose::of(&view, &refresh), Purpose::Refresh);
    at(&mut view, 15 * HOUR + 1);
    assert_eq!(Purpose::of(&view, &refresh), Purpose::IdleRefresh);
}

#[test]
fn a_packet_on_which_enough_was_spent_is_given_up_and_the_others_go() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 9), sent(2, 9)]);
    for hash in 1..=3 {
        tell(&mut view, [signed(hash, 100, vec![recv(1)])]);
        tell(&mut view, [outcome(hash, 5)]);
        at(&mut view, 20 * u64::from(hash));
    }
    let plan = plan_within(&view, &Needs::default());
    assert_eq!(items(&plan), [recv(2)]);
    let expected = OverBudget::Packet {
        chain: kava(),
        paid: 300,
        max: 300,
        denom: "ukava".into(),
    };
    assert_eq!(why(&plan, &recv(1)), Some(Why::OverBudget(expected)));
}

#[test]
fn fees_are_summed_up_by_path_and_kind() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 9)]);
    pay(&mut view, 1, 30, vec![recv(1)]);
    pay(&mut view, 2, 12, vec![recv(2)]);
    tell(&mut view, [signed(3, 9, vec![recv(3)])]);
    tell(&mut view, [outcome(3, 5)]);
    pay(&mut view, 4, 5, vec![Item::Refresh(client_on_kava())]);
    let path = Some(end(&akash()).into());
    let sum = |path: &Option<_>, kind| {
        let chain: ChainId = kava();
        let path = path.clone();
        let sum = view.fees().sum(&FeesKey { chain, path, kind });
        sum.map(|sum| (sum.amount, sum.messages))
    };
    assert_eq!(sum(&path, FeeKind::Packets), Some((42, 2)));
    assert_eq!(sum(&path, FeeKind::Failures), Some((9, 1)));
    assert_eq!(sum(&None, FeeKind::Updates), Some((5, 1)));
    assert_eq!(view.fees().sums().count(), 3);
}

#[test]
fn fees_of_more_than_a_day_ago_are_forgotten_and_their_sums_stay() {
    let mut view = open_channel(Ordering::Unordered);
    at(&mut view, 1_000);
    pay(&mut view, 1, 30, vec![recv(1)]);
    let now = 1_000 + 26 * HOUR;
    assert!(now.is_multiple_of(50), "blocks of this height forget");
    let facts = [block_end(&kava(), now)];
    let changes = tern_core::ledger::apply(&view, &Policy::default(), &facts[0].clone().into());
    let is_removal = |change: &&Change| matches!(change, Change::Paid(_, _, None));
    assert_eq!(changes.iter().filter(is_removal).count(), 1);
    tell(&mut view, facts);
    let ever = Duration::from_secs(100 * HOUR);
    let now = BlockTime(now * SECOND);
    assert_eq!(view.fees().paid_within(&kava(), now, ever), 0);
    assert_eq!(view.fees().sums().count(), 1);
}

#[test]
fn fees_are_summed_up_by_day_for_a_month() {
    const DAY: u64 = 24 * HOUR;
    let mut view = open_channel(Ordering::Unordered);
    at(&mut view, 1_000);
    pay(&mut view, 1, 30, vec![recv(1)]);
    pay(&mut view, 2, 12, vec![recv(2)]);
    at(&mut view, DAY);
    pay(&mut view, 3, 5, vec![Item::Refresh(client_on_kava())]);
    let sums = |view: &View| -> Vec<(u64, FeeKind, u128, u64)> {
        let days = view.fees().days();
        days.map(|(of, sum)| (of.day, of.kind, sum.amount, sum.messages))
            .collect()
    };
    let first = (0, FeeKind::Packets, 42, 2);
    let second = (1, FeeKind::Updates, 5, 1);
    assert_eq!(sums(&view), [first, second]);
    // The month has its last day, and then the first one is forgotten.
    tell(&mut view, [block_end(&kava(), 31 * DAY - 50)]);
    assert_eq!(sums(&view), [first, second]);
    tell(&mut view, [block_end(&kava(), 31 * DAY)]);
    assert_eq!(sums(&view), [second]);
}

#[test]
fn an_empty_wallet_pauses_all_but_what_keeps_clients_in_use() {
    let view = open_channel(Ordering::Unordered);
    let with = |balance| {
        let needs = Needs {
            wallets: BTreeMap::from([(kava(), [("kava1relayer".to_owned(), balance)].into())]),
            ..Needs::default()
        };
        let pauses = budgets().pauses(&view, &needs);
        pauses.into_keys().map(|(_, purpose)| purpose).collect()
    };
    let (low, enough): (Vec<_>, Vec<_>) = (with(49), with(50));
    assert_eq!(low, [Purpose::IdleRefresh, Purpose::Packets]);
    assert_eq!(enough, []);
}

#[test]
fn what_was_too_much_for_the_rest_of_a_budget_waits_until_there_is_room() {
    let mut view = open_channel(Ordering::Unordered);
    pay(&mut view, 1, 500, vec![]);
    let needs = |fee| Needs {
        fees: BTreeMap::from([((kava(), Purpose::Packets), fee)]),
        ..Needs::default()
    };
    let is_paused = |fee| {
        let pauses = budgets().pauses(&view, &needs(fee));
        pauses.contains_key(&(kava(), Purpose::Packets))
    };
    assert!(!is_paused(400));
    assert!(is_paused(401));
}
