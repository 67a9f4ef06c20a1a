//! A chain that halts, whose mempool is full, or that asks for more than we pay.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{Books, ConfigFile, Counts, Daemon, Network, TestChain, OTHER};

/// Tern asks a node of kava without voting power, so that chain and node can be told apart.
struct Scene {
    fixture: Fixture,
    node: TestChain,
    books: Books,
}

#[test]
fn a_chain_that_halts_is_full_or_dear_is_told_and_waited_for() -> Result<()> {
    let mut network = Network::two()?;
    // The validator takes nothing that is free of charge, the node does.
    let kava = network.chain_mut("kava-a")?;
    kava.down()?;
    asks_for(kava, "0.001ukava")?;
    kava.up()?;
    let mut node = kava.follower("node")?;
    asks_for(&node, "0ukava")?;
    network.user.reconfigure("0ukava", "0.001ukava")?;
    let fixture = Fixture::new(network)?;
    let kava = fixture.kava();
    node.up()?;
    node.synced()?;
    fixture.network.tern.ask_instead(kava, &node)?;
    let books = fixture.books()?;
    let mut scene = Scene {
        fixture,
        node,
        books,
    };
    let daemon = scene.fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    scene.halt(&daemon)?;
    scene.full_mempool(&daemon)?;
    let daemon = scene.raised_fee(daemon)?;
    scene.fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    scene.fixture.passed()
}

impl Scene {
    /// The validator with all power stops for longer than a chain usually takes for a block;
    /// the node answers all the time.
    fn halt(&mut self, daemon: &Daemon) -> Result<()> {
        self.fixture.send_both(10)?;
        self.fixture.network.chain_mut("kava-a")?.halt()?;
        self.fixture.send_akt(10)?;
        // This one is received in the first block, whose time is that of the last vote before
        // the halt, or never.
        let args = ["transfer", "akash-a", &self.fixture.on_akash, "100uakt"];
        let args = [&args[..], &[&self.fixture.kava_user, "--timeout", "20s"]].concat();
        self.fixture.network.user.json(&args)?;
        daemon.says("no new block for", LONG)?;
        self.fixture
            .told(&["health"], "check whether the chain has stopped")?;
        self.fixture.network.chain_mut("kava-a")?.resume()?;
        self.node.follows(self.fixture.kava())?;
        daemon.says("the chain makes blocks again", LONG)?;
        self.fixture.settled()?;
        let counts = self.read("a chain that halted for a minute")?;
        ensure!(counts.sent == 31 && counts.timed_out <= 1, "{counts}");
        // The one that is too late may be in a mempool since before the halt.
        ensure!(counts.failed <= 1 && counts.useless == 0, "{counts}");
        Ok(())
    }

    /// The mempool has room for one transaction, and has one that no validator takes.
    fn full_mempool(&mut self, daemon: &Daemon) -> Result<()> {
        self.restart_node(|node| node.set(ConfigFile::Comet, "mempool", "size", "1"))?;
        let other = self.fixture.network.address("kava-a", OTHER.0)?;
        let send = ["tx", "bank", "send", &other, &other, "1ukava", "--fees"];
        self.node.broadcast(&[&send[..], &["0ukava"]].concat())?;
        self.fixture.send_akt(10)?;
        daemon.says("mempool is full", LONG)?;
        let args = ["packet", "pending", "akash-a", &self.fixture.on_akash];
        self.fixture.told(&args, "mempool is full")?;
        // One with the same account sequence that pays takes its place in a block.
        self.fixture
            .kava()
            .pay(&other, &other, "1ukava", "5000ukava")?;
        self.fixture.settled()?;
        self.close("a full mempool")
    }

    /// The node asks for more than Tern pays, until it is cheaper again, and then until Tern
    /// pays more.
    fn raised_fee(&mut self, daemon: Daemon) -> Result<Daemon> {
        let pending = [
            "packet",
            "pending",
            "akash-a",
            &self.fixture.on_akash.clone(),
        ];
        self.restart_node(|node| asks_for(node, "0.1ukava"))?;
        self.fixture.send_akt(10)?;
        daemon.says("insufficient fee", LONG)?;
        self.fixture.told(&pending, "gas_price")?;
        self.restart_node(|node| asks_for(node, "0ukava"))?;
        self.fixture.settled()?;
        self.close("a fee that was raised for a while")?;

        self.restart_node(|node| asks_for(node, "0.1ukava"))?;
        self.fixture.send_akt(10)?;
        self.fixture.told(&pending, "gas_price")?;
        let ended = daemon.terminate(LONG)?;
        ensure!(ended.success(), "{ended}");
        let tern = &self.fixture.network.tern;
        tern.reconfigure("0.025ukava", "0.1ukava")?;
        let daemon = tern.start()?;
        self.fixture.settled()?;
        self.close("a fee that was raised for good")?;
        Ok(daemon)
    }

    fn restart_node(&mut self, change: impl Fn(&TestChain) -> Result<()>) -> Result<()> {
        self.node.down()?;
        change(&self.node)?;
        self.node.up()?;
        self.node.synced()
    }

    /// Nothing was lost, nor paid for nothing.
    fn close(&mut self, what: &str) -> Result<()> {
        let counts = self.read(what)?;
        ensure!(
            counts.failed == 0 && counts.fees_wasted == 0,
            "{what}: {counts}"
        );
        Ok(())
    }

    /// Nothing was lost.
    fn read(&mut self, what: &str) -> Result<Counts> {
        self.books.close(&self.fixture.network.chains, what)
    }
}

/// From its next start on the node takes only transactions that pay this gas price.
fn asks_for(node: &TestChain, price: &str) -> Result<()> {
    let price = format!("\"{price}\"");
    node.set(ConfigFile::App, "", "minimum-gas-prices", &price)
}
