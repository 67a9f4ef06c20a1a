//! `tern devnet` and `tern demo`: development chains, and the other commands on
//! them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::home::Home;

/// `tern devnet`, ended with the test.
pub struct Devnet {
    child: Child,
    said: String,
}

impl Devnet {
    /// Starts it, and waits until it says that the chains run.
    pub fn start(home: &Home, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tern"))
            .args(["devnet", "--block-time", "100ms"])
            .args(args)
            .env("TERN_HOME", home.path(""))
            .env_remove("TERN_LOG")
            .env_remove("TERN_LOG_FORMAT")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !said.contains("The chains run until") {
            said += &lines.next().expect("more to be said").unwrap();
            said += "\n";
        }
        Self { child, said }
    }

    /// Ends it with a signal, for its exit code.
    pub fn end(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `tern start`, ended with the test.
pub struct Daemon(Child);

impl Daemon {
    pub fn start(home: &Home) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_tern"))
            .arg("start")
            .env("TERN_HOME", home.path(""))
            .env_remove("TERN_LOG")
            .env_remove("TERN_LOG_FORMAT")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, if it failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port with what `chains` chains need after it free. Each test gets others, below those
/// that the kernel gives to whoever asks for any.
pub fn free_ports(chains: u16) -> String {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let base = NEXT.fetch_add(chains * 10, Ordering::Relaxed);
        assert!(base < 12_000, "no port is free");
        let mut all = (0..chains).flat_map(|n| [base + n * 10, base + n * 10 + 1]);
        if all.all(is_free) {
            return base.to_string();
        }
    }
}

#[test]
fn three_chains_are_there_with_configuration_and_funded_keys() {
    let home = Home::empty();
    let devnet = Devnet::start(&home, &["--chains", "3", "--port", &free_ports(3)]);
    assert!(devnet.said.contains("channel open akash-dev kava-dev"));

    let health = home.tern(&["health", "--json"]);
    assert_eq!(health.code, 0, "{health:?}");
    for (chain, denom) in [
        ("akash-dev", "uakt"),
        ("kava-dev", "usdx"),
        ("chain-3", "stake"),
    ] {
        let balance = home.tern(&["keys", "balance", chain]);
        assert_eq!(balance.code, 0, "{balance:?}");
        assert!(
            balance.out.contains("1000000000000") && balance.out.contains(denom),
            "{balance:?}"
        );
    }
    let opened = home.tern(&["channel", "open", "akash-dev", "chain-3", "--json"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    assert_eq!(opened.json()["channels"][0]["ordering"], "unordered");
    assert_eq!(devnet.end("-TERM"), Some(0));
}

/// Each leaves more pending than the one before.
const ROUNDS_MAX: usize = 10;

#[test]
fn several_accounts_relay_to_a_chain() {
    let home = Home::empty();
    let _devnet = Devnet::start(&home, &["--port", &free_ports(2)]);
    let config = fs::read_to_string(home.path("config.toml")).unwrap();
    // kava-dev is the last chain in the file.
    let config = format!("{}\nextra_keys = [\"user\"]\n", config.trim_end());
    fs::write(home.path("config.toml"), config).unwrap();
    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let of_kava = |name: &str| {
        let args = ["keys", "balance", "kava-dev", "--name", name, "--json"];
        let balance = home.tern(&args).json();
        let coins = balance["balances"].as_array().unwrap().clone();
        let fees = coins.iter().find(|coin| coin["denom"] == "ukava").unwrap();
        let amount = fees["amount"].as_str().unwrap().parse::<u64>().unwrap();
        (balance["address"].as_str().unwrap().to_owned(), amount)
    };
    let (receiver, _) = of_kava("user");
    let before = ["relayer", "user"].map(|name| of_kava(name).1);

    // A daemon that finds more than two batches pending has work for both accounts at the same
    // time. Whether it takes a second one before the first is done is up to the machine, so
    // there is more to do until it did.
    let transfer = |more: &[&str]| {
        let args = ["transfer", "akash-dev", "channel-0", "1uakt", &receiver];
        let ran = home.tern(&[&args[..], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    let both_have_relayed = (0..ROUNDS_MAX).any(|_| {
        transfer(&["--count", "1200"]);
        let _daemon = Daemon::start(&home);
        transfer(&["--wait"]);
        let now = ["relayer", "user"].map(|name| of_kava(name).1);
        now[0] < before[0] && now[1] < before[1]
    });
    assert!(both_have_relayed, "one account has relayed everything");
    let health = home.tern(&["health"]);
    assert!(health.out.contains("user kava1"), "{health:?}");
}

#[test]
fn a_home_in_use_is_left_as_it_is() {
    let home = Home::with("# mine\n");
    let ran = home.tern(&["devnet"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("another folder with --home"), "{ran:?}");
    let config = fs::read_to_string(home.path("config.toml")).unwrap();
    assert_eq!(config, "# mine\n");
    assert!(!home.path("keys").exists());
}

#[test]
fn a_port_in_use_is_told_and_leaves_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let home = Home::empty();
    let ran = home.tern(&["devnet", "--port", &port]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains(&format!("port {port}")) && ran.err.contains("--port"),
        "{ran:?}"
    );
    assert!(!home.path("config.toml").exists());
}

#[test]
fn the_demo_ends_with_one_json_object_and_leaves_the_home_alone() {
    let home = Home::empty();
    let args = ["--packets", "11", "--block-time", "100ms", "--json"];
    let ran = home.tern(&[&["demo"], &args[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let summary = ran.json();
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    for (name, number) in [
        ("packets", 11),
        ("acknowledged", 11),
        ("timed_out", 0),
        ("lost", 0),
    ] {
        assert_eq!(summary[name], number, "{summary}");
    }
    assert!(summary["seconds"].as_f64() > Some(0.0), "{summary}");
    assert_eq!(fs::read_dir(home.path("")).unwrap().count(), 0);
}

#[test]
fn the_demo_shows_balances_on_both_sides() {
    let ran = Home::empty().tern(&["demo", "--block-time", "100ms"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in ["come back home", "escrow", "Every balance is right"] {
        assert!(ran.out.contains(line), "{line}: {ran:?}");
    }
    assert!(!ran.out.contains("WRONG"), "{ran:?}");
}
