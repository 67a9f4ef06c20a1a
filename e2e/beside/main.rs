//! Hermes and Tern on the same channel of two real chains, at the same time: both must stay
//! well, and Tern must pay for few messages that come second. Not part of CI, because it
//! needs Hermes (see `hermes-check`), and takes as long as it is told:
//!
//! ```text
//! cargo run -p tern-e2e --bin hermes-beside -- --minutes 10
//! ```
//!
//! With `--behind` Tern asks nodes of its own that are a step behind those that Hermes asks.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use tern_e2e::{
    Books, Counts, Hermes, HermesChain, HermesConfig, Network, TestChain, OTHER, RELAYER,
};

const LONG: Duration = Duration::from_secs(300);
/// Packets each way in one sending; the next follows at once.
const PACKETS: u32 = 10;
/// Most of Tern's messages about packets that may come second where both ask the same nodes.
const USELESS_PERCENT_MAX: f64 = 5.0;

fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let minutes = options.minutes;
    let network = Network::two()?;
    let [akash, kava] = ["akash-a", "kava-a"];
    let (on_akash, on_kava) = network.open_channel(&network.tern)?;
    let (akash_user, kava_user) = (
        network.address(akash, "user")?,
        network.address(kava, "user")?,
    );
    let hermes = hermes(&network)?;
    let _followers = match options.behind {
        true => behind(&network)?,
        false => vec![],
    };
    let mut of_tern = Books::open(&network, RELAYER.0)?;
    let mut of_hermes = Books::open(&network, OTHER.0)?;

    let mut daemon = network.tern.start()?;
    daemon.follows(2, LONG)?;
    let mut relaying = hermes.start("beside")?;
    println!("both relay on {on_akash} and {on_kava} for {minutes} minutes");
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(60 * minutes) {
        network.send(akash, &on_akash, "1uakt", &kava_user, PACKETS)?;
        network.send(kava, &on_kava, "1usdx", &akash_user, PACKETS)?;
        ensure!(
            daemon.ended()?.is_none(),
            "tern has ended: {}",
            daemon.log()
        );
        ensure!(
            relaying.ended()?.is_none(),
            "Hermes has ended: {}",
            relaying.tail()
        );
    }
    network.settled(&on_akash, &on_kava, LONG)?;

    let tern = of_tern.close(&network.chains, "tern")?;
    let hermes_paid = of_hermes.close(&network.chains, "hermes")?;
    hermes.nothing_pending(akash, "transfer", &on_akash)?;
    for (name, counts) in [("tern", &tern), ("hermes", &hermes_paid)] {
        println!(
            "{name}: {:.2} % of its messages came second",
            percent(counts)
        );
    }
    let log = daemon.log();
    let lines = |level: &str| log.lines().filter(|line| line.contains(level)).count();
    println!(
        "tern's log: {} warnings, {} errors",
        lines(" WARN "),
        lines("ERROR ")
    );
    println!("Hermes' log: {} errors", relaying.errors());
    let ended = daemon.terminate(LONG)?;
    ensure!(ended.success(), "tern ended with {ended}");
    relaying.stop()?;
    ensure!(
        options.behind || percent(&tern) <= USELESS_PERCENT_MAX,
        "more than {USELESS_PERCENT_MAX} % of Tern's messages came second"
    );
    network.passed()
}

struct Options {
    minutes: u64,
    /// Whether Tern asks nodes that are a step behind those that Hermes asks.
    behind: bool,
}

impl Options {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            minutes: 10,
            behind: false,
        };
        while let Some(option) = args.next() {
            match option.as_str() {
                "--behind" => options.behind = true,
                "--minutes" => {
                    let minutes = args.next().context("--minutes N")?;
                    options.minutes = minutes.parse().context("--minutes N")?;
                }
                _ => bail!("the options are --minutes N and --behind"),
            }
        }
        Ok(options)
    }
}

/// Gives Tern nodes without voting power: Hermes' transactions are in the validator's mempool
/// sooner, and Tern's own node does not know of them.
fn behind(network: &Network) -> Result<Vec<TestChain>> {
    let followers = network.chains.iter().map(|chain| {
        let mut node = chain.follower("node")?;
        node.up()?;
        node.synced()?;
        network.tern.ask_instead(chain, &node)?;
        Ok(node)
    });
    followers.collect()
}

fn percent(counts: &Counts) -> f64 {
    100.0 * counts.useless as f64 / counts.messages.max(1) as f64
}

/// Hermes with a key of its own.
fn hermes(network: &Network) -> Result<Hermes> {
    let folder = network.path();
    let config = HermesConfig {
        key: OTHER.0,
        keys: &folder.join("hermes-keys"),
        // It looks for headers in events that ibc-go has no longer, and waits for them.
        misbehaviour: false,
        clear_interval: 100,
        clear_limit: 50,
        max_msg_num: 30,
        max_tx_size: 180_000,
        default_gas: 1_000_000,
        max_block_time: "30s",
        batch_delay: "0ms",
        trusted_node: false,
    };
    let chains = network.chains.iter().map(|chain| HermesChain {
        id: chain.spec.id,
        prefix: chain.spec.prefix,
        denom: chain.spec.denom,
        rpc: chain.rpc_port,
        grpc: chain.grpc_port,
        channel: None,
    });
    let chains: Vec<HermesChain<'_>> = chains.collect();
    let ids: Vec<&str> = chains.iter().map(|chain| chain.id).collect();
    Hermes::prepare(&folder, &config.text(&chains), OTHER, &ids)
}
