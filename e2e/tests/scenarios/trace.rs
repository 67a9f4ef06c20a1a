//! Tokens that a chain sends on to a third one: every hop, the wait for the next hop, and
//! the way back from one that fails.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{http, voucher, wait, ChainSpec, Network, TestChain};

const OSMOSIS: &str = "osmosis-a";

/// akash, kava and osmosis in a row; kava is in the middle.
struct Row {
    fixture: Fixture,
    /// kava's channel to osmosis, and osmosis' to kava.
    kava_to_osmosis: String,
    osmosis_to_kava: String,
    osmosis_user: String,
}

impl Row {
    fn open() -> Result<Self> {
        let osmosis = ChainSpec {
            id: OSMOSIS,
            prefix: "osmo",
            denom: "uosmo",
            coins: "1000000000000uosmo",
            ..ChainSpec::akash()
        };
        let network = Network::of(vec![ChainSpec::akash(), ChainSpec::kava(), osmosis])?;
        let fixture = Fixture::new(network)?;
        let network = &fixture.network;
        let (kava_to_osmosis, osmosis_to_kava) =
            network.open_channel_between(&network.tern, ["kava-a", OSMOSIS])?;
        Ok(Self {
            kava_to_osmosis,
            osmosis_to_kava,
            osmosis_user: fixture.network.address(OSMOSIS, "user")?,
            fixture,
        })
    }

    /// Sends 500 uakt over kava to this receiver on osmosis; the transaction's hash.
    fn send(&self, receiver: &str, timeout: &str) -> Result<String> {
        let memo = serde_json::json!({ "forward": {
            "receiver": receiver, "port": "transfer", "channel": self.kava_to_osmosis,
            "timeout": timeout,
        }});
        let fixture = &self.fixture;
        let memo = memo.to_string();
        let path = ["transfer", "akash-a", &fixture.on_akash, "500uakt"];
        let sent = fixture
            .network
            .user
            .json(&[&path[..], &[&fixture.kava_user, "--memo", &memo]].concat())?;
        let hash = sent["txs"][0]["hash"].as_str().context("no hash")?;
        // The node has not indexed it as soon as it is in a block.
        wait::until("the transaction to be found", LONG, || {
            let ran = fixture.network.tern.run(&["trace", hash])?;
            Ok((ran.code == Some(0)).then_some(()))
        })?;
        Ok(hash.to_owned())
    }

    /// Relays what can be relayed: the first packet's acknowledgement only after the next
    /// hop.
    fn clear(&self, chain: &str, channel: &str) -> Result<()> {
        let ran = self
            .fixture
            .network
            .tern
            .run(&["packet", "clear", chain, channel])?;
        let waits = ran
            .text()
            .contains("the acknowledgement is not written yet");
        ensure!(ran.code == Some(0) || waits, "{}", ran.text());
        Ok(())
    }

    fn clear_first(&self) -> Result<()> {
        self.clear("akash-a", &self.fixture.on_akash)
    }

    fn clear_second(&self) -> Result<()> {
        self.clear("kava-a", &self.kava_to_osmosis)
    }

    /// The document of the one packet of a transaction.
    fn trace(&self, hash: &str) -> Result<Value> {
        let trace = self.fixture.network.tern.json(&["trace", hash])?;
        let packets = trace["packets"].as_array().context("no packets")?;
        ensure!(packets.len() == 1, "{trace}");
        Ok(packets[0].clone())
    }

    /// By HTTP it is told as by the command.
    fn is_served(&self, hash: &str) -> Result<()> {
        let tern = &self.fixture.network.tern;
        tern.serve_http()?;
        let daemon = tern.start()?;
        daemon.follows(3, LONG)?;
        let port = daemon.http_port()?;
        let ask = |query: &str| -> Result<Value> {
            let (code, body) = http::ask(port, &format!("/api/v1/trace?{query}"))?;
            ensure!(code == 200, "{code}: {body}");
            Ok(serde_json::from_str(&body)?)
        };
        let trace = ask(&format!("tx={hash}"))?;
        ensure!(trace == tern.json(&["trace", hash])?, "{trace}");
        let channel = &self.fixture.on_akash;
        let packet = ask(&format!("chain=akash-a&channel={channel}&sequence=1"))?;
        ensure!(packet["hops"] == trace["packets"][0]["hops"], "{packet}");
        let list = ask(&format!("sender={}", self.fixture.akash_user))?;
        ensure!(list[0]["trace"]["hops"] == packet["hops"], "{list}");
        ensure!(daemon.terminate(LONG)?.success());
        Ok(())
    }

    fn text(&self, hash: &str) -> Result<String> {
        let ran = self.fixture.network.tern.run(&["trace", hash])?;
        ensure!(ran.code == Some(0), "{}", ran.text());
        let wide = ran.stdout.lines().find(|line| line.chars().count() > 80);
        ensure!(wide.is_none(), "wider than 80 columns: {wide:?}");
        Ok(ran.stdout)
    }

    /// Ends the scenario if the packet has come back to the unit.
    fn came_back(&self, trace: &Value, before: u128) -> Result<()> {
        let refund = &trace["outcome"]["refund"];
        ensure!(refund["state"] == "returned", "{trace}");
        ensure!(refund["chain_id"] == "akash-a", "{trace}");
        let last = trace["steps"].as_array().and_then(|steps| steps.last());
        let tx = last.map(|step| &step["tx"]["hash"]);
        ensure!(
            tx == Some(&refund["tx"]) && refund["tx"].is_string(),
            "{trace}"
        );
        let akash = self.fixture.akash();
        ensure!(akash.balance(&self.fixture.akash_user, "uakt")? == before);
        ensure!(akash.balance(&akash.escrow(&self.fixture.on_akash)?, "uakt")? == 0);
        Ok(())
    }

    fn osmosis(&self) -> &TestChain {
        &self.fixture.network.chains[2]
    }
}

#[test]
fn every_hop_of_tokens_that_are_sent_on_is_shown() -> Result<()> {
    let row = Row::open()?;
    let hash = row.send(&row.osmosis_user, "10m")?;
    let sent = row.trace(&hash)?;
    ensure!(sent["state"] == "waits_for_recv", "{sent}");
    ensure!(sent["hops"] == serde_json::json!([]), "{sent}");

    // kava has it, and sends it on. It acknowledges only when that is done.
    row.clear_first()?;
    let between = row.trace(&hash)?;
    ensure!(between["state"] == "waits_for_application", "{between}");
    let hop = &between["hops"][0];
    ensure!(
        hop["cause"] == "forwarded" && hop["state"] == "waits_for_recv",
        "{between}"
    );
    ensure!(hop["src"]["chain_id"] == "kava-a", "{between}");
    ensure!(hop["dst"]["chain_id"] == OSMOSIS, "{between}");
    ensure!(
        hop["steps"][0]["tx"]["hash"] == between["steps"][2]["tx"]["hash"],
        "{between}"
    );
    let text = row.text(&hash)?;
    let clear = format!("`tern packet clear kava-a {}`", row.kava_to_osmosis);
    for told in [
        "Waiting to be received on osmosis-a",
        "kava-a confirms packet #1 to akash-a only when the next hop is done",
        &clear,
    ] {
        ensure!(text.contains(told), "no `{told}` in\n{text}");
    }

    row.clear_second()?;
    row.clear_first()?;
    let done = row.trace(&hash)?;
    ensure!(done["outcome"]["result"] == "arrived", "{done}");
    ensure!(done["outcome"]["chain_id"] == OSMOSIS, "{done}");
    ensure!(done["outcome"]["confirmed"] == true, "{done}");
    ensure!(done["hops"][0]["ack"]["success"] == true, "{done}");
    let text = row.text(&hash)?;
    let titles: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("07-tendermint"))
        .filter_map(|line| line.split_once(": block").map(|(title, _)| title))
        .collect();
    let expected = [
        "Sent from akash-a",
        "Arrived on kava-a",
        "Sent on from kava-a to osmosis-a",
        "Arrived on osmosis-a",
        "Confirmed on kava-a",
        "Answered by kava-a",
        "Confirmed on akash-a",
    ];
    ensure!(titles == expected, "{titles:?}\n{text}");

    // The transaction in which kava received and sent on leads to the same way.
    let middle = done["steps"][2]["tx"]["hash"].as_str().context("no tx")?;
    let middle = row.trace(middle)?;
    ensure!(
        middle["in_tx"] == "received" && middle["hops"] == done["hops"],
        "{middle}"
    );

    // A relayer that does not know the third chain says where it ends.
    let sender = row.fixture.network.tern.clone();
    let config = std::fs::read_to_string(sender.home.join("config.toml"))?;
    let two = config
        .split(&format!("[[chain]]\nid = \"{OSMOSIS}\""))
        .next();
    std::fs::write(sender.home.join("config.toml"), two.context("no chains")?)?;
    let alone = row.trace(&hash)?;
    ensure!(alone["unfollowed"]["why"] == "not_configured", "{alone}");
    ensure!(alone["unfollowed"]["dst_chain_id"] == OSMOSIS, "{alone}");
    std::fs::write(sender.home.join("config.toml"), config)?;
    row.is_served(&hash)?;

    let on_kava = format!("transfer/{}/uakt", row.fixture.on_kava);
    let denom = voucher(&row.osmosis_to_kava, &on_kava);
    let arrived = row.osmosis().balance(&row.osmosis_user, &denom)?;
    ensure!(arrived == 500, "{arrived} arrived");
    row.fixture.passed()
}

#[test]
fn tokens_that_the_last_chain_refuses_come_back_over_all_hops() -> Result<()> {
    let row = Row::open()?;
    let before = row
        .fixture
        .akash()
        .balance(&row.fixture.akash_user, "uakt")?;
    let hash = row.send("nobody", "10m")?;
    row.clear_first()?;
    row.clear_second()?;
    let returning = row.trace(&hash)?;
    ensure!(returning["outcome"]["result"] == "refused", "{returning}");
    ensure!(returning["outcome"]["chain_id"] == OSMOSIS, "{returning}");
    ensure!(
        returning["outcome"]["refund"]["state"] == "returning",
        "{returning}"
    );

    row.clear_first()?;
    row.came_back(&row.trace(&hash)?, before)?;
    let text = row.text(&hash)?;
    for told in [
        "\nRefused by osmosis-a: ",
        "\nReturned to kava-a: ",
        "\nSent back by kava-a: ",
        "\nReturned to you on akash-a: ",
        "\nArrived but refused by osmosis-a: ",
    ] {
        ensure!(text.contains(told), "no `{told}` in\n{text}");
    }
    row.fixture.passed()
}

#[test]
fn tokens_that_do_not_reach_the_last_chain_in_time_come_back_over_all_hops() -> Result<()> {
    let row = Row::open()?;
    let before = row
        .fixture
        .akash()
        .balance(&row.fixture.akash_user, "uakt")?;
    let hash = row.send(&row.osmosis_user, "2s")?;
    row.clear_first()?;
    row.osmosis().passes(Duration::from_secs(4), LONG)?;
    row.clear_second()?;
    row.clear_first()?;
    let trace = row.trace(&hash)?;
    ensure!(trace["outcome"]["result"] == "timed_out", "{trace}");
    ensure!(trace["hops"][0]["state"] == "timed_out", "{trace}");
    row.came_back(&trace, before)?;
    row.fixture.passed()
}
