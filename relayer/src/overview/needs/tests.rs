//! A status in which all is well, and what is said once something is not.

use std::collections::BTreeMap;
use std::time::Duration;

use tern_chains::{ChannelId, ClientId, Coin, End, NodeStatus, Ordering, PortId};
use tern_core::budget::{Budget, Paid};
use tern_core::ledger::{ClientKey, EndKey, Head};
use tern_core::plan::Assignment;
use tern_core::statistics::{ChainCounts, PathStatistics};

use super::super::Overview;
use super::*;
use crate::engine::status::{BudgetStatus, MemoryStatus, OldestPacket, Status};

const SECOND: u64 = 1_000_000_000;
const NOW: BlockTime = BlockTime(1_600_000_000 * SECOND);
const DAY: u64 = 86_400;

/// So many seconds ago.
fn ago(seconds: u64) -> BlockTime {
    BlockTime(NOW.0 - seconds * SECOND)
}

fn id(chain: &str) -> ChainId {
    ChainId::from_string(chain)
}

fn end(chain: &str) -> EndKey {
    EndKey {
        chain: id(chain),
        end: End::channel(&PortId::transfer(), &ChannelId::new(7)),
    }
}

fn client_id() -> ClientId {
    "07-tendermint-0".parse().unwrap()
}

/// What is looked at.
struct Seen {
    status: Status,
    nodes: BTreeMap<ChainId, Vec<NodeStatus>>,
    wallets: Vec<Wallet>,
}

impl Seen {
    /// Two chains with a channel, each with one account that was paid from, and all is well.
    fn well() -> Self {
        let chain = |chain: &str| ChainStatus {
            chain: id(chain),
            head: Some(Head {
                height: 1_234,
                time: ago(5),
            }),
            following: Following::Ready,
            paused: None,
            counts: ChainCounts::default(),
            budget: Some(BudgetStatus {
                limits: Budget::unlimited("uakt"),
                paid: Paid {
                    hour: 10,
                    day: 1_000,
                },
                paused: vec![],
            }),
        };
        let path = PathStatus {
            src: end("akash-1"),
            dst: end("kava-1"),
            client_on_src: client_id(),
            client_on_dst: Some(client_id()),
            connection_on_src: None,
            connection_on_dst: None,
            ordering: Ordering::Unordered,
            has_fees: false,
            is_open: true,
            is_assigned: true,
            not_admitted: None,
            paused: None,
            is_compared: true,
            open_packets: 0,
            oldest: None,
            statistics: PathStatistics::default(),
        };
        let client = ClientStatus {
            client: ClientKey {
                chain: id("kava-1"),
                client_id: client_id(),
            },
            of: id("akash-1"),
            latest_height: 1_200,
            expires: BlockTime(NOW.0 + 13 * DAY * SECOND),
            trusting_period: Duration::from_secs(14 * DAY),
            is_frozen: false,
            is_forked: false,
            not_admitted: None,
        };
        Self {
            status: Status {
                assignment: Assignment::Everything,
                is_draining: false,
                chains: vec![chain("akash-1"), chain("kava-1")],
                paths: vec![path],
                packets: vec![],
                clients: vec![client],
                lanes: vec![],
                fees: vec![],
                fees_by_day: vec![],
                tasks: vec![],
                inputs: 0,
                inputs_max: 256,
                memory: MemoryStatus::default(),
                txs: vec![],
                tx_counts: vec![],
                latencies: vec![],
            },
            nodes: BTreeMap::new(),
            wallets: vec![wallet("kava-1", Ok(1_000_000))],
        }
    }

    fn overview(&self) -> Overview {
        Overview::of(&Sources {
            status: &self.status,
            nodes: &self.nodes,
            wallets: &self.wallets,
            now: NOW,
            started: ago(100),
        })
    }

    /// The kinds of what is needed, with their urgency.
    fn kinds(&self) -> Vec<(Severity, NeedKind)> {
        let needs = self.overview().needs;
        needs
            .iter()
            .map(|need| (need.severity, need.kind))
            .collect()
    }
}

fn wallet(chain: &str, amount: Result<u128, &str>) -> Wallet {
    Wallet {
        chain: id(chain),
        address: "kava1relayer".to_owned(),
        unit: None,
        balance: amount
            .map(|amount| Coin {
                denom: "ukava".to_owned(),
                amount,
            })
            .map_err(str::to_owned),
    }
}

#[test]
fn a_relayer_without_trouble_needs_nobody() {
    let overview = Seen::well().overview();
    assert_eq!(overview.needs, []);
    assert_eq!(overview.verdict, "All well");
    assert!(!overview.needs_a_person());
    assert_eq!(overview.wallets[0].days_left, Some(1_000.0));
}

#[test]
fn a_chain_whose_nodes_do_not_answer_needs_a_person_and_says_since_when() {
    let mut seen = Seen::well();
    seen.status.chains[1].following = Following::Down {
        reason: "connection refused".to_owned(),
        since: ago(180),
    };
    // What follows from it is not said again.
    seen.wallets = vec![wallet("kava-1", Err("connection refused"))];
    let overview = seen.overview();
    assert_eq!(overview.verdict, "1 thing needs you");
    assert!(overview.needs_a_person());
    let [need] = overview.needs.as_slice() else {
        panic!("{:?}", overview.needs);
    };
    assert_eq!(need.kind, NeedKind::ChainDown);
    assert_eq!(need.subject, "kava-1");
    assert_eq!(need.since.as_deref(), Some("2020-09-13T12:23:40Z"));
}

#[test]
fn a_chain_without_blocks_is_worth_a_look_and_then_needs_a_person() {
    let mut seen = Seen::well();
    let mut after = |seconds| {
        let head = seen.status.chains[0].head.as_mut().unwrap();
        head.time = ago(seconds);
        seen.kinds()
    };
    let still = NeedKind::ChainStandsStill;
    assert_eq!(after(60), []);
    assert_eq!(after(61), [(Severity::Watch, still)]);
    assert_eq!(after(601), [(Severity::Act, still)]);
}

#[test]
fn a_client_needs_a_person_when_it_is_not_refreshed_or_lost() {
    let mut seen = Seen::well();
    let mut left = |seconds: u64| {
        seen.status.clients[0].expires = BlockTime(NOW.0 + seconds * SECOND);
        seen.kinds()
    };
    assert_eq!(left(7 * DAY), []);
    assert_eq!(left(6 * DAY), [(Severity::Watch, NeedKind::ClientExpiring)]);
    assert_eq!(left(3 * DAY), [(Severity::Act, NeedKind::ClientExpiring)]);
    assert_eq!(left(0), [(Severity::Act, NeedKind::ClientExpired)]);
    seen.status.clients[0].is_forked = true;
    assert_eq!(seen.kinds(), [(Severity::Act, NeedKind::ChainForked)]);
    seen.status.clients[0].is_frozen = true;
    assert_eq!(seen.kinds(), [(Severity::Act, NeedKind::ClientFrozen)]);
    seen.status.paths[0].is_assigned = false;
    assert_eq!(seen.kinds(), [], "it is under no served path");
}

#[test]
fn a_client_that_does_not_expire_is_not_said_to() {
    let mut seen = Seen::well();
    seen.status.clients[0].expires = BlockTime(u64::MAX);
    seen.status.clients[0].trusting_period = Duration::MAX;
    assert_eq!(seen.kinds(), []);
    assert_eq!(seen.overview().clients[0].expires_in_seconds, None);
}

#[test]
fn a_wallet_that_does_not_last_is_said_before_it_is_empty() {
    let mut seen = Seen::well();
    let mut has = |amount| {
        seen.wallets = vec![wallet("kava-1", Ok(amount))];
        seen.kinds()
    };
    // A thousand were paid in the last day.
    assert_eq!(has(7_000), []);
    assert_eq!(has(6_999), [(Severity::Watch, NeedKind::WalletLow)]);
    assert_eq!(has(999), [(Severity::Act, NeedKind::WalletLow)]);
    assert_eq!(has(0), [(Severity::Act, NeedKind::WalletLow)]);
    let need = seen.overview().needs.remove(0);
    assert_eq!(need.what, "it has 0 ukava, and can pay no fee");
    assert_eq!(need.action, "send it some ukava");
}

#[test]
fn packets_that_wait_long_say_what_they_wait_for_and_what_to_do() {
    let mut seen = Seen::well();
    let path = &mut seen.status.paths[0];
    path.open_packets = 14;
    path.oldest = Some(OldestPacket {
        sequence: 3,
        sent_at: Some(ago(901)),
        waits_for: PacketWait::Planner(Why::Failed {
            tries: 5,
            not_before: 1_300,
            reason: "out of gas".to_owned(),
        }),
    });
    let needs = seen.overview().needs;
    let need = needs.first().unwrap();
    assert_eq!(
        need.subject,
        "akash-1 transfer/channel-7 → kava-1 transfer/channel-7"
    );
    assert!(need
        .what
        .starts_with("14 packets wait, the first #3: failed 5 times"));
    assert!(need
        .action
        .starts_with("`tern packet clear akash-1 channel-7`"));
    // An application may take its time.
    let oldest = seen.status.paths[0].oldest.as_mut().unwrap();
    oldest.waits_for = PacketWait::Planner(Why::AckNotWritten);
    assert_eq!(seen.kinds(), []);
}

#[test]
fn a_node_among_others_is_worth_a_look_once_it_keeps_failing() {
    let mut seen = Seen::well();
    let mut failed = |failures| {
        let node = NodeStatus {
            address: "http://127.0.0.1:1".to_owned(),
            state: NodeState::Failing {
                failures,
                reason: "HTTP status 503".to_owned(),
            },
            height: None,
            requests: vec![],
        };
        seen.nodes.insert(id("akash-1"), vec![node]);
        seen.kinds()
    };
    assert_eq!(failed(2), []);
    assert_eq!(failed(3), [(Severity::Watch, NeedKind::NodeFailing)]);
    assert_eq!(seen.overview().verdict, "All well, with 1 warning");
}

#[test]
fn a_budget_that_pauses_packets_needs_a_person() {
    let mut seen = Seen::well();
    let paused = &mut seen.status.chains[0].budget.as_mut().unwrap().paused;
    let why = OverBudget::Wallet {
        chain: id("akash-1"),
        min: 100,
        balance: 7,
        denom: "uakt".to_owned(),
    };
    paused.push((Purpose::IdleRefresh, why.clone()));
    assert_eq!(seen.kinds(), [(Severity::Watch, NeedKind::WalletLow)]);
    let paused = &mut seen.status.chains[0].budget.as_mut().unwrap().paused;
    paused.push((Purpose::Packets, why));
    assert_eq!(seen.kinds(), [(Severity::Act, NeedKind::WalletLow)]);
}

#[test]
fn what_the_operator_has_paused_is_said_with_how_to_resume_it() {
    let mut seen = Seen::well();
    seen.status.paths[0].paused = Some(ago(60));
    seen.status.chains[1].paused = Some(ago(90));
    let needs = seen.overview().needs;
    let said = |subject: &str| needs.iter().find(|need| need.subject == subject).unwrap();
    let path = said("akash-1 transfer/channel-7 → kava-1 transfer/channel-7");
    assert_eq!(path.action, "`tern resume akash-1 channel-7` goes on");
    assert_eq!(path.since.as_deref(), Some("2020-09-13T12:25:40Z"));
    assert!(said("kava-1").action.starts_with("`tern resume kava-1`"));
    let paused = (Severity::Watch, NeedKind::Paused);
    assert_eq!(seen.kinds(), [paused, paused]);
}

#[test]
fn a_relayer_that_is_about_to_end_says_so() {
    let mut seen = Seen::well();
    seen.status.is_draining = true;
    assert_eq!(seen.kinds(), [(Severity::Watch, NeedKind::Draining)]);
}

#[test]
fn the_names_of_kinds_are_those_of_json() {
    for kind in NeedKind::ALL {
        let name = serde_json::to_value(kind).unwrap();
        assert_eq!(name, kind.name());
    }
}
