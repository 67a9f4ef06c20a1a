//! `tern trace`: a pending packet, an acknowledged packet and a timed-out packet.

use serde_json::Value;

use super::devnet::{free_ports, Daemon, Devnet};
use super::home::{Home, Ran};

/// Two chains with a channel, and the packets of a test on it.
struct Path {
    home: Home,
    _devnet: Devnet,
    receiver: String,
}

impl Path {
    fn open() -> Self {
        let home = Home::empty();
        let devnet = Devnet::start(&home, &["--port", &free_ports(2)]);
        let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
        assert_eq!(opened.code, 0, "{opened:?}");
        let keys = home.tern(&["keys", "list", "kava-dev", "--json"]).json();
        let receiver = keys["keys"][0]["address"]
            .as_str()
            .expect("an address")
            .to_owned();
        Self {
            home,
            _devnet: devnet,
            receiver,
        }
    }

    fn send(&self, more: &[&str]) -> Ran {
        let args = [
            "transfer",
            "akash-dev",
            "channel-0",
            "5uakt",
            &self.receiver,
        ];
        self.home.tern(&[&args[..], more].concat())
    }

    fn trace(&self, sequence: &str, more: &[&str]) -> Ran {
        let args = ["trace", "akash-dev", "channel-0", sequence];
        self.home.tern(&[&args[..], more].concat())
    }

    fn trace_json(&self, sequence: &str) -> Value {
        let ran = self.trace(sequence, &["--json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()
    }
}

fn steps(trace: &Value) -> Vec<&str> {
    let steps = trace["steps"].as_array().expect("steps").iter();
    steps.filter_map(|step| step["step"].as_str()).collect()
}

#[test]
fn every_step_of_an_acknowledged_packet_is_shown() {
    let path = Path::open();
    assert_eq!(path.send(&[]).code, 0);
    let trace = path.trace_json("1");
    assert_eq!(steps(&trace), ["sent"], "{trace}");
    assert_eq!(trace["state"], "waits_for_recv");
    assert_eq!(
        trace["carried_by"][1],
        "tern packet clear akash-dev channel-0"
    );

    let _daemon = Daemon::start(&path.home);
    // The channel is unordered, so the first packet may be relayed later.
    assert_eq!(path.send(&["--wait"]).code, 0);
    let cleared = path
        .home
        .tern(&["packet", "clear", "akash-dev", "channel-0"]);
    assert_eq!(cleared.code, 0, "{cleared:?}");

    for sequence in ["1", "2"] {
        let trace = path.trace_json(sequence);
        assert_eq!(
            steps(&trace),
            [
                "sent",
                "client_updated",
                "received",
                "ack_written",
                "client_updated",
                "acknowledged"
            ],
            "{trace}"
        );
        assert_eq!(trace["state"], "acknowledged");
        assert_eq!(trace["ack"]["success"], true);
        assert_eq!(trace["data"]["amount"], "5");
        for step in trace["steps"].as_array().unwrap() {
            assert_eq!(step["tx"]["code"], 0, "{step}");
            assert!(step["tx"]["gas_used"].as_u64() > Some(0), "{step}");
            assert!(step["tx"]["signer"].is_string(), "{step}");
        }
        let height = |step: usize| trace["steps"][step]["height"].as_u64().unwrap();
        let proven_at = trace["steps"][1]["consensus_height"].as_u64().unwrap();
        assert!(proven_at > height(0), "{trace}");
        assert!(height(1) <= height(2) && height(0) < height(5), "{trace}");
        assert_eq!(trace["blocks"].as_u64(), Some(height(5) - height(0)));
    }

    let text = path.trace("2", &[]);
    assert_eq!(text.code, 0, "{text:?}");
    for words in [
        "5 uakt from akash1",
        "received",
        "done: acknowledged with success",
    ] {
        assert!(text.out.contains(words), "{words}: {text:?}");
    }
}

#[test]
fn every_step_of_a_timed_out_packet_is_shown() {
    let path = Path::open();
    assert_eq!(path.send(&["--timeout", "2s"]).code, 0);
    // A development chain makes blocks, so the timeout passes on the destination.
    let waiting = loop {
        let trace = path.trace_json("1");
        if trace["state"] != "waits_for_recv" {
            break trace;
        }
    };
    assert_eq!(waiting["state"], "waits_for_timeout", "{waiting}");
    let cleared = path
        .home
        .tern(&["packet", "clear", "akash-dev", "channel-0"]);
    assert_eq!(cleared.code, 0, "{cleared:?}");
    let trace = path.trace_json("1");
    assert_eq!(steps(&trace), ["sent", "client_updated", "timed_out"]);
    assert_eq!(trace["state"], "timed_out");
}

#[test]
fn an_unknown_packet_or_channel_is_one_clear_error() {
    let path = Path::open();
    for (args, expected) in [
        (["akash-dev", "channel-0", "7"], "packet #7 was not sent"),
        (["akash-dev", "channel-9", "1"], "there is no channel"),
    ] {
        let ran = path.home.tern(&[&["trace"], &args[..]].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(expected), "{ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""));
    }
}
