//! What happens to a node while its chain goes on: it is killed, hangs, is restored from an
//! older snapshot, or has pruned what Tern needs.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{
    wait, Books, ChainSpec, ConfigFile, Daemon, Network, Setup, TestChain, OTHER, RELAYER,
};

/// Tern asks a node of kava without voting power: the chain goes on without it.
struct Scene {
    fixture: Fixture,
    node: TestChain,
    books: Books,
}

#[test]
fn a_node_that_is_killed_hangs_or_goes_back_in_time_is_waited_for() -> Result<()> {
    let mut scene = Scene::new(Network::two()?, RELAYER.0, |_| Ok(()))?;
    let mut daemon = scene.fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    scene.killed(&daemon)?;
    scene.hung(&daemon)?;
    scene.restored(&daemon)?;
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    scene.fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    scene.fixture.passed()
}

impl Scene {
    /// `key` is that of the relayer.
    fn new(network: Network, key: &str, change: impl Fn(&TestChain) -> Result<()>) -> Result<Self> {
        let fixture = Fixture::new(network)?;
        let kava = fixture.kava();
        let mut node = kava.follower("node")?;
        change(&node)?;
        node.up()?;
        node.synced()?;
        fixture.network.tern.ask_instead(kava, &node)?;
        Ok(Self {
            books: Books::open(&fixture.network, key)?,
            fixture,
            node,
        })
    }

    /// In the middle of its work.
    fn killed(&mut self, daemon: &Daemon) -> Result<()> {
        self.fixture.send_both(20)?;
        self.node.kill()?;
        self.fixture.send_both(10)?;
        daemon.says("cannot follow the chain; trying again with back-off", LONG)?;
        self.fixture.told(&["health"], "check that the node runs")?;
        self.node.up()?;
        daemon.says("the chain is followed again", LONG)?;
        self.close("a node that was killed")
    }

    fn hung(&mut self, daemon: &Daemon) -> Result<()> {
        let logged = daemon.log().len();
        self.fixture.send_both(20)?;
        self.node.halt()?;
        self.fixture.send_both(10)?;
        wait::until("the daemon to say that the node hangs", LONG, || {
            let log = daemon.log().split_off(logged);
            Ok(log.contains("cannot follow the chain").then_some(()))
        })?;
        self.node.resume()?;
        self.node.follows(self.fixture.kava())?;
        self.close("a node that hung")
    }

    /// It has lost blocks that Tern has read, and stays there without a peer for a while.
    fn restored(&mut self, daemon: &Daemon) -> Result<()> {
        self.node.down()?;
        self.node.take_snapshot()?;
        self.node.up()?;
        self.fixture.send_both(10)?;
        self.close("a node that was copied")?;
        self.node.down()?;
        self.node.restore_snapshot()?;
        self.node.connect_to(None)?;
        let logged = daemon.log().len();
        self.node.up()?;
        self.fixture.send_both(10)?;
        wait::until("the daemon to say that the node is behind", LONG, || {
            let log = daemon.log().split_off(logged);
            // The first where the node was found to be down meanwhile, the other within a
            // minute where it was not.
            let said = [
                "the nodes are behind the blocks that were read before",
                "the chain stands still, or its nodes do not follow it",
            ];
            Ok(said.iter().any(|said| log.contains(said)).then_some(()))
        })?;
        self.fixture.told(&["health"], "the node is catching up")?;
        self.node.down()?;
        self.node.connect_to(Some(self.fixture.kava()))?;
        self.node.up()?;
        self.close("a node restored from an older snapshot")
    }

    fn close(&mut self, what: &str) -> Result<()> {
        self.fixture.settled().context(what.to_owned())?;
        self.books.close(&self.fixture.network.chains, what)?;
        Ok(())
    }
}

/// Blocks that the pruned node keeps.
const KEPT: u64 = 12;

#[test]
fn a_pruned_node_without_an_index_says_what_it_lacks_and_another_has_it() -> Result<()> {
    let few = |spec: ChainSpec| ChainSpec {
        evidence_blocks: Some(5),
        indexer: "null",
        ..spec
    };
    let network = Network::of(vec![ChainSpec::akash(), few(ChainSpec::kava())])?;
    let mut scene = Scene::new(network, OTHER.0, |node| {
        node.set(ConfigFile::App, "", "pruning", "\"custom\"")?;
        node.set(
            ConfigFile::App,
            "",
            "pruning-keep-recent",
            &format!("\"{KEPT}\""),
        )?;
        node.set(ConfigFile::App, "", "pruning-interval", "\"10\"")?;
        node.set(ConfigFile::App, "", "min-retain-blocks", &KEPT.to_string())
    })?;
    // Nobody relays while the node forgets the blocks that these were sent in.
    scene.fixture.send_both(5)?;
    let sent_at = scene.fixture.kava().height()?;
    wait::until("the node to prune", LONG, || {
        let status = scene.node.rpc("/status")?;
        let earliest = status["sync_info"]["earliest_block_height"].as_str();
        Ok((earliest.context("no height")?.parse::<u64>()? > sent_at + 1).then_some(()))
    })?;
    // By its own home, and by one that has never read a block.
    let setup = Setup {
        key: OTHER.0,
        ..Setup::default()
    };
    let fixture = &scene.fixture;
    let fresh = fixture.network.home("fresh", setup)?;
    let (kava, node) = (fixture.kava(), &scene.node);
    fresh.ask_instead(kava, node)?;
    let daemon = fresh.start()?;
    daemon.follows(2, LONG)?;
    // What was sent from akash is received, and what is sent from now on ends.
    fixture.send_both(5)?;
    let open = |count: usize| {
        wait::until("all but what was pruned to be done", LONG, || {
            let akash = fixture.akash().commitments("transfer", &fixture.on_akash)?;
            let kava = fixture.kava().commitments("transfer", &fixture.on_kava)?;
            Ok((akash == 0 && kava == count).then_some(()))
        })
    };
    open(5).with_context(|| daemon.log())?;
    let pending = fresh.json(&["packet", "pending", "kava-a", &fixture.on_kava])?;
    let told = "use a node with more history to relay it";
    ensure!(pending["waits"].to_string().contains(told), "{pending}");
    ensure!(daemon.log().contains(told), "{}", daemon.log());
    ensure!(daemon.terminate(LONG)?.success());

    // With a second node that has all blocks.
    let path = fresh.home.join("config.toml");
    let config = std::fs::read_to_string(&path)?;
    let second = format!(
        "[[chain.node]]\nrpc = \"http://127.0.0.1:{}\"\ngrpc = \"http://127.0.0.1:{}\"\n",
        kava.rpc_port, kava.grpc_port
    );
    std::fs::write(&path, config + &second)?;
    let daemon = fresh.start()?;
    open(0).with_context(|| daemon.log())?;
    scene.close("a pruned node, and another that is not")?;
    scene.fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    scene.fixture.passed()
}
