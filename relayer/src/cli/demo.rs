//! `tern demo`: two development chains and a relayer between them, in one
//! process and with a temporary home folder. The chains listen on sockets, so
//! that Tern connects to them as to real nodes.

mod balances;
mod environment;
mod transcript;

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use self::balances::Balances;
use self::environment::{DemoEnvironment, DemoTransfer};
use self::transcript::Transcript;
use super::{parse, Options};
use crate::output::{self, Outcome};
use crate::shutdown::Shutdown;

const EXAMPLES: &str = "\
Examples:
  tern demo
  tern demo --packets 1000 --json

The demo needs no configuration and no node, and deletes its files at the end.
With --json the last line is one JSON object. The exit code is 0 only if every
packet is acknowledged and every balance is right.";

/// Default number of packets in each direction, and of packets back.
const OUT: u32 = 3;
const BACK: u32 = 1;
/// The amount in each packet: one AKT, or half a USDX.
const UAKT: u128 = 1_000_000;
const USDX: u128 = 500_000;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// Send this many packets, half in each direction, and none back
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    packets: Option<u32>,
    /// Time between two blocks of a chain
    #[arg(long, default_value = "300ms", value_parser = parse::duration, value_name = "TIME")]
    block_time: Duration,
}

/// The number of packets with AKT and with USDX: out to the other chain, and back.
#[derive(Clone, Copy, Debug)]
struct PacketCounts {
    out: [u32; 2],
    back: [u32; 2],
}

/// The last line of `--json`. It is counted from the events in the chains' blocks,
/// not from the state of the relayer.
#[derive(Debug, Serialize)]
struct Summary {
    packets: usize,
    acknowledged: usize,
    timed_out: usize,
    lost: usize,
    seconds: f64,
}

pub async fn run(options: &Options, args: DemoArgs) -> anyhow::Result<Outcome> {
    let counts = match args.packets {
        Some(packets) => PacketCounts {
            out: [packets.div_ceil(2), packets / 2],
            back: [0, 0],
        },
        None => PacketCounts {
            out: [OUT; 2],
            back: [BACK; 2],
        },
    };
    let shutdown = Shutdown::start()?;
    let interrupted = shutdown.token();
    tokio::select! {
        () = interrupted.cancelled() => bail!("interrupted: the demo has stopped its chains"),
        ended = demo(args.block_time, counts, options.json) => ended,
    }
}

async fn demo(block_time: Duration, counts: PacketCounts, json: bool) -> anyhow::Result<Outcome> {
    let transcript = Transcript::new(json);
    transcript.step("Start two chains in this process, each with its own validators.")?;
    let mut environment = DemoEnvironment::start(block_time, json).await?;
    environment.print_chains(&transcript)?;
    let balances = Balances::of_users(&environment)?;
    let before = balances.read(&environment);

    transcript.step("$ tern channel open akash-dev kava-dev")?;
    environment.open_channel(&transcript).await?;
    transcript.step("$ tern start &")?;
    environment.start_relaying().await?;

    let start = transcript.seconds();
    let [akt, usdx] = counts.out;
    transcript.step(format!(
        "Send {} with AKT to kava-dev and {} with USDX to akash-dev.",
        packets(akt),
        packets(usdx)
    ))?;
    let there = [
        DemoTransfer::new("akash-dev", UAKT, "uakt", balances.kava_user(), akt),
        DemoTransfer::new("kava-dev", USDX, "usdx", balances.akash_user(), usdx),
    ];
    environment.send(&transcript, &there).await?;
    let [akt, usdx] = counts.back;
    if akt + usdx > 0 {
        transcript.step(format!(
            "{} with AKT and {} with USDX come back home.",
            packets(akt),
            packets(usdx)
        ))?;
        let home = [
            DemoTransfer::new(
                "kava-dev",
                UAKT,
                &balances.akt_voucher,
                balances.akash_user(),
                akt,
            ),
            DemoTransfer::new(
                "akash-dev",
                USDX,
                &balances.usdx_voucher,
                balances.kava_user(),
                usdx,
            ),
        ];
        environment.send(&transcript, &home).await?;
    }
    let seconds = transcript.seconds() - start;
    environment.stop_relaying().await?;

    transcript.step("Balances before and after:")?;
    let moved = [
        u128::from(counts.out[0] - counts.back[0]) * UAKT,
        u128::from(counts.out[1] - counts.back[1]) * USDX,
    ];
    let is_right = balances.print(&environment, &transcript, &before, moved)?;
    let sent: u32 = counts.out.iter().chain(&counts.back).sum();
    let summary = summary(&environment, sent as usize, seconds);
    environment.stop().await?;
    print_result(&transcript, &summary, is_right, json)
}

/// `1 packet`, or `3 packets`.
fn packets(count: u32) -> String {
    if count == 1 {
        "1 packet".to_owned()
    } else {
        format!("{count} packets")
    }
}

fn summary(environment: &DemoEnvironment, packets: usize, seconds: f64) -> Summary {
    let acknowledged = environment.count_events("acknowledge_packet");
    let timed_out = environment.count_events("timeout_packet");
    Summary {
        packets,
        acknowledged,
        timed_out,
        lost: packets.saturating_sub(acknowledged + timed_out),
        seconds: (seconds * 1000.0).round() / 1000.0,
    }
}

fn print_result(
    transcript: &Transcript,
    summary: &Summary,
    is_right: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    let Summary {
        packets,
        acknowledged,
        timed_out,
        lost,
        seconds,
    } = summary;
    let balances = if is_right {
        "Every balance is right."
    } else {
        "Some balances are wrong."
    };
    transcript.step(format!(
        "{packets} packets in {seconds:.1} s: {acknowledged} acknowledged, {timed_out} timed \
         out, {lost} lost. {balances}"
    ))?;
    if json {
        output::line(serde_json::to_string(summary)?)?;
    }
    Ok(if is_right && acknowledged == packets {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}
