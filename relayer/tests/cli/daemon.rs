//! Commands beside a daemon: they go to it, and no second process signs with its
//! keys.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::JoinHandle;

use super::devnet::{free_ports, Devnet};
use super::home::Home;

/// `tern start`, ended with the test.
struct Daemon {
    child: Child,
    /// Reads what it logs to the end.
    log: Option<JoinHandle<String>>,
}

impl Daemon {
    /// Starts it, and waits until it follows both chains.
    fn start(home: &Home) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tern"))
            .arg("start")
            .env("TERN_HOME", home.path(""))
            .env_remove("TERN_LOG")
            .env_remove("TERN_LOG_FORMAT")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begun = until_following(&mut lines);
        let log = std::thread::spawn(move || {
            let rest = lines.map_while(Result::ok);
            begun.into_iter().chain(rest).collect::<Vec<_>>().join("\n")
        });
        Self {
            child,
            log: Some(log),
        }
    }

    /// Ends it with a signal, for what it has logged.
    fn end(mut self, signal: &str) -> String {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until_following(lines: &mut std::io::Lines<BufReader<ChildStderr>>) -> Vec<String> {
    let mut said = vec![];
    let is_following = |line: &&String| line.contains("following");
    while said.iter().filter(is_following).count() < 2 {
        said.push(lines.next().expect("it follows two chains").unwrap());
    }
    said
}

/// Two chains and their home.
fn two_chains() -> (Home, Devnet) {
    let home = Home::empty();
    let devnet = Devnet::start(&home, &["--port", &free_ports(2)]);
    (home, devnet)
}

fn address(home: &Home, chain: &str, name: &str) -> String {
    let balance = home.tern(&["keys", "balance", chain, "--name", name, "--json"]);
    balance.json()["address"].as_str().unwrap().to_owned()
}

#[test]
fn commands_beside_a_daemon_are_done_by_it() {
    let (home, _devnet) = two_chains();
    let daemon = Daemon::start(&home);
    let mode = fs::metadata(home.path("tern.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    assert!(opened.out.contains("channel is open"), "{opened:?}");
    assert!(opened.err.contains("connection-0 OPEN"), "{opened:?}");
    assert!(!opened.err.contains("another `tern`"), "{opened:?}");

    // With the key that the daemon relays with.
    let receiver = address(&home, "kava-dev", "user");
    let transfer = ["transfer", "akash-dev", "channel-0", "5uakt", &receiver];
    let sent = home.tern(&[&transfer[..], &["--count", "20", "--wait"]].concat());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(!sent.err.contains("waiting for it"), "{sent:?}");

    let pending = home.tern(&["packet", "pending", "akash-dev", "channel-0", "--json"]);
    assert_eq!(pending.json()["unreceived_packets"], serde_json::json!([]));
    let cleared = home.tern(&["packet", "clear", "akash-dev", "channel-0", "--json"]);
    assert_eq!(cleared.code, 0, "{cleared:?}");
    assert_eq!(cleared.json()["left"], serde_json::json!([]));

    let log = daemon.end("-TERM");
    assert!(log.contains("broadcast for a command"), "{log}");
    // Its stderr is no terminal.
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["fields"]["message"].is_string(), "{line}");
    }
    assert!(!home.path("tern.sock").exists());
}

#[test]
fn a_second_daemon_in_a_home_is_refused() {
    let (home, _devnet) = two_chains();
    let _daemon = Daemon::start(&home);
    let second = home.tern(&["start"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("another `tern` process"), "{second:?}");
    let error: serde_json::Value = serde_json::from_str(second.err.trim_end()).unwrap();
    assert_eq!(error["level"], "ERROR");
}

#[test]
fn after_a_killed_daemon_commands_and_the_next_daemon_work() {
    let (home, _devnet) = two_chains();
    Daemon::start(&home).end("-KILL");
    assert!(home.path("tern.sock").exists());
    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let daemon = Daemon::start(&home);
    let pending = home.tern(&["packet", "pending", "akash-dev", "channel-0"]);
    assert_eq!(pending.code, 0, "{pending:?}");
    drop(daemon);
}

#[test]
fn a_pending_packet_says_what_it_waits_for() {
    let (home, _devnet) = two_chains();
    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let receiver = address(&home, "kava-dev", "user");
    let sent = home.tern(&["transfer", "akash-dev", "channel-0", "5uakt", &receiver]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let pending = home.tern(&["packet", "pending", "akash-dev", "channel-0"]);
    assert_eq!(pending.code, 0, "{pending:?}");
    assert!(
        pending.out.contains("unreceived packets: 1 (1)")
            && pending.out.contains("1 (1): it can be relayed now"),
        "{pending:?}"
    );
}

#[test]
fn a_stranger_on_the_socket_does_not_disturb_the_daemon() {
    let (home, _devnet) = two_chains();
    let _daemon = Daemon::start(&home);
    let socket = home.path("tern.sock");
    let mut answers = vec![];
    for said in [
        "GET / HTTP/1.1\n",
        "{\"version\":1,\"request\":\"Nonsense\"}\n",
        "{\"version\":999,\"request\":null}\n",
        "",
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        let mut answer = String::new();
        if said.contains("999") {
            BufReader::new(stream).read_line(&mut answer).unwrap();
        }
        answers.push(answer);
    }
    assert!(answers[2].contains("use the same program"), "{answers:?}");
    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
}

#[test]
fn a_key_that_another_process_signs_with_is_waited_for() {
    let (home, _devnet) = two_chains();
    let opened = home.tern(&["channel", "open", "akash-dev", "kava-dev"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let receiver = address(&home, "kava-dev", "user");

    // This test is the other process.
    let key = File::open(home.path("keys/akash-dev/user.json")).unwrap();
    key.lock().unwrap();
    let mut waiting = Command::new(env!("CARGO_BIN_EXE_tern"))
        .args(["transfer", "akash-dev", "channel-0", "5uakt", &receiver])
        .args(["--key", "user"])
        .env("TERN_HOME", home.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap());
    lines.read_line(&mut said).unwrap();
    assert!(said.contains("signs with the key `user`"), "{said}");
    assert_eq!(waiting.try_wait().unwrap(), None);
    drop(key);
    assert!(waiting.wait().unwrap().success());
}
