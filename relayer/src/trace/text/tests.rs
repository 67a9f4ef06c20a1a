//! What people read, by value.

use tern_chains::{ChainId, ClientId};
use tern_core::ledger::ChannelKey;

use super::super::hops::Hop;
use super::super::testing::{end, place_in_tx, trace, transfer};
use super::*;

fn client() -> ClientId {
    "07-tendermint-0".parse().unwrap()
}

fn success() -> Option<Ack> {
    Some(Ack::Success)
}

fn error() -> Option<Ack> {
    Some(Ack::Error("ABCI code: 5".to_owned()))
}

fn alone(state: State, steps: Vec<(StepKind, &str, Result<Place, Missing>)>) -> Hops {
    Hops {
        first: PacketTrace {
            packet: Some(transfer("channel-0", 7, "uakt", "kava1b", "")),
            state,
            ..trace(steps)
        },
        next: vec![],
        unfollowed: None,
    }
}

/// A packet to kava that is sent on to osmosis.
fn over_two(first: State, second: State, after: Vec<(StepKind, u64, u8)>) -> Hops {
    let memo = r#"{"forward":{"receiver":"osmo1c","port":"transfer","channel":"channel-3"}}"#;
    let mut steps = vec![
        (StepKind::Sent, "akash-a", Ok(place_in_tx(101, 0.0, 1))),
        (StepKind::Received, "kava-a", Ok(place_in_tx(548, 1.0, 2))),
    ];
    let after = after.into_iter().map(|(kind, height, tx)| {
        let chain = match kind {
            StepKind::AckWritten(_) => "kava-a",
            _ => "akash-a",
        };
        (kind, chain, Ok(place_in_tx(height, height as f64, tx)))
    });
    steps.extend(after);
    let mut hops = alone(first, steps);
    hops.first.packet = Some(transfer("channel-0", 7, "uakt", "pfm", memo));
    hops.next = vec![Hop {
        cause: Cause::Forwarded,
        trace: PacketTrace {
            src: ChannelKey {
                channel_id: "channel-3".parse().unwrap(),
                ..end("kava-a")
            },
            dst: end("osmosis-a"),
            sequence: 3.into(),
            packet: Some(transfer(
                "channel-3",
                3,
                "transfer/channel-0/uakt",
                "osmo1c",
                "",
            )),
            state: second,
            ..trace(vec![(
                StepKind::Sent,
                "kava-a",
                Ok(place_in_tx(548, 1.0, 2)),
            )])
        },
    }];
    hops
}

fn told(hops: &Hops) -> String {
    let lines = lines(hops);
    for line in &lines {
        assert!(line.chars().count() <= 80, "{line}");
    }
    lines.join("\n")
}

#[test]
fn a_packet_that_went_well_is_told_as_one_time_line() {
    let updated = StepKind::ClientUpdated {
        client_id: client(),
        of: ChainId::from_string("akash-a"),
        consensus_height: 102,
    };
    let hops = alone(
        State::Acknowledged(success()),
        vec![
            (StepKind::Sent, "akash-a", Ok(place_in_tx(101, 0.0, 1))),
            (updated, "kava-a", Ok(place_in_tx(548, 1.5, 2))),
            (StepKind::Received, "kava-a", Ok(place_in_tx(548, 1.5, 2))),
            (
                StepKind::AckWritten(success()),
                "kava-a",
                Ok(place_in_tx(548, 1.5, 2)),
            ),
            (
                StepKind::Acknowledged,
                "akash-a",
                Ok(place_in_tx(104, 3.0, 3)),
            ),
        ],
    );
    let expected = "\
100 uakt from akash1a to kava1b
akash-a transfer/channel-0 -> kava-a transfer/channel-0, packet #7

Sent from akash-a: block 101, 1970-01-01T00:00:00.000Z
    tx 0101010101010101010101010101010101010101010101010101010101010101
    by signer1
    1 message, gas 7 of 9
07-tendermint-0 on kava-a has height 102 of akash-a: block 548,
    1970-01-01T00:00:01.500Z, +1.5 s
    tx 0202020202020202020202020202020202020202020202020202020202020202
    relayed by signer2
    1 message, gas 7 of 9
Arrived on kava-a: block 548, 1970-01-01T00:00:01.500Z, +0.0 s
    in the same tx
Confirmed on akash-a: block 104, 1970-01-01T00:00:03.000Z, +1.5 s, +3 blocks
    tx 0303030303030303030303030303030303030303030303030303030303030303
    relayed by signer3
    1 message, gas 7 of 9

Arrived on kava-a and confirmed, 3.0 s and 3 blocks after it was sent";
    assert_eq!(told(&hops), expected);
}

#[test]
fn a_refused_packet_says_what_came_back_to_whom_and_where() {
    let hops = alone(
        State::Acknowledged(error()),
        vec![
            (StepKind::Received, "kava-a", Ok(place_in_tx(548, 1.5, 2))),
            (
                StepKind::AckWritten(error()),
                "kava-a",
                Ok(place_in_tx(548, 1.5, 2)),
            ),
            (
                StepKind::Acknowledged,
                "akash-a",
                Ok(place_in_tx(104, 3.0, 3)),
            ),
        ],
    );
    let text = told(&hops);
    assert!(
        text.contains("\nRefused by kava-a: ABCI code: 5: block 548"),
        "{text}"
    );
    assert!(
        text.contains("\nReturned to you on akash-a: block 104"),
        "{text}"
    );
    let ending = "\
Arrived but refused by kava-a: ABCI code: 5; your 100 uakt came back to akash1a
on akash-a in tx
0303030303030303030303030303030303030303030303030303030303030303";
    assert!(text.ends_with(ending), "{text}");
}

#[test]
fn a_hop_that_waits_is_named_with_what_can_be_done() {
    let hops = over_two(
        State::Waits(Wait::AckNotWritten),
        State::Waits(Wait::Recv),
        vec![],
    );
    let text = told(&hops);
    assert!(
        text.starts_with("100 uakt from akash1a to osmo1c\n"),
        "{text}"
    );
    assert!(
        text.contains("\nSent on from kava-a to osmosis-a: block 548"),
        "{text}"
    );
    let ending = "
On its way
Waiting to be received on osmosis-a
kava-a confirms packet #7 to akash-a only when the next hop is done
To relay it, run `tern start` or `tern packet clear kava-a channel-3`";
    assert!(text.ends_with(ending), "{text}");
}

#[test]
fn a_hop_that_failed_tells_the_way_back() {
    let mut hops = over_two(
        State::Acknowledged(error()),
        State::TimedOut,
        vec![
            (StepKind::AckWritten(error()), 560, 4),
            (StepKind::Acknowledged, 110, 5),
        ],
    );
    let timed_out = trace(vec![(
        StepKind::TimedOut,
        "kava-a",
        Ok(place_in_tx(560, 9.0, 4)),
    )]);
    hops.next[0].trace.steps.extend(timed_out.steps);
    let text = told(&hops);
    let titles: Vec<_> = text
        .lines()
        .filter(|line| line.contains(": block"))
        .filter_map(|line| line.split(": block").next())
        .collect();
    let expected = [
        "Sent from akash-a",
        "Arrived on kava-a",
        "Sent on from kava-a to osmosis-a",
        "Timed out, returned to kava-a",
        "Sent back by kava-a: ABCI code: 5",
        "Returned to you on akash-a",
    ];
    assert_eq!(titles, expected);
    assert!(
        text.contains("\nNot arrived on osmosis-a in time; your 100 uakt came back to"),
        "{text}"
    );
    let returning = over_two(State::Waits(Wait::Ack), State::TimedOut, vec![]);
    let text = told(&returning);
    assert!(
        text.contains("your 100 uakt will come back on akash-a once\nit learns"),
        "{text}"
    );
    assert!(
        text.contains("`tern packet clear akash-a channel-0`"),
        "{text}"
    );
}

#[test]
fn a_way_that_leaves_the_configured_chains_ends_with_a_line() {
    let mut hops = over_two(State::Waits(Wait::AckNotWritten), State::Settled, vec![]);
    hops.next.clear();
    hops.unfollowed = Some(Unfollowed::NotConfigured {
        src: end("kava-a"),
        sequence: 3,
        dst: ChainId::from_string("osmosis-a"),
    });
    let text = told(&hops);
    assert!(
        text.starts_with("100 uakt from akash1a to osmo1c\n"),
        "{text}"
    );
    let ending = "
Arrived, and sent on
It went on as packet #3 over kava-a transfer/channel-0 to osmosis-a, which is
    not configured: add a [[chain]] section to follow it there
kava-a confirms packet #7 to akash-a only when the next hop is done";
    assert!(text.ends_with(ending), "{text}");
}

#[test]
fn a_packet_of_another_application_has_no_refund() {
    let mut hops = alone(
        State::TimedOut,
        vec![(StepKind::TimedOut, "akash-a", Ok(place_in_tx(104, 3.0, 3)))],
    );
    hops.first.packet = None;
    let text = told(&hops);
    assert!(text.contains("\nTimed out on akash-a: block 104"), "{text}");
    assert!(text.ends_with("\nNot arrived on kava-a in time"), "{text}");
}
