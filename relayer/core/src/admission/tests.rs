use std::collections::BTreeMap;

use tern_chains::{
    BlockTime, Body, ChannelId, ChannelState, ClientId, ClientSummary, ConnectionId, End, Ordering,
    PortId, Timeout,
};

use super::*;
use crate::ledger::{Change, ChannelKey, ChannelTerms, ClientRecord, Goal, HandshakeProgress};

fn akash() -> ChainId {
    ChainId::from_string("akash-1")
}

fn kava() -> ChainId {
    ChainId::from_string("kava-1")
}

fn client_id() -> ClientId {
    "07-tendermint-3".parse().unwrap()
}

fn client_key(chain: ChainId) -> ClientKey {
    ClientKey {
        chain,
        client_id: client_id(),
    }
}

fn port() -> PortId {
    PortId::transfer()
}

fn channel(chain: ChainId) -> ChannelKey {
    ChannelKey {
        chain,
        port_id: port(),
        channel_id: ChannelId::new(7),
    }
}

/// Channel 7 of both chains, over connection 5 and client 3 of each.
fn view_with(change: impl Fn(&mut ClientSummary)) -> View {
    let mut view = View::default();
    for (here, there) in [(akash(), kava()), (kava(), akash())] {
        let mut summary = ClientSummary {
            chain_id: there.clone(),
            latest_height: 2,
            trusting_period: Duration::from_secs(14 * 24 * 3600),
            frozen: false,
            flaws: vec![],
        };
        change(&mut summary);
        let client = ClientRecord {
            summary,
            updated: BlockTime(0),
            seen: 1,
            is_ours: false,
        };
        let end = ChannelRecord {
            state: ChannelState::Open,
            ordering: Ordering::Unordered,
            version: "ics20-1".to_owned(),
            connection_id: ConnectionId::new(5),
            client_id: client_id(),
            counterparty_chain: there,
            counterparty_port_id: port(),
            counterparty_channel_id: Some(ChannelId::new(7)),
            seen: 1,
        };
        view.commit(&Change::Client(client_key(here.clone()), client));
        view.commit(&Change::Channel(channel(here), end));
    }
    view
}

fn view() -> View {
    view_with(|_| {})
}

fn path() -> Path {
    view().path(&channel(akash()).into()).unwrap()
}

fn list(allow: &[&str], deny: &[&str]) -> List {
    let globs = |of: &[&str]| of.iter().copied().map(Glob::new).collect();
    List {
        allow: globs(allow),
        deny: globs(deny),
    }
}

/// The defaults with these rules for all chains.
fn everywhere(set: impl FnOnce(&mut Rules)) -> Admission {
    let mut admission = Admission::default();
    set(&mut admission.everywhere);
    admission
}

/// The defaults with these rules for one chain.
fn on(chain: ChainId, set: impl FnOnce(&mut Rules)) -> Admission {
    let mut rules = Rules::default();
    set(&mut rules);
    Admission {
        chains: BTreeMap::from([(chain, rules)]),
        ..Admission::default()
    }
}

fn rule(verdict: Verdict) -> Option<String> {
    verdict.err().map(|why| why.rule)
}

fn of_path(admission: &Admission) -> Option<String> {
    rule(admission.path(&view(), &path()))
}

fn packet(data: &str) -> Packet {
    let end = End::channel(&port(), &ChannelId::new(7));
    Packet {
        src: end.clone(),
        dst: end,
        sequence: 9.into(),
        timeout: Timeout::default(),
        body: Body::V1 {
            data: data.as_bytes().to_vec(),
        },
    }
}

const TRANSFER: &str = r#"{"amount":"1","denom":"uakt","receiver":"kava1r","sender":"akash1s"}"#;

fn of_packet(admission: &Admission, data: &str) -> Option<String> {
    rule(admission.packet(&path(), &packet(data), &[]))
}

#[test]
fn by_default_a_path_as_relayers_make_it_is_served() {
    assert_eq!(of_path(&Admission::default()), None);
    assert_eq!(of_packet(&Admission::default(), TRANSFER), None);
    assert_eq!(of_packet(&Admission::default(), "not a transfer"), None);
}

#[test]
fn every_list_about_a_path_is_asked_at_both_ends_and_named() {
    let deny = |set: fn(&mut Rules, List), text| {
        let of = |chain: Option<ChainId>| {
            let rules = |rules: &mut Rules| set(rules, list(&[], &[text]));
            of_path(&match chain {
                None => everywhere(rules),
                Some(chain) => on(chain, rules),
            })
        };
        [of(None), of(Some(akash())), of(Some(kava()))].map(Option::unwrap)
    };
    let names = |name| {
        [
            format!("policy.admission.{name}.deny"),
            format!("chain `akash-1`, admission.{name}.deny"),
            format!("chain `kava-1`, admission.{name}.deny"),
        ]
    };
    assert_eq!(deny(|r, l| r.ports = l, "trans*"), names("ports"));
    assert_eq!(deny(|r, l| r.channels = l, "channel-7"), names("channels"));
    let connections = deny(|r, l| r.connections = l, "connection-5");
    assert_eq!(connections, names("connections"));
    assert_eq!(deny(|r, l| r.clients = l, "*-3"), names("clients"));
    let chains = deny(|r, l| r.counterparty_chains = l, "*-1");
    assert_eq!(chains, names("counterparty_chains"));
}

#[test]
fn what_a_list_of_allowed_things_leaves_out_is_not_served() {
    let only = |channel| everywhere(|rules| rules.channels = list(&[channel], &[]));
    assert_eq!(of_path(&only("channel-7")), None);
    let rule = "policy.admission.channels.allow".to_owned();
    assert_eq!(of_path(&only("channel-8")), Some(rule));
}

#[test]
fn a_client_that_no_relayer_would_make_is_not_fed_nor_its_path_served() {
    let admission = Admission::default();
    let flawed = view_with(|client| client.flaws = vec![ClientFlaw::ProofSpecs]);
    let of_client = |view: &View| rule(admission.client(view, &client_key(kava())));
    let expected = Some("policy.admission.clients (proof specs)".to_owned());
    assert_eq!(of_client(&flawed), expected);
    assert_eq!(rule(admission.path(&flawed, &path())), expected);
    let short = view_with(|client| client.trusting_period = Duration::from_secs(3_599));
    let expected = Some("policy.admission.trusting_period_min".to_owned());
    assert_eq!(of_client(&short), expected);
    assert_eq!(rule(admission.path(&short, &path())), expected);
}

#[test]
fn a_client_that_is_allowed_by_its_name_may_look_as_it_likes() {
    let flawed = view_with(|client| client.flaws = vec![ClientFlaw::UpgradePath]);
    let allow = |text| everywhere(|rules| rules.clients = list(&[text], &[]));
    let of = |admission: Admission| rule(admission.client(&flawed, &client_key(kava())));
    assert_eq!(of(allow("07-tendermint-3")), None);
    assert!(of(allow("07-tendermint-*")).is_some());
}

#[test]
fn a_chains_own_limit_replaces_that_for_all() {
    let short = view_with(|client| client.trusting_period = Duration::from_secs(60));
    let least = |chain, seconds| {
        on(chain, |rules| {
            rules.trusting_period_min = Some(Duration::from_secs(seconds));
        })
    };
    let of = |admission: Admission| rule(admission.client(&short, &client_key(kava())));
    assert_eq!(of(least(kava(), 60)), None);
    let rule = "chain `kava-1`, admission.trusting_period_min".to_owned();
    assert_eq!(of(least(kava(), 61)), Some(rule));
    assert!(of(least(akash(), 60)).is_some());
}

#[test]
fn transfers_are_told_by_sender_receiver_and_denom() {
    let deny = |set: fn(&mut Rules, List), text| {
        let admission = on(kava(), |rules| set(rules, list(&[], &[text])));
        of_packet(&admission, TRANSFER)
    };
    let named = |name| Some(format!("chain `kava-1`, admission.{name}.deny"));
    assert_eq!(deny(|r, l| r.senders = l, "akash1s"), named("senders"));
    assert_eq!(deny(|r, l| r.receivers = l, "kava1*"), named("receivers"));
    assert_eq!(deny(|r, l| r.denoms = l, "uakt"), named("denoms"));
    assert_eq!(deny(|r, l| r.senders = l, "akash1t"), None);
}

#[test]
fn where_there_are_lists_a_transfer_that_cannot_be_read_is_not_carried() {
    let admission = everywhere(|rules| rules.senders = list(&[], &["akash1s"]));
    let twice =
        r#"{"amount":"1","denom":"uakt","receiver":"r","sender":"akash1s","sender":"akash1t"}"#;
    assert_eq!(
        of_packet(&admission, twice),
        Some("policy.admission".to_owned())
    );
}

#[test]
fn a_memo_or_receiver_that_is_too_long_is_not_carried() {
    let long = |memo: usize, receiver: usize| {
        format!(
            r#"{{"amount":"1","denom":"uakt","sender":"s","receiver":"{}","memo":"{}"}}"#,
            "r".repeat(receiver),
            "m".repeat(memo)
        )
    };
    let admission = Admission::default();
    assert_eq!(of_packet(&admission, &long(32_768, 2_048)), None);
    let memo = of_packet(&admission, &long(32_769, 1));
    assert_eq!(memo, Some("policy.admission.memo_bytes_max".to_owned()));
    let receiver = of_packet(&admission, &long(0, 2_049));
    assert_eq!(
        receiver,
        Some("policy.admission.receiver_bytes_max".to_owned())
    );
}

#[test]
fn excluded_sequences_are_those_sent_from_a_channel_of_the_chain() {
    let exclude = |chain, range| {
        on(chain, |rules| {
            rules.excluded_sequences = Sequences::new([(ChannelId::new(7), vec![range])]);
        })
    };
    let rule = "chain `akash-1`, admission.excluded_sequences".to_owned();
    assert_eq!(of_packet(&exclude(akash(), 9..=9), TRANSFER), Some(rule));
    assert_eq!(of_packet(&exclude(akash(), 10..=20), TRANSFER), None);
    assert_eq!(of_packet(&exclude(kava(), 9..=9), TRANSFER), None);
}

#[test]
fn a_channel_is_not_opened_where_none_would_be_served() {
    let request = HandshakeRequest {
        a: akash(),
        b: kava(),
        goal: Goal::Channel(ChannelTerms {
            a_port: port(),
            b_port: "icahost".parse().unwrap(),
            ordering: Ordering::Ordered,
            version: String::new(),
        }),
        progress: HandshakeProgress::default(),
        only: None,
    };
    assert_eq!(rule(Admission::default().request(&request)), None);
    let admission = on(kava(), |rules| rules.ports = list(&["transfer"], &[]));
    let expected = "chain `kava-1`, admission.ports.allow".to_owned();
    assert_eq!(rule(admission.request(&request)), Some(expected));
}

#[test]
fn one_of_the_least_fees_of_a_channel_has_to_be_offered() {
    let coin = |amount, denom: &str| Coin {
        denom: denom.to_owned(),
        amount,
    };
    let least = vec![coin(50, "uakt"), coin(7, "usdx")];
    let admission = everywhere(|rules| {
        rules.min_recv_fees = MinFees::new([(Glob::new("channel-7*"), least.clone())]);
    });
    let verdict = |offered: &[Coin]| admission.packet(&path(), &packet(TRANSFER), offered);
    for offered in [
        vec![coin(50, "uakt")],
        vec![coin(1, "uakt"), coin(8, "usdx")],
    ] {
        assert_eq!(verdict(&offered), Ok(()), "{offered:?}");
    }
    for (offered, told) in [
        (vec![], "nothing"),
        (vec![coin(49, "uakt"), coin(99, "uosmo")], "49uakt,99uosmo"),
    ] {
        let why = verdict(&offered).unwrap_err();
        assert_eq!(why.rule, "policy.admission.min_recv_fees");
        let told = format!("its sender offers {told}, less than 50uakt or 7usdx");
        assert!(why.reason.ends_with(&told), "{why}");
    }

    let of_others = everywhere(|rules| {
        rules.min_recv_fees = MinFees::new([(Glob::new("channel-8"), least.clone())]);
    });
    assert_eq!(of_packet(&of_others, TRANSFER), None);
}
