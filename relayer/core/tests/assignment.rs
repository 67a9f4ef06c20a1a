//! Only assigned work is planned, and an assignment can change from plan to plan.

mod support;

use std::collections::BTreeSet;

use support::*;
use tern_chains::Ordering;
use tern_core::ledger::{ClientKey, Item, View};
use tern_core::plan::Assignment;

/// A packet that was sent from akash.
fn sent_from_akash() -> View {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    view
}

fn planned(view: &View, assignment: &Assignment) -> Vec<Item> {
    items(&plan_assigned(view, assignment, &[]))
}

#[test]
fn a_packet_is_planned_only_while_its_path_is_assigned() {
    let view = sent_from_akash();
    let src = key(1).src;
    let from_akash = Assignment::Paths([src].into());
    let from_kava = Assignment::Paths([end(&kava()).into()].into());
    assert_eq!(planned(&view, &from_akash), [Item::Recv(key(1))]);
    assert_eq!(planned(&view, &from_kava), []);
    assert_eq!(planned(&view, &Assignment::nothing()), []);
    assert_eq!(
        planned(&view, &Assignment::Everything),
        [Item::Recv(key(1))]
    );
}

#[test]
fn only_clients_under_assigned_paths_are_kept_from_expiring() {
    let mut view = open_channel(Ordering::Unordered);
    // Far past the share of the trusting period after which a client is refreshed.
    let late = 10_000_000;
    tell(
        &mut view,
        [block_end(&akash(), late), block_end(&kava(), late)],
    );
    let refreshed = |assignment: &Assignment| -> BTreeSet<ClientKey> {
        let plan = plan_assigned(&view, assignment, &[]);
        let waits = plan.waits.iter().map(|wait| wait.item.clone());
        let items = items(&plan).into_iter().chain(waits);
        let clients = items.filter_map(|item| match item {
            Item::Refresh(client) => Some(client),
            _ => None,
        });
        clients.collect()
    };
    let all = refreshed(&Assignment::Everything);
    assert_eq!(all.len(), 2);
    assert_eq!(refreshed(&Assignment::Paths([key(1).src].into())), all);
    assert_eq!(refreshed(&Assignment::nothing()), BTreeSet::new());
}
