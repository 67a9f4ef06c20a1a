//! `tern transfer`: sends tokens over a channel (ICS-20). With `--wait` it watches
//! the packets.
//!
//! It does not relay the packets. A relayer must do that.

mod coin;
mod follow;
mod preflight;
mod quote;
mod receiver;
mod report;
mod send;
mod size;
mod track;
mod watch;

use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use tern_chains::{ChannelId, PortId};
use tern_core::ledger::Head;

use self::coin::Amount;
use self::report::Report;
use self::send::Sender;
use self::track::Tracker;
use super::parse;
use crate::connect::Context;
use crate::output::{self, Outcome};

const EXAMPLES: &str = "\
Examples:
  tern transfer akash-a channel-0 100uakt kava1... --wait
  tern transfer akash-a channel-0 1uakt kava1... --count 500 --key user

With --wait the exit code is 0 only if every packet is acknowledged with success.
The command does not relay the packets: use `tern start` or `tern packet clear`.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TransferArgs {
    /// Source chain of the packets
    #[arg(value_name = "SRC-CHAIN")]
    chain: String,
    /// Channel on the source chain
    #[arg(value_parser = parse::channel)]
    channel: ChannelId,
    /// Amount and denom of each transfer, such as 100uakt
    amount: Amount,
    /// Address of the receiver on the destination chain
    receiver: String,
    /// Port on the source chain
    #[arg(long, default_value = "transfer", value_parser = parse::port)]
    port: PortId,
    /// Number of transfers to send, one packet each
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Name of the key to send with [default: the `key` of the chain's
    /// configuration]
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Memo of the packets
    #[arg(long, default_value = "", hide_default_value = true)]
    memo: String,
    /// Timeout of the packets, counted from the newest block. After the timeout
    /// the tokens are refunded
    #[arg(long, default_value = "10m", value_parser = parse::duration, value_name = "TIME")]
    timeout: Duration,
    /// Watch the packets until each one is acknowledged or timed out
    #[arg(long)]
    wait: bool,
}

pub async fn run(context: &Context, args: TransferArgs) -> anyhow::Result<Outcome> {
    let (report, tracker) = send(context, args).await?;
    report.finish(&tracker)
}

/// Sends the transfers and watches the packets if `--wait` is given. Without
/// `--json` it prints each step.
pub async fn send(context: &Context, args: TransferArgs) -> anyhow::Result<(Report, Tracker)> {
    let config = context.chain_config(&args.chain)?;
    let route = preflight::check(context, &args).await?;
    let start_on_src = route.head.height;
    let start_on_dst = match (&route.dst, args.wait) {
        (Some(dst), true) => Some(dst.latest().await?.0),
        _ => None,
    };
    if args.wait && route.dst.is_none() {
        output::note(format!(
            "note: {} is not in the configuration, so the results in its acknowledgements are not known",
            route.dst_id
        ));
    }
    let mut report = Report::new(&args, &route, context.json);
    let mut tracker = Tracker::new(&route.transfer);
    let mut sender = Sender::new(&route, config, quote::quote(config, &args, &route).await?);
    let mut src_blocks = Box::pin(follow::blocks(route.src.shared(), start_on_src));
    let dst_blocks = route.dst.as_ref().zip(start_on_dst);
    let dst_blocks = dst_blocks.map(|(dst, start)| Box::pin(follow::blocks(dst.shared(), start)));

    let sent = async {
        sender.fill(route.head).await?;
        while !sender.is_done() {
            let Some(block) = src_blocks.next().await.transpose()? else {
                break;
            };
            let txs = sender.on_block(&block);
            let steps = tracker.on_src(&block);
            report.sent(&txs, &steps)?;
            sender
                .fill(Head {
                    height: block.height,
                    time: block.time,
                })
                .await?;
        }
        report.not_sent(sender.given_up());
        if args.wait {
            watch::until_done(&mut tracker, &mut report, src_blocks, dst_blocks).await?;
        }
        anyhow::Ok(())
    };
    // The error must say which transactions were broadcast before it.
    sent.await
        .map_err(|error| sender.add_broadcast_txs(error))?;
    Ok((report, tracker))
}
