//! What several scenarios count and compute.

#![allow(dead_code)] // Each scenario uses its part.

use std::time::Duration;

use anyhow::Result;
use tern_e2e::{Network, TestChain};

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

    pub fn settled(&self) -> Result<()> {
        self.network.settled(&self.on_akash, &self.on_kava, LONG)
    }

    /// The end of a scenario that went well.
    pub fn passed(self) -> Result<()> {
        self.network.passed()
    }
}
