//! Two real chains on this machine, and Tern between them.
//!
//! ```sh
//! cargo run --release -p tern-e2e --bin demo
//! ```
//!
//! Opens a channel, starts the daemon, sends AKT one way and USDX the other, brings
//! some of it back, and shows each step with its block. It ends with the balances on
//! both sides, and with exit code 0 only when they add up to the unit.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{ensure, Result};
use tern_e2e::{voucher, Network, Tern, USER};

fn main() -> ExitCode {
    let start = Instant::now();
    match demo(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(start: Instant) -> Result<()> {
    let say = |what: &str| println!("\n[{:5.1} s] {what}", start.elapsed().as_secs_f64());

    say("building what is missing, then starting two chains of ibc-go and CometBFT");
    let network = Network::two()?;
    for chain in &network.chains {
        let (spec, rpc) = (&chain.spec, chain.rpc_port);
        println!(
            "          {}: block {}, RPC at 127.0.0.1:{rpc}",
            spec.id,
            chain.height()?
        );
    }

    say("tern channel open akash-a kava-a");
    show(&network.tern, &["channel", "open", "akash-a", "kava-a"])?;
    let (akash_user, kava_user) = (
        network.address("akash-a", USER.0)?,
        network.address("kava-a", USER.0)?,
    );
    let vouchers = Vouchers::new();
    let before = vouchers.balances(&network, &akash_user, &kava_user)?;

    say("tern start");
    let daemon = network.tern.start()?;

    let transfers = [
        (
            "akash-a",
            "2500000uakt".to_owned(),
            &kava_user,
            "AKT from akash to kava",
        ),
        (
            "kava-a",
            "1000000usdx".to_owned(),
            &akash_user,
            "USDX from kava to akash, to pay for compute",
        ),
        (
            "kava-a",
            format!("500000{}", vouchers.akt_on_kava),
            &akash_user,
            "some AKT back home",
        ),
    ];
    for (src, coin, receiver, what) in &transfers {
        say(&format!(
            "tern transfer {src} channel-0 {coin} {receiver} --wait"
        ));
        println!("          {what}");
        show(
            &network.user,
            &["transfer", src, "channel-0", coin, receiver, "--wait"],
        )?;
    }

    say("100 packets each way at once");
    std::thread::scope(|scope| {
        let there = scope.spawn(|| many(&network.user, "akash-a", "10uakt", &kava_user));
        many(&network.user, "kava-a", "10usdx", &akash_user)?;
        there
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;

    say("SIGTERM to the daemon");
    let ended = daemon.terminate(Duration::from_secs(10))?;
    println!("          it ended: {ended}");

    say("balances of the two users");
    let after = vouchers.balances(&network, &akash_user, &kava_user)?;
    let moved = [-2_001_000, 1_001_000, 2_001_000, -1_001_000];
    for ((is, was), expected) in after.iter().zip(&before).zip(moved) {
        let change = is.amount as i128 - was.amount as i128;
        println!(
            "          {:<8} {:<5} {:>16} {:>+12}",
            is.chain, is.token, is.amount, change
        );
        ensure!(
            change == expected,
            "{} of {} changed by {change}, not {expected}",
            is.token,
            is.chain
        );
    }
    say("everything adds up");
    Ok(())
}

/// Sends a hundred packets and waits for all acknowledgements.
fn many(user: &Tern, src: &str, coin: &str, receiver: &str) -> Result<()> {
    let start = Instant::now();
    let args = [
        "transfer",
        src,
        "channel-0",
        coin,
        receiver,
        "--count",
        "100",
        "--wait",
    ];
    let done = user.json(&args)?;
    ensure!(done["acknowledged"] == 100, "{done}");
    let seconds = start.elapsed().as_secs_f64();
    println!("          100 packets from {src} sent, received and acknowledged in {seconds:.1} s");
    Ok(())
}

/// Runs a command and shows what it says, indented.
fn show(tern: &Tern, args: &[&str]) -> Result<()> {
    let output = tern.run(args)?;
    for line in output.stderr.lines().chain(output.stdout.lines()) {
        println!("          {line}");
    }
    ensure!(output.code == Some(0), "tern {args:?} failed");
    Ok(())
}

/// What the tokens are called on the other side.
struct Vouchers {
    akt_on_kava: String,
    usdx_on_akash: String,
}

struct Balance {
    chain: &'static str,
    token: &'static str,
    amount: u128,
}

impl Vouchers {
    fn new() -> Self {
        Self {
            akt_on_kava: voucher("channel-0", "uakt"),
            usdx_on_akash: voucher("channel-0", "usdx"),
        }
    }

    fn balances(
        &self,
        network: &Network,
        akash_user: &str,
        kava_user: &str,
    ) -> Result<Vec<Balance>> {
        let all = [
            ("akash-a", "AKT", akash_user, "uakt"),
            ("akash-a", "USDX", akash_user, self.usdx_on_akash.as_str()),
            ("kava-a", "AKT", kava_user, self.akt_on_kava.as_str()),
            ("kava-a", "USDX", kava_user, "usdx"),
        ];
        let balance = |(chain, token, user, denom): (&'static str, &'static str, &str, &str)| {
            let amount = network.chain(chain)?.balance(user, denom)?;
            Ok(Balance {
                chain,
                token,
                amount,
            })
        };
        all.into_iter().map(balance).collect()
    }
}
