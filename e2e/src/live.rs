//! A command whose output is shown while it runs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{sync_channel, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};

use crate::process::Process;

/// Lines said and not shown yet.
const LINES_MAX: usize = 100;

/// Runs a command to its end; hands on each line of stdout and stderr.
pub fn run(
    command: &mut Command,
    limit: Duration,
    mut each: impl FnMut(&str),
) -> Result<ExitStatus> {
    let start = Instant::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(command)?;
    let (stdout, stderr) = process.output().context("a command without output")?;
    let (sender, lines) = sync_channel(LINES_MAX);
    let readers = [read(stdout, sender.clone()), read(stderr, sender)];
    loop {
        match lines.recv_timeout(limit.saturating_sub(start.elapsed())) {
            Ok(line) => each(&line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => bail!("{command:?} takes longer than {limit:?}"),
        }
    }
    for reader in readers {
        reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    process.wait(limit.saturating_sub(start.elapsed()))
}

fn read(output: impl Read + Send + 'static, lines: SyncSender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens any more when the command took too long.
            if lines.send(line).is_err() {
                return;
            }
        }
    })
}
