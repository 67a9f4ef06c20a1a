//! Ports for nodes and servers of the scenarios.
//!
//! A port that was just found free is taken by nobody until its server listens: it is below
//! those that the kernel gives to whoever asks for any, and each is given to one process of
//! the scenarios at a time, as a file that they share counts them up.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;

use anyhow::{Context, Result};

/// Above the well-known services, and below Linux' `ip_local_port_range` of 32768 and up.
const PORTS: std::ops::Range<u16> = 12_000..32_000;
/// The name of the file that counts them up, in the folder of temporary files. It stays.
pub const COUNTER: &str = "tern-e2e-ports";

/// Ports nobody listens on now, and that no other scenario gets.
pub fn free_ports() -> Result<[u16; 3]> {
    let path = std::env::temp_dir().join(COUNTER);
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path);
    let mut counter = file.with_context(|| format!("cannot open {path:?}"))?;
    // Others wait until this one is closed.
    counter.lock()?;
    let mut text = String::new();
    counter.read_to_string(&mut text)?;
    let last: u16 = text.trim().parse().unwrap_or(PORTS.start);
    let mut free = after(last).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut next = || free.next().context("no port is free");
    let found = [next()?, next()?, next()?];
    counter.set_len(0)?;
    counter.seek(SeekFrom::Start(0))?;
    write!(counter, "{}", found[2])?;
    Ok(found)
}

/// All ports, from the one after this on.
fn after(last: u16) -> impl Iterator<Item = u16> {
    let at = last.clamp(PORTS.start, PORTS.end - 1);
    (at + 1..PORTS.end).chain(PORTS.start..=at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let (first, second) = (free_ports().unwrap(), free_ports().unwrap());
        let mut all = [first, second].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 6, "{first:?} {second:?}");
        assert!(all.iter().all(|port| PORTS.contains(port)));
    }

    #[test]
    fn after_the_last_port_comes_the_first() {
        let next = |last| after(last).next();
        assert_eq!(next(PORTS.end - 1), Some(PORTS.start));
        assert_eq!(next(PORTS.start), Some(PORTS.start + 1));
        assert_eq!(next(7), Some(PORTS.start + 1));
        assert_eq!(after(20_000).count(), PORTS.len());
    }
}
