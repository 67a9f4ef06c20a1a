//! Ctrl-C and SIGTERM end everything that the bench has started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tern_e2e::{interrupt, ports, wait, Process, Signal};

const LIMIT: Duration = Duration::from_secs(300);
/// An environment variable that every process started by the bench inherits.
const MARK: &str = "TERN_BENCH_TEST";

/// A peer that opens channels forever.
const SLOW_PEER: &str = "#!/bin/sh
case \"$*\" in
  *keys*) echo '{\"status\": \"success\", \"result\": {}}' ;;
  *channel*) exec tail -f /dev/null ;;
esac
";

struct Bench {
    process: Process,
    folder: TempDir,
}

impl Bench {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let peer = folder.path().join("slow-peer");
        fs::write(&peer, SLOW_PEER).unwrap();
        fs::set_permissions(&peer, fs::Permissions::from_mode(0o755)).unwrap();
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.args(args).arg("--smoke");
        command.arg("--peer-binary").arg(peer);
        command.arg("--out").arg(folder.path().join("out"));
        command.env(MARK, folder.path()).env("TMPDIR", temporary);
        Self {
            process: Process::start(&mut command).unwrap(),
            folder,
        }
    }

    /// The command lines of all processes that it has started and that run.
    fn processes(&self) -> Vec<String> {
        let mark = format!("{MARK}={}", self.folder.path().display());
        let mut lines = Vec::new();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            // Other users' processes, and those that have just ended, cannot be read.
            let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
            let environment = read("environ");
            let mut variables = environment.split(|byte| *byte == 0);
            if variables.any(|variable| variable == mark.as_bytes()) {
                let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
                lines.push(line);
            }
        }
        lines
    }

    /// Waits until it runs this many processes whose command line has this text.
    fn runs(&mut self, count: usize, text: &str) {
        wait::until(text, LIMIT, || {
            assert_eq!(self.process.ended().unwrap(), None, "the bench has ended");
            let processes = self.processes();
            let found = processes.iter().filter(|line| line.contains(text));
            Ok((found.count() >= count).then_some(()))
        })
        .unwrap();
    }

    /// Sends the signal, and waits until nothing of it is left.
    fn ends_with_everything(mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
        let status = self.process.wait(LIMIT).unwrap();
        assert_eq!(status.code(), Some(i32::from(interrupt::EXIT_CODE)));
        let gone = wait::until("the end of all processes", LIMIT, || {
            Ok(self.processes().is_empty().then_some(()))
        });
        gone.unwrap_or_else(|error| panic!("{error}: {:?}", self.processes()));
        let left = files_left(&self.folder.path().join("tmp"));
        assert_eq!(left, Vec::<String>::new(), "files are left");
    }
}

/// All but the counter of ports, which outlives the processes that share it.
fn files_left(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != ports::COUNTER).collect()
}

#[test]
fn ctrl_c_ends_tern_and_both_chains() {
    let mut bench = Bench::start(&["--scenario", "one"]);
    bench.runs(2, "chaind start");
    bench.runs(1, "bench-tern start");
    bench.ends_with_everything(Signal::Interrupt);
}

#[test]
fn sigterm_ends_a_peer_that_opens_its_channel() {
    let mut bench = Bench::start(&["--scenario", "validators-100", "--peer", "hermes"]);
    bench.runs(1, "tail -f /dev/null");
    bench.ends_with_everything(Signal::Term);
}
