//! `tern transfer`: sends tokens over a channel (ICS-20). With `--wait` it watches
//! the packets.
//!
//! It does not relay the packets. A relayer must do that.

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
use tern::engine::{Engine, Store};
use tern_chains::{ChannelId, PortId};
use tern_core::ledger::{Change, ChannelKey, ChannelRecord, Head, View};
use tern_core::plan::Assignment;
use tokio_util::sync::CancellationToken;

use self::report::Report;
use self::send::Sender;
use self::track::Tracker;
use super::amount::Amount;
use super::parse;
use super::signing::Signing;
use crate::connect::{ConnectedChain, Context};
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::setup::{self, ServedChain};

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
    /// Address of the receiver on the destination chain; 0x… too if it has an EVM
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
    let dst = route.dst.as_ref().filter(|_| args.wait);
    let dst_head = match dst {
        Some(dst) => latest(dst).await?,
        None => Head::default(),
    };
    if args.wait && dst.is_none() {
        output::note(format!(
            "note: {} is not in the configuration, so the results in its acknowledgements are not known",
            route.dst_id
        ));
    }
    let view = route_view(&route.src_end, &route.channel, route.head, dst_head);
    let src_end = route.src_end.clone().into();
    let mut tracker = Tracker::new(src_end, route.transfer.timeout_timestamp, view.clone());
    let mut report = Report::new(&args, &route, context.json);
    let quote = quote::quote(config, &args, &route).await?;
    let signing = Signing::choose(context, &route.key, &route.signer).await?;

    // The engine follows both chains from here on, and relays nothing.
    let served = |chain: &ConnectedChain, accounts| ServedChain {
        chain: chain.clone(),
        accounts,
    };
    let mut chains = vec![served(&route.src, signing.account().into_iter().collect())];
    chains.extend(dst.map(|dst| served(dst, vec![])));
    let parts = setup::parts(context, &chains, Store::none(), view)?;
    let engine = Engine::start(parts, Assignment::nothing());
    let handle = engine.handle();
    let mut sender = Sender::new(&route, &config.memo, quote, signing, handle.clone());

    let progress = Progress::beside_results(context.json);
    let sent = async {
        let mut facts = handle.watch().await?;
        sender.fill().await?;
        while !sender.is_done() {
            progress.now(&report.sending(&tracker));
            let facts = watch::next(&mut facts).await?;
            let txs = sender.on_facts(&facts);
            let steps = tracker.on_facts(&facts);
            report.sent(&txs, &steps)?;
            sender.fill().await?;
        }
        report.not_sent(sender.given_up());
        // A relayer may be waiting for the key.
        context.release(&route.key);
        if args.wait {
            let sees_acks = dst.is_some();
            watch::until_done(&mut tracker, &mut report, &progress, &mut facts, sees_acks).await?;
        }
        anyhow::Ok(())
    };
    let sent = engine.run_until(CancellationToken::new(), sent).await;
    // The error must say which transactions were broadcast before it.
    sent.map_err(|error| sender.add_broadcast_txs(error))?;
    Ok((report, tracker))
}

async fn latest(chain: &ConnectedChain) -> anyhow::Result<Head> {
    let (height, time) = chain.latest().await?;
    Ok(Head { height, time })
}

/// A ledger that knows the channel of the transfers and nothing else, with these as
/// the newest blocks of its chains.
fn route_view(src: &ChannelKey, channel: &ChannelRecord, src_head: Head, dst_head: Head) -> View {
    let mut view = View::default();
    let dst_chain = channel.counterparty_chain.clone();
    view.commit(&Change::Head(src.chain.clone(), src_head));
    view.commit(&Change::Head(dst_chain.clone(), dst_head));
    view.commit(&Change::Channel(src.clone(), channel.clone()));
    if let Some(channel_id) = channel.counterparty_channel_id.clone() {
        let dst = ChannelKey {
            chain: dst_chain,
            port_id: channel.counterparty_port_id.clone(),
            channel_id,
        };
        let end = ChannelRecord {
            counterparty_chain: src.chain.clone(),
            counterparty_port_id: src.port_id.clone(),
            counterparty_channel_id: Some(src.channel_id.clone()),
            ..channel.clone()
        };
        view.commit(&Change::Channel(dst, end));
    }
    view
}
