//! What several scenarios count and compute.

pub mod base_fee;
pub mod browsing;
pub mod fork;
pub mod governance;
pub mod light;
pub mod payments;
pub mod tx;
pub mod uniswap;
pub mod upgrade;

use std::time::Duration;

use anyhow::{ensure, Context, Result};
use tern_e2e::{voucher, wait, Books, Network, TestChain, RELAYER};

/// Enough for anything that goes right, on a busy machine too.
pub const LONG: Duration = Duration::from_secs(120);

/// An open channel and who sends on it.
pub struct Fixture {
    pub network: Network,
    pub on_akash: String,
    pub on_kava: String,
    pub akash_user: String,
    pub kava_user: String,
}

impl Fixture {
    pub fn new(network: Network) -> Result<Self> {
        let (on_akash, on_kava) = network.open_channel(&network.tern)?;
        Ok(Self {
            akash_user: network.address("akash-a", "user")?,
            kava_user: network.address("kava-a", "user")?,
            network,
            on_akash,
            on_kava,
        })
    }

    pub fn akash(&self) -> &TestChain {
        &self.network.chains[0]
    }

    pub fn kava(&self) -> &TestChain {
        &self.network.chains[1]
    }

    /// Sends `uakt` from akash, 100 in each packet.
    pub fn send_akt(&self, count: u32) -> Result<()> {
        self.network
            .send("akash-a", &self.on_akash, "100uakt", &self.kava_user, count)
            .map(drop)
    }

    /// Sends `usdx` from kava, 100 in each packet.
    pub fn send_usdx(&self, count: u32) -> Result<()> {
        self.network
            .send("kava-a", &self.on_kava, "100usdx", &self.akash_user, count)
            .map(drop)
    }

    /// Both at once.
    pub fn send_both(&self, count: u32) -> Result<()> {
        std::thread::scope(|scope| {
            let akt = scope.spawn(|| self.send_akt(count));
            let usdx = self.send_usdx(count);
            akt.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            usdx
        })
    }

    /// Waits for so many blocks of a chain from now: the time that a fault lasts.
    pub fn goes_on(&self, chain: &TestChain, blocks: u64) -> Result<()> {
        let later = chain.height()? + blocks;
        wait::until("the other chain to go on", LONG, || {
            Ok((chain.height()? >= later).then_some(()))
        })
    }

    /// Waits until the command says this, in a test of what an operator is told.
    pub fn told(&self, args: &[&str], text: &str) -> Result<()> {
        let mut last = String::new();
        let told = wait::until(&format!("tern {args:?} to say `{text}`"), LONG, || {
            last = self.network.tern.run(args)?.text();
            Ok(last.contains(text).then_some(()))
        });
        told.with_context(|| last)
    }

    pub fn books(&self) -> Result<Books> {
        Books::open(&self.network, RELAYER.0)
    }

    pub fn settled(&self) -> Result<()> {
        self.network.settled(&self.on_akash, &self.on_kava, LONG)
    }

    /// Once everything has settled: what was sent is in escrow, the same is on the other
    /// chain, and the rest is where it was.
    pub fn balanced(&self) -> Result<()> {
        const FUNDS: u128 = 1_000_000_000_000;
        let ways = [
            (
                self.akash(),
                "uakt",
                &self.on_akash,
                &self.akash_user,
                self.kava(),
                &self.on_kava,
                &self.kava_user,
            ),
            (
                self.kava(),
                "usdx",
                &self.on_kava,
                &self.kava_user,
                self.akash(),
                &self.on_akash,
                &self.akash_user,
            ),
        ];
        for (src, denom, channel, sender, dst, channel_on_dst, receiver) in ways {
            let in_escrow = src.balance(&src.escrow(channel)?, denom)?;
            let left = src.balance(sender, denom)?;
            let arrived = dst.balance(receiver, &voucher(channel_on_dst, denom))?;
            ensure!(
                left + in_escrow == FUNDS && arrived == in_escrow,
                "{denom}: {left} left, {in_escrow} in escrow, {arrived} arrived"
            );
        }
        Ok(())
    }

    /// The end of a scenario that went well.
    pub fn passed(self) -> Result<()> {
        self.network.passed()
    }
}
