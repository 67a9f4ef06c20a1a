//! The daemon killed in each step of a packet. A proxy holds the request that the step
//! makes, so each moment is chosen and none is luck.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{wait, Books, Daemon, Network, Proxy, TestChain};

/// Sent at once.
const PACKETS: u32 = 3;

/// The ports of a chain that Tern asks.
struct Ports {
    rpc: Proxy,
    grpc: Proxy,
}

#[test]
fn killed_in_any_step_it_goes_on_and_pays_for_nothing_twice() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let [akash, kava] = [
        proxies(&fixture, fixture.akash())?,
        proxies(&fixture, fixture.kava())?,
    ];
    let mut run = Run {
        books: fixture.books()?,
        daemon: None,
        fixture,
        sent: 0,
    };
    run.settle("before")?;
    run.killed_before_the_block(&akash.rpc)?;
    // Receives are proven by akash and go to kava; acknowledgements the other way.
    let ways = [
        (&akash, &kava, "MsgRecvPacket", "receive"),
        (&kava, &akash, "MsgAcknowledgement", "acknowledge"),
    ];
    for (src, dst, message, what) in ways {
        let sign = "broadcast_tx_sync";
        run.killed_when(
            &format!("plan, {what}: a proof is asked for"),
            &src.rpc,
            "\"prove\": true",
            false,
        )?;
        run.killed_when(
            &format!("prove, {what}: it is simulated"),
            &dst.grpc,
            message,
            false,
        )?;
        run.killed_when(
            &format!("sign, {what}: it is stored and not sent"),
            &dst.rpc,
            sign,
            false,
        )?;
        run.killed_when(
            &format!("broadcast, {what}: nobody gets the answer"),
            &dst.rpc,
            sign,
            true,
        )?;
        run.killed_after(what, &dst.rpc, message)?;
    }
    let (sent, fixture) = (run.sent, run.fixture);
    for (chain, message) in [
        (fixture.kava(), "MsgRecvPacket"),
        (fixture.akash(), "MsgAcknowledgement"),
    ] {
        let paid = chain.paid(message)?;
        ensure!(paid == sent, "{paid} {message} for {sent} packets");
    }
    fixture.balanced()?;
    fixture.passed()
}

struct Run {
    fixture: Fixture,
    books: Books,
    daemon: Option<Daemon>,
    sent: usize,
}

impl Run {
    fn send(&mut self) -> Result<()> {
        self.sent += PACKETS as usize;
        self.fixture.send_akt(PACKETS)
    }

    /// Killed before it reads the block that has the packets.
    fn killed_before_the_block(&mut self, src: &Proxy) -> Result<()> {
        src.hold("block_results");
        src.holds(LONG)?;
        self.send()?;
        self.kill()?;
        src.release(false);
        self.settle("killed in follow: the block of the send is not read")
    }

    /// Killed when a request is on its way; `arrives`: the node gets it all the same.
    fn killed_when(
        &mut self,
        what: &str,
        at: &Proxy,
        request: &'static str,
        arrives: bool,
    ) -> Result<()> {
        at.hold(request);
        self.send()?;
        at.holds(LONG).with_context(|| what.to_owned())?;
        self.kill()?;
        at.release(arrives);
        self.settle(&format!("killed in {what}"))
    }

    /// Killed when the transaction is in a block that it has not read.
    fn killed_after(&mut self, what: &str, at: &Proxy, message: &str) -> Result<()> {
        at.hold("broadcast_tx_sync");
        self.send()?;
        at.holds(LONG)?;
        at.hold("block_results");
        at.release(true);
        at.holds(LONG)?;
        let sent = self.sent;
        let chain = if message == "MsgRecvPacket" {
            self.fixture.kava()
        } else {
            self.fixture.akash()
        };
        wait::until("the transaction's block", LONG, || {
            Ok((chain.paid(message)? == sent).then_some(()))
        })?;
        self.kill()?;
        at.release(false);
        self.settle(&format!("killed after {what}: the block is not read"))
    }

    fn kill(&mut self) -> Result<()> {
        let daemon = self.daemon.take();
        daemon.context("no daemon")?.kill()
    }

    /// The next daemon does what is left.
    fn settle(&mut self, what: &str) -> Result<()> {
        let daemon = self.fixture.network.tern.start()?;
        daemon.follows(2, LONG)?;
        self.fixture.settled().with_context(|| what.to_owned())?;
        self.daemon = Some(daemon);
        let counts = self.books.close(&self.fixture.network.chains, what)?;
        ensure!(
            counts.failed == 0 && counts.useless == 0,
            "{what}: {counts}"
        );
        Ok(())
    }
}

/// Proxies before both ports of a chain, in the relayer's configuration.
fn proxies(fixture: &Fixture, chain: &TestChain) -> Result<Ports> {
    let open = |port: u16| -> Result<Proxy> {
        let proxy = Proxy::open(port)?;
        fixture.network.tern.redirect(port, proxy.port)?;
        Ok(proxy)
    };
    Ok(Ports {
        rpc: open(chain.rpc_port)?,
        grpc: open(chain.grpc_port)?,
    })
}
