//! The whole engine between two development chains in this process: no node, no
//! sockets, blocks ten times a second. What is measured is Tern and what the chains
//! need to do for it.

mod network;

use std::time::Instant;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::footprint::{processor_time, Footprint};
use crate::measure::{Figure, Unit};
use network::Network;

/// Needs no environment, and is run with Tern only.
pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    packets: usize,
}

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "engine-1000",
        about: "1,000 packets through the engine in process, on 10 channels",
        packets: 1_000,
    },
    Scenario {
        name: "engine-10000",
        about: "the same with 10,000",
        packets: 10_000,
    },
];

const CHANNELS: usize = 10;

impl Scenario {
    pub fn run(&self, small: bool) -> Result<Vec<Figure>> {
        let packets = if small { 10 } else { self.packets };
        let runtime = Runtime::new()?;
        let figures = runtime.block_on(relay(packets));
        runtime.shutdown_background();
        figures
    }
}

async fn relay(packets: usize) -> Result<Vec<Figure>> {
    let mut network = Network::new(CHANNELS).await?;
    let own = std::process::id();
    let before = (processor_time(own)?, Footprint::of(own)?.resident);
    network.send(packets).await?;
    let start = Instant::now();
    let acknowledged = network.acknowledged(packets).await;
    let took = start.elapsed().as_secs_f64();
    acknowledged.with_context(|| format!("after {took:.0} s"))?;
    let used = processor_time(own)? - before.0;
    let grown = Footprint::of(own)?.resident - before.1;
    network.end().await?;
    let packets = packets as f64;
    Ok(vec![
        Figure::new("packets", Unit::PerSecond, packets / took),
        Figure::new("last send to last ack", Unit::Seconds, took),
        Figure::new(
            "processor a packet, chains included",
            Unit::Milliseconds,
            1e3 * used / packets,
        ),
        Figure::new("memory grown, chains included", Unit::MiB, grown),
    ])
}
