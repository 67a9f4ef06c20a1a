//! A second owner of every child process, for when this program is killed.
//!
//! `Drop` ends the children on every way out but one: a program that a signal
//! ends runs no destructors. So a shell beside it is told their process ids
//! through a pipe. When this program is gone, for whatever reason, the pipe
//! closes, and the shell ends what it was not told to be over: with SIGTERM, and after five
//! seconds with SIGKILL.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{bail, Context, Result};

/// The ids are kept in a list: a released one may be somebody else's by then.
const SCRIPT: &str = r#"
while read -r what id; do
  rest=
  for one in $ids; do [ "$one" = "$id" ] || rest="$rest $one"; done
  ids=$rest
  [ "$what" = watch ] && ids="$ids $id"
done
for id in $ids; do kill "$id"; done
tries=0
while [ "$tries" -lt 50 ]; do
  left=
  for id in $ids; do kill -0 "$id" && left="$left $id"; done
  [ -z "$left" ] && exit
  sleep 0.1
  tries=$((tries + 1))
done
for id in $left; do kill -9 "$id"; done
"#;

/// Ends this process when our own ends.
pub fn watch(id: u32) -> Result<()> {
    tell("watch", id)
}

/// This process is over.
pub fn release(id: u32) -> Result<()> {
    tell("release", id)
}

fn tell(what: &str, id: u32) -> Result<()> {
    static GUARD: OnceLock<Result<Mutex<ChildStdin>, String>> = OnceLock::new();
    match GUARD.get_or_init(|| start().map_err(|error| format!("{error:#}"))) {
        Ok(guard) => {
            let mut guard = guard.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(guard, "{what} {id}").context("the guard of child processes is gone")
        }
        Err(error) => bail!("{error}"),
    }
}

fn start() -> Result<Mutex<ChildStdin>> {
    let mut guard = Command::new("sh");
    guard.args(["-c", SCRIPT]).stdin(Stdio::piped());
    guard.stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl-C is sent to the whole group of a terminal: the guard must outlive it.
    guard.process_group(0);
    let mut guard = guard.spawn().context("cannot start `sh`")?;
    let stdin = guard.stdin.take();
    Ok(Mutex::new(stdin.context("`sh` has no stdin")?))
}
