//! Packets over connections with a delay period (ICS-03).

mod support;

use support::*;
use tern_chains::{ChainId, ConnectionId, Event, Ordering};
use tern_core::ledger::{Change, ClientKey, ConnectionKey, Fact, Item, View};
use tern_core::plan::{Action, Plan, Why};

/// Of ten seconds, which is one block.
fn with_delay(mut view: View) -> View {
    for chain in [akash(), kava()] {
        let key = ConnectionKey {
            chain,
            connection_id: ConnectionId::new(0),
        };
        let mut record = view.connection(&key).unwrap().clone();
        record.delay_period_ns = 10 * SECOND;
        view.commit(&Change::Connection(key, record));
    }
    view
}

fn refresh(chain: &ChainId) -> Item {
    Item::Refresh(ClientKey {
        chain: chain.clone(),
        client_id: client_id(),
    })
}

/// The client on a chain gets a consensus state in the block at this height.
fn updated(chain: &ChainId, height: u64, consensus_height: u64) -> [Fact; 2] {
    let update = Event::ClientUpdated {
        client_id: client_id(),
        consensus_heights: vec![consensus_height],
    };
    [event(chain, height, update), block_end(chain, height)]
}

fn why(plan: &Plan, item: &Item) -> Option<Why> {
    let wait = plan.waits.iter().find(|wait| wait.item == *item)?;
    Some(wait.why.clone())
}

#[test]
fn a_packet_is_proven_by_a_consensus_state_that_is_old_enough_and_not_by_a_newer_one() {
    let mut view = with_delay(open_channel(Ordering::Unordered));
    tell(
        &mut view,
        [sent(1, 11), sent(2, 11), block_end(&akash(), 11)],
    );
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [refresh(&kava())]);
    assert_eq!(plan.batches[0].work[0].action, Action::UpdateClient);
    assert_eq!(plan.batches[0].route.as_ref().unwrap().proof_height, 12);
    let waits = Some(Why::DelayPeriod(kava()));
    assert_eq!(why(&plan, &Item::Recv(key(1))), waits);

    tell(&mut view, updated(&kava(), 20, 12));
    let plan = plan_everything(&view);
    assert_eq!((items(&plan), plan.waits.len()), (vec![], 2));
    // Somebody else moves the client on.
    tell(&mut view, updated(&kava(), 29, 25));
    tell(&mut view, [block_end(&akash(), 30)]);
    assert_eq!(items(&plan_everything(&view)), []);

    tell(&mut view, [block_end(&kava(), 30)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Recv(key(1)), Item::Recv(key(2))]);
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!((route.height, route.proof_height), (11, 12));
    assert!(route.exact && !route.update);
}

#[test]
fn a_timeout_is_proven_by_a_consensus_state_that_is_past_it_and_old_enough() {
    let mut view = with_delay(open_channel(Ordering::Unordered));
    let send = Event::SendPacket(packet(1, 32));
    tell(
        &mut view,
        [
            event(&akash(), 11, send),
            block_end(&akash(), 11),
            block_end(&kava(), 31),
        ],
    );
    // One that is not past the timeout does not do.
    tell(&mut view, updated(&akash(), 12, 31));
    tell(&mut view, [block_end(&kava(), 33)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [refresh(&akash())]);
    assert_eq!(plan.batches[0].route.as_ref().unwrap().proof_height, 33);
    tell(&mut view, updated(&akash(), 20, 33));
    tell(&mut view, [block_end(&kava(), 50), block_end(&akash(), 29)]);
    let plan = plan_everything(&view);
    let waits = Some(Why::DelayPeriod(akash()));
    assert_eq!(items(&plan), []);
    assert_eq!(why(&plan, &Item::Timeout(key(1))), waits);
    tell(&mut view, [block_end(&akash(), 30)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Timeout(key(1))]);
    assert_eq!(plan.batches[0].route.as_ref().unwrap().proof_height, 33);
}

#[test]
fn a_ledger_that_does_not_remember_begins_the_delay_again() {
    let mut view = with_delay(open_channel(Ordering::Unordered));
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    // The client is past the packet, and nobody knows since when.
    let client = ClientKey {
        chain: kava(),
        client_id: client_id(),
    };
    let mut record = view.client(&client).unwrap().clone();
    record.summary.latest_height = 12;
    view.commit(&Change::Client(client, record));
    tell(&mut view, [block_end(&akash(), 15)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [refresh(&kava())]);
    assert_eq!(plan.batches[0].route.as_ref().unwrap().proof_height, 15);
}
