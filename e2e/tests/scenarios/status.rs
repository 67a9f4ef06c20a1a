//! What an operator sees of a running relayer: `tern status`, metrics, health and readiness,
//! while all is well, and while a chain's node is away.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{http, wait, Network, TestChain};

/// Packets sent each way.
const PACKETS: u32 = 5;

#[test]
fn status_and_metrics_say_what_is_and_what_needs_a_person() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    fixture.told(&["status"], "no daemon runs in")?;
    let mut node = follower(&fixture)?;
    fixture.network.tern.serve_http()?;
    let mut daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let port = daemon.http_port()?;

    let mut events = http::lines(port, "/api/v1/events?chain=akash-a")?;
    fixture.send_both(PACKETS)?;
    let is_last = |line: &String| line.starts_with("data: ") && line.contains("\"acknowledged\"");
    let told = events.find(is_last).context("no acknowledgement is told")?;
    ensure!(told.contains("\"chain\":\"akash-a\""), "{told}");
    fixture.settled()?;
    let seen = Seen { fixture, port };
    seen.all_well()?;
    seen.everything_is_counted()?;

    node.kill()?;
    seen.node_is_missed()?;
    node.up()?;
    seen.all_well()?;

    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    ensure!(daemon.terminate(LONG)?.success());
    ensure!(http::ask(port, "/health").is_err(), "it is served on");
    seen.fixture.passed()
}

/// A node of kava without voting power, which Tern asks alone.
fn follower(fixture: &Fixture) -> Result<TestChain> {
    let mut node = fixture.kava().follower("node")?;
    node.up()?;
    node.synced()?;
    fixture.network.tern.ask_instead(fixture.kava(), &node)?;
    Ok(node)
}

struct Seen {
    fixture: Fixture,
    port: u16,
}

impl Seen {
    /// The exit code of `tern status`, and its document.
    fn status(&self) -> Result<(Option<i32>, Value)> {
        let output = self.fixture.network.tern.run(&["status", "--json"])?;
        Ok((output.code, output.json()?))
    }

    /// The value of a series of `/metrics`.
    fn metric(&self, series: &str) -> Result<f64> {
        let (code, text) = http::ask(self.port, "/metrics")?;
        ensure!(code == 200, "{code}: {text}");
        let line = text.lines().find(|line| line.starts_with(series));
        let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        value.with_context(|| format!("no {series} in {text}"))
    }

    fn all_well(&self) -> Result<()> {
        let mut last = Value::Null;
        let well = wait::until("all to be well", LONG, || {
            let (code, status) = self.status()?;
            let is_well = status["verdict"] == "All well" && code == Some(0);
            last = status;
            Ok(is_well.then_some(()))
        });
        well.with_context(|| last.to_string())?;
        ensure!(http::ask(self.port, "/ready")?.0 == 200);
        ensure!(http::ask(self.port, "/health")?.0 == 200);
        let text = self.fixture.network.tern.run(&["status"])?;
        println!("{}", text.stdout);
        let widest = text.stdout.lines().map(|line| line.chars().count()).max();
        ensure!(widest <= Some(80), "wider than 80 columns: {}", text.stdout);
        Ok(())
    }

    /// After some packets each way.
    fn everything_is_counted(&self) -> Result<()> {
        let mut status = Value::Null;
        let counted = wait::until("all packets to be counted", LONG, || {
            status = self.status()?.1;
            let paths = status["paths"].as_array().context("no paths")?;
            let mut paths = paths.iter();
            let is_done = |path: &Value| path["acknowledged"] == PACKETS && path["pending"] == 0;
            let txs = status["txs"].as_array().context("no transactions")?;
            let mut txs = txs.iter();
            let all = paths.all(is_done) && txs.all(|tx| tx["state"] == "succeeded");
            Ok(all.then_some(()))
        });
        counted.with_context(|| status.to_string())?;
        for wallet in status["wallets"].as_array().context("no wallets")? {
            ensure!(wallet["amount"].as_str() > Some("0"), "{wallet}");
        }
        ensure!(
            status["txs"].as_array().is_some_and(|txs| txs.len() >= 4),
            "{status}"
        );
        ensure!(status["clients"]
            .as_array()
            .is_some_and(|clients| clients.len() == 2));

        let (_, fees) = http::ask(self.port, "/api/v1/fees?chain=kava-a")?;
        let fees: Value = serde_json::from_str(&fees)?;
        let fees = fees.as_array().context("no fees")?;
        ensure!(
            fees.iter().any(|fees| fees["purpose"] == "packets"),
            "{fees:?}"
        );
        ensure!(fees.iter().all(|fees| fees["denom"] == "ukava"), "{fees:?}");

        let from_akash = format!(
            "src_chain=\"akash-a\",src_port=\"transfer\",src_channel=\"{}\",dst_chain=\"kava-a\",\
             dst_channel=\"{}\"",
            self.fixture.on_akash, self.fixture.on_kava
        );
        for (series, least) in [
            (format!("tern_path_packets_total{{{from_akash},step=\"acknowledged\"}}"), 5.0),
            (format!("tern_path_pending_packets{{{from_akash}}}"), 0.0),
            ("tern_fees_paid_total{denom=\"uakt\",chain=\"akash-a\",purpose=\"packets\"}".into(), 1.0),
            ("tern_txs_total{chain=\"kava-a\",outcome=\"succeeded\"".into(), 1.0),
            ("tern_step_seconds_count{src_chain=\"akash-a\",dst_chain=\"kava-a\",step=\"receive\"}".into(), 5.0),
            ("tern_wallet_balance{chain=\"kava-a\"".into(), 1.0),
            ("tern_node_requests_total{chain=\"kava-a\"".into(), 1.0),
            ("tern_client_expires_time_seconds{chain=\"akash-a\"".into(), 1.0),
            ("backlog_size{chain=\"akash-a\",counterparty=\"kava-a\"".into(), 0.0),
            ("acknowledgment_packets_confirmed_total{src_chain=\"akash-a\"".into(), 5.0),
        ] {
            let value = self.metric(&series)?;
            ensure!(value >= least, "{series} is {value}");
        }
        Ok(())
    }

    /// Kava's only node is away, and a packet waits for it.
    fn node_is_missed(&self) -> Result<()> {
        self.fixture.send_akt(1)?;
        let mut last = Value::Null;
        let told = wait::until("the status to name kava", LONG, || {
            let (code, status) = self.status()?;
            let need = &status["needs"][0];
            let is_told = need["kind"] == "chain_down" && need["subject"] == "kava-a";
            last = status;
            Ok((is_told && code == Some(1)).then_some(()))
        });
        told.with_context(|| last.to_string())?;
        ensure!(last["needs"][0]["since"].is_string(), "{last}");
        let (code, ready) = http::ask(self.port, "/ready")?;
        ensure!(
            code == 503 && ready.contains("kava-a: no node answers"),
            "{ready}"
        );
        ensure!(self.metric("tern_needs{kind=\"chain_down\",severity=\"act\"}")? == 1.0);
        ensure!(self.metric("tern_chain_following{chain=\"kava-a\"}")? == 0.0);
        let channel = &self.fixture.on_akash;
        let packets = self.packets(&format!("chain=akash-a&channel={channel}"))?;
        ensure!(packets["pending"] == 1, "{packets}");
        let waits = packets["packets"][0]["waits_for"].as_str();
        ensure!(
            waits.is_some_and(|waits| waits.contains("kava-a is not followed")),
            "{packets}"
        );
        println!("{}", self.fixture.network.tern.run(&["status"])?.stdout);
        self.packet_is_found()
    }

    /// The one that waits: by what it says, and by its transaction.
    fn packet_is_found(&self) -> Result<()> {
        let (sender, receiver) = (&self.fixture.akash_user, &self.fixture.kava_user);
        let by_data = format!("state=sent&sender={sender}&receiver={receiver}&denom=uakt");
        let found = self.packets(&by_data)?;
        ensure!(found["pending"] == 1 && found["left_out"] == 0, "{found}");
        let packet = &found["packets"][0];
        ensure!(packet["transfer"]["amount"] == "100", "{found}");
        ensure!(packet["transfer"]["sender"] == **sender, "{found}");
        for none in [
            "state=received",
            &format!("sender={receiver}"),
            "denom=ukava",
        ] {
            let found = self.packets(none)?;
            ensure!(found["pending"] == 0 && found["looked_at"] == 1, "{found}");
        }

        // kava need not answer for what akash knows.
        let (code, sent) = self.ask(&format!("trace?sender={sender}&limit=1"))?;
        ensure!(code == 200 && sent[0]["state"] == "sent", "{code}: {sent}");
        let tx = sent[0]["tx"].as_str().context("no tx")?;
        let found = self.packets(&format!("tx={tx}"))?;
        ensure!(
            found["packets"][0]["sequence"] == packet["sequence"],
            "{found}"
        );
        let (code, problem) = self.ask("trace?chain=kava-a&channel=channel-0&sequence=1")?;
        ensure!(code == 502, "{code}: {problem}");
        Ok(())
    }

    fn packets(&self, query: &str) -> Result<Value> {
        let (code, packets) = self.ask(&format!("packets?{query}"))?;
        ensure!(code == 200, "{code}: {packets}");
        Ok(packets)
    }

    fn ask(&self, path: &str) -> Result<(u16, Value)> {
        let (code, body) = http::ask(self.port, &format!("/api/v1/{path}"))?;
        Ok((code, serde_json::from_str(&body)?))
    }
}
