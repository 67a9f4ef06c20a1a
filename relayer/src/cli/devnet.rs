//! `tern devnet`: embedded development chains on loopback sockets, with a home
//! folder that is ready to use. `tern demo` uses the same chains.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{ensure, Context as _};
use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};
use tern_devnet::{serve, tendermint_time, Genesis, Node, Time};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{parse, Options};
use crate::clock;
use crate::connect::{KeyFolder, SigningKey};
use crate::output::{self, Outcome};
use crate::shutdown::Shutdown;

const EXAMPLES: &str = "\
Examples:
  tern devnet --home three --chains 3 --block-time 500ms --port 27000

The keys are made from their names, so they are not secret. The chains are deleted
when the command ends. The next run needs a new home folder.";

/// The keys whose accounts are funded on each chain.
pub const RELAYER: &str = "relayer";
pub const USER: &str = "user";
/// The balance of each account in each denom, in its smallest unit.
const FUNDS: u128 = 1_000_000_000_000;
/// The distance between the ports of one chain and of the next chain.
const PORT_STEP: u16 = 10;
const CLOCK: &str = "the machine's clock is before 1970";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DevnetArgs {
    /// Number of chains: akash-dev, kava-dev, chain-3 and so on
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u16).range(1..=100))]
    chains: u16,
    /// Time between two blocks of a chain
    #[arg(long, default_value = "1s", value_parser = parse::duration, value_name = "TIME")]
    block_time: Duration,
    /// RPC port of the first chain. gRPC uses the next port. The ports of each
    /// further chain are 10 higher
    #[arg(long, default_value = "26657", value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

/// The id, the account prefix and the denoms of a chain.
#[derive(Clone, Debug)]
pub struct Spec {
    pub id: String,
    pub prefix: &'static str,
    /// The first one pays the fees.
    pub denoms: &'static [&'static str],
}

/// A chain with open sockets. It answers requests only while [`run_all`] runs.
pub struct DevChain {
    pub spec: Spec,
    pub node: Node,
    rpc: TcpListener,
    grpc: TcpListener,
}

pub async fn run(options: &Options, args: DevnetArgs) -> anyhow::Result<Outcome> {
    let home = options.home_folder()?;
    let config = options.config_file(&home);
    ensure!(
        !config.exists(),
        "the configuration {} exists already: choose another folder with --home",
        config.display()
    );
    let shutdown = Shutdown::start()?;
    let mut chains = Vec::new();
    for index in 0..args.chains {
        let port = index
            .checked_mul(PORT_STEP)
            .and_then(|above| args.port.checked_add(above));
        let port = port.filter(|port| *port < u16::MAX).with_context(|| {
            format!(
                "there are not enough ports after {}: choose a lower --port",
                args.port
            )
        })?;
        chains.push(DevChain::open(Spec::nth(index), Some(port)).await?);
    }
    save_keys(&home, &chains)?;
    save_config(&config, &chains, |chain| {
        format!("0.025{}", chain.denoms[0])
    })?;
    print_chains(options, &config, &chains)?;
    run_all(chains, args.block_time, shutdown.token()).await?;
    Ok(Outcome::Done)
}

impl Spec {
    pub fn nth(index: u16) -> Self {
        let (id, prefix, denoms): (_, _, &[&str]) = match index {
            0 => ("akash-dev".to_owned(), "akash", &["uakt"]),
            1 => ("kava-dev".to_owned(), "kava", &["ukava", "usdx"]),
            _ => (format!("chain-{}", index + 1), "cosmos", &["stake"]),
        };
        Self { id, prefix, denoms }
    }

    /// The key with this name. It is made from the name alone, so that the
    /// addresses are the same on every machine. The key protects nothing of value.
    pub fn key(&self, name: &str) -> anyhow::Result<SigningKey> {
        let secret = Sha256::digest(format!("tern development key {name}"));
        Ok(SigningKey::from_private_key(&secret, self.prefix)?)
    }

    fn genesis(&self) -> anyhow::Result<Genesis> {
        let time = now()?;
        let mut genesis = Genesis::new(&self.id, self.prefix, time);
        genesis.bond_denom = self.denoms[0].to_owned();
        let coins: Vec<_> = self.denoms.iter().map(|denom| (*denom, FUNDS)).collect();
        for name in [RELAYER, USER] {
            genesis = genesis.fund(self.key(name)?.address(), &coins);
        }
        Ok(genesis)
    }
}

impl DevChain {
    /// Starts a chain at its first block. gRPC uses the port after the RPC port;
    /// without a port both use any free ports.
    pub async fn open(spec: Spec, rpc_port: Option<u16>) -> anyhow::Result<Self> {
        let (rpc_port, grpc_port) = rpc_port.map_or((0, 0), |port| (port, port + 1));
        let node = Node::new(&spec.genesis()?)?;
        // A client that connects finds at least one block.
        make_block(&node)?;
        Ok(Self {
            spec,
            node,
            rpc: listen(rpc_port).await?,
            grpc: listen(grpc_port).await?,
        })
    }

    /// The URLs of RPC and gRPC.
    fn urls(&self) -> anyhow::Result<[String; 2]> {
        let url = |socket: &TcpListener| anyhow::Ok(format!("http://{}", socket.local_addr()?));
        Ok([url(&self.rpc)?, url(&self.grpc)?])
    }

    /// Makes blocks and serves both sockets until `stop` is cancelled.
    async fn run(self, block_time: Duration, stop: CancellationToken) -> anyhow::Result<()> {
        let server = serve(
            self.node.clone(),
            self.rpc,
            self.grpc,
            stop.cancelled_owned(),
        );
        tokio::pin!(server);
        let mut block_timer = tokio::time::interval(block_time);
        // After a pause of the machine, missed blocks are not made up for.
        block_timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        block_timer.tick().await;
        loop {
            tokio::select! {
                ended = &mut server => {
                    return ended.with_context(|| self.spec.id.clone());
                }
                _ = block_timer.tick() => {
                    make_block(&self.node).with_context(|| self.spec.id.clone())?;
                }
            }
        }
    }
}

/// Runs chains until `stop` is cancelled or one of them fails.
pub async fn run_all(
    chains: Vec<DevChain>,
    block_time: Duration,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for chain in chains {
        tasks.spawn(chain.run(block_time, stop.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// Writes the keys of every chain into a home folder.
pub fn save_keys(home: &Path, chains: &[DevChain]) -> anyhow::Result<()> {
    for DevChain { spec, .. } in chains {
        let keys = KeyFolder::new(home, &spec.id, spec.prefix);
        for name in [RELAYER, USER] {
            ensure!(
                !keys.file(name)?.exists(),
                "keys of {} exist already in {}: choose another folder with --home",
                spec.id,
                home.display()
            );
            keys.save(name, &spec.key(name)?, "made from its name", None, false)?;
        }
    }
    Ok(())
}

/// Writes the configuration of these chains.
pub fn save_config(
    path: &Path,
    chains: &[DevChain],
    gas_price: impl Fn(&Spec) -> String,
) -> anyhow::Result<()> {
    let mut text = "# Development chains, as `tern devnet` started them.\n".to_owned();
    for chain in chains {
        let Spec { id, prefix, .. } = &chain.spec;
        let [rpc, grpc] = chain.urls()?;
        let price = gas_price(&chain.spec);
        text += &format!(
            "\n[[chain]]\nid = \"{id}\"\nrpc = \"{rpc}\"\ngrpc = \"{grpc}\"\n\
             account_prefix = \"{prefix}\"\ngas_price = \"{price}\"\nkey = \"{RELAYER}\"\n"
        );
    }
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Prints the chains, the accounts and commands to try.
fn print_chains(options: &Options, config: &Path, chains: &[DevChain]) -> anyhow::Result<()> {
    let mut documents = Vec::new();
    for chain in chains {
        let spec = &chain.spec;
        let (relayer, user) = (spec.key(RELAYER)?, spec.key(USER)?);
        let [rpc, grpc] = chain.urls()?;
        if options.json {
            documents.push(json!({
                "chain": spec.id, "rpc": rpc, "grpc": grpc, "denoms": spec.denoms,
                "keys": { RELAYER: relayer.address(), USER: user.address() },
            }));
            continue;
        }
        output::line(format!("{}  RPC {rpc}  gRPC {grpc}", spec.id))?;
        for (name, key) in [(RELAYER, relayer), (USER, user)] {
            let coins = spec.denoms.iter().map(|denom| format!("{FUNDS}{denom}"));
            let coins = coins.collect::<Vec<_>>().join(" ");
            output::line(format!("  {name:<8} {}  {coins}", key.address()))?;
        }
    }
    if options.json {
        return output::json(&json!({ "config": config, "chains": documents }));
    }
    output::line(format!(
        "\nThe configuration is {}. The keys are in the home folder.",
        config.display()
    ))?;
    if let [a, b, ..] = chains {
        let tern = command(options);
        let (amount, receiver) = (format!("1000000{}", a.spec.denoms[0]), b.spec.key(USER)?);
        let (a, b) = (&a.spec.id, &b.spec.id);
        output::line(format!(
            "\nTry in another terminal:\n  {tern} health\n  {tern} channel open {a} {b}\n  \
             {tern} start &\n  {tern} transfer {a} channel-0 {amount} {} --key {USER} --wait",
            receiver.address()
        ))?;
    }
    output::line("\nThe chains run until Ctrl-C.")
}

/// The `tern` command with the same --home and --config options.
fn command(options: &Options) -> String {
    let option = |name: &str, path: &Option<PathBuf>| {
        let path = path.as_ref().map(|path| path.display());
        path.map_or_else(String::new, |path| format!(" --{name} {path}"))
    };
    let (home, config) = (&options.home, &options.config);
    format!("tern{}{}", option("home", home), option("config", config))
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(("127.0.0.1", port)).await;
    bound.with_context(|| format!("cannot listen on port {port}: choose another with --port"))
}

/// Makes a block with all pending transactions, at the time of the machine's clock.
fn make_block(node: &Node) -> anyhow::Result<()> {
    node.make_block(now()?)?;
    Ok(())
}

fn now() -> anyhow::Result<Time> {
    tendermint_time(clock::now()).context(CLOCK)
}
