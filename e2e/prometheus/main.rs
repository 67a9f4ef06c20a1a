//! A Prometheus with the shipped rules scrapes Tern on two real chains: a node that is away
//! is alerted, and once it is back no alert is left. It needs Debian's package:
//!
//! ```text
//! sudo apt-get install prometheus
//! cargo run -p tern-e2e --bin prometheus-check
//! ```
//!
//! The rules are those of `examples/monitoring/alerts.yml`, but for how long a state has to
//! last, which is a second here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{free_ports, http, wait, Network, Process, TestChain};

const ALERTS: &str = include_str!("../../examples/monitoring/alerts.yml");
const LONG: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let network = Network::two()?;
    network.open_channel(&network.tern)?;
    let kava = network.chain("kava-a")?;
    let mut node = follower(kava)?;
    network.tern.ask_instead(kava, &node)?;
    network.tern.serve_http()?;
    let daemon = network.tern.start()?;
    daemon.follows(2, LONG)?;
    let prometheus = Prometheus::start(&network.tern.home, daemon.http_port()?)?;
    prometheus.scrapes()?;
    prometheus.fires(&[])?;

    node.kill()?;
    prometheus.fires(&["TernChainNotFollowed", "TernNeedsAPerson", "TernNodeFails"])?;
    println!("a node that is away is alerted");
    node.up()?;
    prometheus.fires(&[])?;
    println!("and once it is back no alert is left");

    ensure!(daemon.terminate(LONG)?.success());
    prometheus.fires(&["TernDown"])?;
    println!("a relayer that has ended is alerted");
    network.passed()
}

/// A node of its own, so that the chain goes on without it.
fn follower(kava: &TestChain) -> Result<TestChain> {
    let mut node = kava.follower("node")?;
    node.up()?;
    node.synced()?;
    Ok(node)
}

struct Prometheus {
    _process: Process,
    port: u16,
}

impl Prometheus {
    fn start(folder: &Path, tern: u16) -> Result<Self> {
        let [port, ..] = free_ports()?;
        let is_wait = |line: &&str| line.trim_start().starts_with("for: ");
        let rules = ALERTS.lines().map(|line| match is_wait(&line) {
            true => "        for: 1s",
            false => line,
        });
        let rules: Vec<&str> = rules.collect();
        std::fs::write(folder.join("alerts.yml"), rules.join("\n"))?;
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
             rule_files: [alerts.yml]\n\
             scrape_configs:\n\
             - {{ job_name: tern, static_configs: [{{ targets: [\"127.0.0.1:{tern}\"] }}] }}\n"
        );
        std::fs::write(folder.join("prometheus.yml"), config)?;
        let mut command = Command::new("prometheus");
        command.current_dir(folder).args([
            "--config.file=prometheus.yml".to_owned(),
            "--storage.tsdb.path=prometheus".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]);
        let process = Process::start_with_log(&mut command, &folder.join("prometheus.log"));
        let process = process.context("is Prometheus installed? apt-get install prometheus")?;
        Ok(Self {
            _process: process,
            port,
        })
    }

    fn ask(&self, path: &str) -> Result<Value> {
        let (code, body) = http::ask(self.port, path)?;
        ensure!(code == 200, "{path}: {code}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    /// Waits until it has read Tern's metrics.
    fn scrapes(&self) -> Result<()> {
        let mut last = Value::Null;
        let scraped = wait::until("Prometheus to scrape Tern", LONG, || {
            last = self.ask("/api/v1/targets")?;
            let target = &last["data"]["activeTargets"][0];
            Ok((target["health"] == "up").then_some(()))
        });
        scraped.with_context(|| last.to_string())
    }

    /// Waits until these alerts fire, and no other.
    fn fires(&self, names: &[&str]) -> Result<()> {
        let wanted: BTreeSet<&str> = names.iter().copied().collect();
        let mut last = Value::Null;
        let fires = wait::until(&format!("the alerts {names:?}"), LONG, || {
            last = self.ask("/api/v1/alerts")?;
            let alerts = last["data"]["alerts"].as_array().context("no alerts")?;
            let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
            let firing: BTreeSet<&str> = firing
                .filter_map(|alert| alert["labels"]["alertname"].as_str())
                .collect();
            Ok((firing == wanted).then_some(()))
        });
        fires.with_context(|| last.to_string())
    }
}
