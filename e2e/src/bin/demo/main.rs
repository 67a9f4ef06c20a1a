//! Two real chains on this machine, and Tern between them.
//!
//! ```sh
//! cargo run --release -p tern-e2e --bin demo
//! ```
//!
//! Opens a channel, starts the daemon, sends 100 packets of AKT one way and 100 of
//! USDX the other at the same time, brings some of both back home, and shows each
//! step as it happens. It ends with the balances on both sides, before and after,
//! and with exit code 0 only when every one of them is right to the unit.

mod accounts;
mod say;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use tern_e2e::{voucher, ChainSpec, Network};

use accounts::Accounts;
use say::Say;

/// What both ends of the first channel are called.
const CHANNEL: &str = "channel-0";
/// What goes out, and what of it comes back.
const OUT: u32 = 100;
const BACK: u32 = 40;
/// In each packet: a whole AKT, half a USDX.
const UAKT: u128 = 1_000_000;
const USDX: u128 = 500_000;
const LIMIT: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let say = Say::start();
    match demo(&say) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(say: &Say) -> Result<()> {
    say.step("Two chains start: ibc-go on CometBFT, one validator each, a block a second.");
    let pace = |spec: ChainSpec| ChainSpec {
        block_time: "1s",
        ..spec
    };
    let network = Network::of(vec![pace(ChainSpec::akash()), pace(ChainSpec::kava())])?;
    for chain in &network.chains {
        let (id, height, port) = (chain.spec.id, chain.height()?, chain.rpc_port);
        say.line(&format!(
            "{id} is at block {height}, RPC at http://127.0.0.1:{port}"
        ));
    }
    let accounts = Accounts::of(&network)?;
    let before = accounts.balances(&network)?;

    say.step("$ tern channel open akash-a kava-a");
    let (start, height) = (say.seconds(), network.chain("akash-a")?.height()?);
    let open = ["channel", "open", "akash-a", "kava-a"];
    network.tern.live(&open, |line| say.line(line))?;
    let blocks = network.chain("akash-a")?.height()? - height;
    let seconds = say.seconds() - start;
    say.line(&format!(
        "clients, connection and channel: {blocks} blocks, {seconds:.1} s"
    ));

    say.step("$ tern start &");
    let daemon = network.tern.start()?;
    daemon.follows(network.chains.len(), LIMIT)?;
    say.line("the daemon follows both chains");

    say.step(&format!("{OUT} packets each way, at the same time"));
    both(
        say,
        &network,
        Sent::new("akash-a", UAKT, "uakt".to_owned(), &accounts.kava_user, OUT),
        Sent::new("kava-a", USDX, "usdx".to_owned(), &accounts.akash_user, OUT),
    )?;
    let (akt, usdx) = (voucher(CHANNEL, "uakt"), voucher(CHANNEL, "usdx"));
    say.step(&format!("{BACK} packets of both back home"));
    both(
        say,
        &network,
        Sent::new("kava-a", UAKT, akt, &accounts.akash_user, BACK),
        Sent::new("akash-a", USDX, usdx, &accounts.kava_user, BACK),
    )?;

    say.step("$ kill -TERM %1");
    let start = say.seconds();
    let ended = daemon.terminate(LIMIT)?;
    ensure!(ended.success(), "the daemon ended with {ended}");
    say.line(&format!(
        "the daemon ended after {:.1} s",
        say.seconds() - start
    ));

    say.step("Before and after");
    let after = accounts.balances(&network)?;
    let (out, back) = (u128::from(OUT), u128::from(BACK));
    accounts.check(
        &network,
        &before,
        &after,
        [(out - back) * UAKT, (out - back) * USDX],
    )?;
    let packets = 2 * (OUT + BACK) as usize;
    for (message, what) in [
        ("MsgRecvPacket", "received"),
        ("MsgAcknowledgement", "acknowledged"),
    ] {
        let paid =
            network.chain("akash-a")?.paid(message)? + network.chain("kava-a")?.paid(message)?;
        ensure!(
            paid == packets,
            "{paid} {message} were paid for {packets} packets"
        );
        say.line(&format!(
            "each of {packets} packets was {what} once, and paid for once"
        ));
    }
    network.passed()?;
    say.step("Everything is right to the unit. Nothing was left behind on this machine.");
    Ok(())
}

/// Packets from one chain.
struct Sent<'a> {
    src: &'static str,
    coin: String,
    receiver: &'a str,
    count: String,
}

impl<'a> Sent<'a> {
    fn new(src: &'static str, amount: u128, denom: String, receiver: &'a str, count: u32) -> Self {
        Self {
            src,
            coin: format!("{amount}{denom}"),
            receiver,
            count: count.to_string(),
        }
    }
}

/// Sends from both chains at the same time, to the last acknowledgement.
fn both(say: &Say, network: &Network, one: Sent, other: Sent) -> Result<()> {
    std::thread::scope(|scope| {
        let one = scope.spawn(|| send(say, network, &one));
        let other = send(say, network, &other);
        let one = one
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        one.and(other)
    })
}

fn send(say: &Say, network: &Network, sent: &Sent) -> Result<()> {
    let Sent {
        src,
        coin,
        receiver,
        count,
    } = sent;
    let start = say.seconds();
    say.line(&format!(
        "{src} $ tern transfer {src} {CHANNEL} {coin} {receiver} --count {count} --wait"
    ));
    let args = [
        "transfer", src, CHANNEL, coin, receiver, "--count", count, "--wait",
    ];
    let done = network
        .user
        .live(&args, |line| say.line(&format!("{src}: {line}")));
    done.with_context(|| format!("sending from {src}"))?;
    let seconds = say.seconds() - start;
    say.line(&format!(
        "{src}: from the command to the last acknowledgement {seconds:.1} s"
    ));
    Ok(())
}
