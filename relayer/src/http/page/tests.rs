//! What holds for every view: size, escaping, and that nothing is run or asked from elsewhere.

use maud::Markup;
use tern_chains::Histogram;
use tern_core::statistics::{Latency, Step};

use super::layout::{self, Place, Renewal, View};
use super::testing::{client, day_fees, end, fees, overview, path, NOW};
use super::{assets, clients, events, overview as main_view, path as path_view, search};

/// What a stranger might call something.
const HOSTILE: &str = "<script>alert('x')</script>\" onload=\"x";

fn document(sections: Markup, query: &str) -> String {
    let view = View {
        title: HOSTILE,
        place: Place::Overview,
        at: NOW,
        query,
        renewal: Renewal::Every(1),
        sections,
    };
    layout::document(&view).into_string()
}

/// All views, with hostile names wherever a chain, a node or a relayer can put one.
fn hostile() -> Vec<String> {
    let hostile = || HOSTILE.to_owned();
    let mut seen = overview(1);
    for need in &mut seen.needs {
        (need.subject, need.what) = (hostile(), hostile());
    }
    for chain in &mut seen.chains {
        (chain.chain, chain.reason) = (hostile(), Some(hostile()));
        (chain.nodes[0].address, chain.nodes[0].state) = (hostile(), hostile());
    }
    for path in &mut seen.paths {
        (path.src.chain, path.src.name) = (hostile(), hostile());
        path.src.port = Some(hostile());
        path.not_served = Some(hostile());
    }
    for client in &mut seen.clients {
        (client.client, client.of) = (hostile(), hostile());
    }
    for tx in &mut seen.txs {
        (tx.hash, tx.what, tx.reason) = (hostile(), hostile(), Some(hostile()));
    }
    seen.wallets[0].error = Some(hostile());
    seen.wallets[0].amount = None;
    let of_path = path_view::Path {
        path: &seen.paths[0],
        clients: &seen.clients,
        packets: &[],
        latencies: &[latency()],
        fees: &[fees(HOSTILE, HOSTILE)],
        txs: &seen.txs,
        chains: &seen.chains,
        now: NOW,
    };
    vec![
        document(main_view::sections(&seen, 1), HOSTILE),
        document(path_view::sections(&of_path), HOSTILE),
        document(clients::sections(&seen.clients, 1, NOW), HOSTILE),
        document(
            super::fees::sections(&super::fees::Fees {
                sums: &[fees(HOSTILE, "1")],
                days: &[day_fees(HOSTILE, HOSTILE, HOSTILE)],
                chains: &seen.chains,
                paths: &seen.paths,
                page: 1,
                now: NOW,
            }),
            HOSTILE,
        ),
        document(events::sections(&seen.chains), HOSTILE),
        document(search::sections(HOSTILE, &found(&seen.paths), NOW), HOSTILE),
    ]
}

fn found(paths: &[tern::overview::PathOverview]) -> search::Results {
    search::Results {
        paths: paths.to_vec(),
        reason: Some(HOSTILE.to_owned()),
        ..search::Results::default()
    }
}

fn latency() -> Latency {
    let mut seconds = Histogram::new(&[1.0, 2.0, 5.0]);
    let mut blocks = Histogram::new(&[1.0, 2.0]);
    seconds.observe(1.5);
    blocks.observe(2.0);
    Latency {
        src: tern_chains::ChainId::from_string("akashnet-2"),
        dst: tern_chains::ChainId::from_string("osmosis-1"),
        step: Step::Receive,
        seconds,
        blocks,
    }
}

#[test]
fn what_strangers_write_stays_text() {
    for page in hostile() {
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("\" onload=\""), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}

#[test]
fn nothing_is_asked_from_elsewhere_and_nothing_in_the_markup_is_run() {
    for page in hostile() {
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        for forbidden in [
            " style=",
            "<style",
            "javascript:",
            "href=\"http",
            "src=\"http",
            "href=\"//",
        ] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
    }
    for asset in [assets::STYLE, assets::SCRIPT] {
        assert!(!asset.contains("http://") && !asset.contains("https://"));
        assert!(!asset.contains("innerHTML") && !asset.contains("@import"));
    }
}

#[test]
fn five_thousand_paths_are_paged_and_stay_small() {
    let seen = overview(5_000);
    let page = document(main_view::sections(&seen, 50), "");
    assert_eq!(page.matches("href=\"/paths/").count(), 100);
    assert!(page.contains("4,901 to 5,000 of 5,000 paths"), "{page}");
    assert!(page.contains("channel-4999"), "{page}");
    let all = page.len() + assets::STYLE.len() + assets::SCRIPT.len();
    assert!(all < 150_000, "{all} bytes");
}

#[test]
fn each_list_says_what_would_be_in_it() {
    let mut seen = overview(0);
    (seen.chains, seen.wallets, seen.txs) = (vec![], vec![], vec![]);
    let page = document(main_view::sections(&seen, 1), "");
    assert_eq!(page.matches("class=\"nothing\"").count(), 4, "{page}");
    let empty = path_view::Path {
        path: &path(3),
        clients: &[],
        packets: &[],
        latencies: &[],
        fees: &[],
        txs: &[],
        chains: &[],
        now: NOW,
    };
    let page = document(path_view::sections(&empty), "");
    assert_eq!(page.matches("class=\"nothing\"").count(), 5, "{page}");
}

#[test]
fn a_path_can_be_paused_and_one_that_is_can_be_resumed() {
    let of = |paused_since: Option<String>| {
        let path = tern::overview::PathOverview {
            paused_since,
            ..path(3)
        };
        path_view::sections(&path_view::Path {
            path: &path,
            clients: &[client()],
            packets: &[],
            latencies: &[latency()],
            fees: &[],
            txs: &[],
            chains: &[],
            now: NOW,
        })
        .into_string()
    };
    let address = "data-action=\"/api/v1/paths/akashnet-2/transfer/channel-3";
    let running = of(None);
    assert!(running.contains(&format!("{address}/pause\"")), "{running}");
    assert!(!running.contains("/resume\""));
    let paused = of(Some("2026-11-30T11:00:00Z".to_owned()));
    assert!(paused.contains(&format!("{address}/resume\"")), "{paused}");
    assert!(
        paused.contains("paused") && paused.contains("1 h ago"),
        "{paused}"
    );
}

#[test]
fn a_search_lists_paths_by_parts_of_their_names() {
    let paths = [path(3), path(30)];
    let found = |query: &str| {
        let matching = super::paths::matching(&paths, query).into_iter();
        let found = search::Results {
            paths: matching.cloned().collect(),
            ..search::Results::default()
        };
        search::sections(query, &found, NOW).into_string()
    };
    assert!(found("channel-30").contains("1 path<"));
    assert!(found("OSMOSIS").contains("2 paths<"));
    assert!(found("07-tendermint-4").contains("2 paths<"));
    assert!(found("elsewhere").contains("Nothing is found for"));
    assert!(found(" ").contains("What can be searched for"));
}

#[test]
fn an_end_without_a_channel_has_no_view_of_its_own() {
    let mut of_v2 = path(3);
    of_v2.src = tern::overview::EndOverview {
        port: None,
        channel: None,
        name: "akashnet-2 client-3".to_owned(),
        ..end("akashnet-2", 3)
    };
    let markup = super::paths::rows("x", &[of_v2], NOW).into_string();
    assert!(
        markup.contains("akashnet-2 client-3 →") && !markup.contains("href"),
        "{markup}"
    );
}
