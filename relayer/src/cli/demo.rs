//! `tern demo`: two development chains and a relayer between them, in one
//! process and a home that is gone afterwards. The chains are on sockets, so
//! that everything Tern does is what it does with real nodes.

mod money;
mod say;
mod stage;

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use self::money::Money;
use self::say::Say;
use self::stage::{Send, Stage};
use super::{parse, Options};
use crate::daemon;
use crate::output::{self, Outcome};

const EXAMPLES: &str = "\
Examples:
  tern demo
  tern demo --packets 1000 --json

It needs no configuration and no node, and leaves nothing behind. With --json the
last line is one JSON object. The exit code is 0 only when every packet was
acknowledged and every balance is right to the unit.";

/// Packets each way, if nobody asks for a number, and how many come back.
const OUT: u32 = 3;
const BACK: u32 = 1;
/// In each packet: a whole AKT, half a USDX.
const UAKT: u128 = 1_000_000;
const USDX: u128 = 500_000;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// Send this many packets, half of them each way, and bring none back
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    packets: Option<u32>,
    /// How often each chain makes a block
    #[arg(long, default_value = "300ms", value_parser = parse::duration, value_name = "TIME")]
    block_time: Duration,
}

/// How many packets go: AKT and USDX, out and back home.
#[derive(Clone, Copy, Debug)]
struct Trips {
    out: [u32; 2],
    back: [u32; 2],
}

/// How it ended: the last line of `--json`. By the events in the chains' blocks,
/// not by what the relayer believes.
#[derive(Debug, Serialize)]
struct Summary {
    packets: usize,
    acknowledged: usize,
    timed_out: usize,
    lost: usize,
    seconds: f64,
}

pub async fn run(options: &Options, args: DemoArgs) -> anyhow::Result<Outcome> {
    let trips = match args.packets {
        Some(packets) => Trips {
            out: [packets.div_ceil(2), packets / 2],
            back: [0, 0],
        },
        None => Trips {
            out: [OUT; 2],
            back: [BACK; 2],
        },
    };
    let shutdown = daemon::shutdown()?;
    tokio::select! {
        () = shutdown.cancelled() => bail!("interrupted: the demo's chains are gone"),
        ended = demo(args.block_time, trips, options.json) => ended,
    }
}

async fn demo(block_time: Duration, trips: Trips, json: bool) -> anyhow::Result<Outcome> {
    let say = Say::start(json);
    say.step("Two chains start, in this process, with their own validators.")?;
    let mut stage = Stage::build(block_time, json).await?;
    stage.introduce(&say)?;
    let money = Money::of(&stage)?;
    let before = money.balances(&stage);

    say.step("$ tern channel open akash-dev kava-dev")?;
    stage.open_channel(&say).await?;
    say.step("$ tern start &")?;
    stage.start_relaying().await?;

    let start = say.seconds();
    let [akt, usdx] = trips.out;
    say.step(format!(
        "{akt} packets with AKT go to kava-dev, {usdx} with USDX to akash-dev"
    ))?;
    let there = [
        Send::new("akash-dev", UAKT, "uakt", money.kava_user(), akt),
        Send::new("kava-dev", USDX, "usdx", money.akash_user(), usdx),
    ];
    stage.send(&say, &there).await?;
    let [akt, usdx] = trips.back;
    if akt + usdx > 0 {
        say.step(format!(
            "{akt} with AKT and {usdx} with USDX come back home"
        ))?;
        let home = [
            Send::new(
                "kava-dev",
                UAKT,
                &money.akt_voucher,
                money.akash_user(),
                akt,
            ),
            Send::new(
                "akash-dev",
                USDX,
                &money.usdx_voucher,
                money.kava_user(),
                usdx,
            ),
        ];
        stage.send(&say, &home).await?;
    }
    let seconds = say.seconds() - start;
    stage.stop_relaying().await?;

    say.step("Balances, before and after")?;
    let moved = [
        u128::from(trips.out[0] - trips.back[0]) * UAKT,
        u128::from(trips.out[1] - trips.back[1]) * USDX,
    ];
    let is_right = money.show(&stage, &say, &before, moved)?;
    let packets: u32 = trips.out.iter().chain(&trips.back).sum();
    let summary = summary(&stage, packets as usize, seconds);
    stage.end().await?;
    conclude(&say, &summary, is_right, json)
}

fn summary(stage: &Stage, packets: usize, seconds: f64) -> Summary {
    let acknowledged = stage.count_events("acknowledge_packet");
    let timed_out = stage.count_events("timeout_packet");
    Summary {
        packets,
        acknowledged,
        timed_out,
        lost: packets.saturating_sub(acknowledged + timed_out),
        seconds: (seconds * 1000.0).round() / 1000.0,
    }
}

fn conclude(say: &Say, summary: &Summary, is_right: bool, json: bool) -> anyhow::Result<Outcome> {
    let Summary {
        packets,
        acknowledged,
        timed_out,
        lost,
        seconds,
    } = summary;
    let is_good = is_right && acknowledged == packets;
    let balances = match is_right {
        true => "Every balance is right to the unit.",
        false => "Balances are wrong!",
    };
    say.step(format!(
        "{packets} packets in {seconds:.1} s: {acknowledged} acknowledged, {timed_out} timed \
         out, {lost} lost. {balances}"
    ))?;
    if json {
        output::line(serde_json::to_string(summary)?)?;
    }
    Ok(match is_good {
        true => Outcome::Done,
        false => Outcome::Failed,
    })
}
