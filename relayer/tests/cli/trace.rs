//! `tern trace`: a pending packet, an acknowledged packet and a timed-out packet, by its
//! sequence, by the hash of a transaction, and by its sender.

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
        "Arrived on kava-dev: block",
        "Confirmed on akash-dev: block",
        "Arrived on kava-dev and confirmed",
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

#[test]
fn a_transaction_and_a_sender_lead_to_their_packets() {
    let path = Path::open();
    let sent = path.send(&["--json"]).json();
    let hash = sent["txs"][0]["hash"].as_str().expect("a hash").to_owned();
    let lower = format!("0x{}", hash.to_lowercase());
    let pending = path.home.tern(&["trace", &lower, "--json"]);
    assert_eq!(pending.code, 0, "{pending:?}");
    let pending = pending.json();
    assert_eq!(pending["tx"]["chain_id"], "akash-dev");
    assert_eq!(pending["tx"]["hash"], hash);
    let packet = &pending["packets"][0];
    assert_eq!(
        (packet["in_tx"].as_str(), packet["sequence"].as_u64()),
        (Some("sent"), Some(1))
    );
    assert_eq!(packet["outcome"]["result"], "underway");

    let cleared = path
        .home
        .tern(&["packet", "clear", "akash-dev", "channel-0"]);
    assert_eq!(cleared.code, 0, "{cleared:?}");
    let done = path.home.tern(&["trace", &hash, "--json"]).json();
    let done = &done["packets"][0];
    assert_eq!(done["outcome"]["result"], "arrived");
    assert_eq!(done["outcome"]["confirmed"], true);

    // The transactions of the relayer lead to the same packet.
    for (step, role) in [(2, "received"), (5, "acknowledged")] {
        let hash = done["steps"][step]["tx"]["hash"].as_str().expect("a hash");
        let ran = path.home.tern(&["trace", hash, "--json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let packets = ran.json()["packets"].clone();
        assert_eq!(packets[0]["in_tx"], role, "{packets}");
        assert_eq!(packets[0]["sequence"], 1);
        assert_eq!(packets.as_array().map(Vec::len), Some(1));
    }

    assert_eq!(path.send(&[]).code, 0);
    let sender = done["data"]["sender"].as_str().expect("a sender");
    let listed = path.home.tern(&["trace", "--sender", sender, "--json"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let listed = listed.json();
    let rows: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["sequence"].as_u64(), row["state"].as_str()))
        .collect();
    assert_eq!(
        rows,
        [(Some(2), Some("sent")), (Some(1), Some("confirmed"))]
    );
    assert_eq!(listed[0]["trace"]["sequence"], 2);
    let args = ["trace", "--sender", sender, "--limit", "1"];
    let text = path.home.tern(&args);
    assert_eq!(text.code, 0, "{text:?}");
    assert!(
        text.out
            .starts_with("CHAIN      CHANNEL    PACKET  AMOUNT  STATE"),
        "{text:?}"
    );
    assert!(
        text.out.contains("\nSent from akash-dev: block"),
        "{text:?}"
    );
    assert!(!text.out.contains("#1 "), "{text:?}");
}

#[test]
fn a_transaction_or_sender_that_leads_nowhere_is_one_clear_error() {
    let path = Path::open();
    let nowhere = "AB".repeat(32);
    let receiver = path.receiver.as_str();
    for (args, expected) in [
        (
            vec!["trace", &nowhere],
            "is not on akash-dev, kava-dev. If it was sent",
        ),
        (
            vec!["trace", "--sender", receiver],
            "has sent no packet in its newest",
        ),
        (
            vec!["trace", "--sender", receiver, "--chain", "akash-dev"],
            "no chain fits an address that starts with `kava`: those of akash-dev",
        ),
    ] {
        let ran = path.home.tern(&args);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(expected), "{ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""));
    }
}

#[test]
fn a_chain_that_does_not_answer_does_not_hide_what_another_one_has() {
    let path = Path::open();
    let sent = path.send(&["--json"]).json();
    let hash = sent["txs"][0]["hash"].as_str().expect("a hash").to_owned();
    let config = path.home.path("config.toml");
    let chains = std::fs::read_to_string(&config).unwrap();
    let dead = "\n[[chain]]\nid = \"dead-1\"\nrpc = \"http://127.0.0.1:1\"\n\
                grpc = \"http://127.0.0.1:1\"\naccount_prefix = \"dead\"\n\
                gas_price = \"0.025udead\"\n";
    std::fs::write(&config, chains + dead).unwrap();
    let ran = path.home.tern(&["trace", &hash, "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["packets"][0]["sequence"], 1);

    let ran = path.home.tern(&["trace", &"AB".repeat(32)]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("dead-1 does not answer"), "{ran:?}");
}
