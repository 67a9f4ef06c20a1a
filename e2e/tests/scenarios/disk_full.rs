//! No room for the store: files of the daemon cannot grow any more, as on a full disk.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{Daemon, Network};

/// Room for the daemon's start, and for some hundred packets.
const ROOM_BYTES: u64 = 1024 * 1024;
const PACKETS: u32 = 50;
/// More than there is room for.
const SENDINGS_MAX: u32 = 20;

#[test]
fn without_room_for_the_store_it_says_so_and_loses_nothing() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let tern = &fixture.network.tern;
    let mut books = fixture.books()?;
    let store = tern.home.join("store");
    let full = std::fs::metadata(store.join("db"))
        .context("no store")?
        .len()
        + ROOM_BYTES;
    let told = |mut daemon: Daemon| {
        let ended = daemon.ends(LONG)?;
        let log = daemon.log();
        ensure!(ended.code() == Some(1), "it ended with {ended}: {log}");
        let path = store.display().to_string();
        let errors = log.lines().filter(|line| line.starts_with("error:"));
        let errors = errors.count();
        ensure!(errors == 1, "{errors} errors: {log}");
        ensure!(
            log.contains(&path) && log.contains("is the disk full"),
            "not told: {log}"
        );
        Ok(())
    };

    let mut daemon = tern.start_with_file_limit(full)?;
    daemon.follows(2, LONG)?;
    let mut sendings = 0;
    while daemon.ended()?.is_none() && sendings < SENDINGS_MAX {
        fixture.send_both(PACKETS)?;
        sendings += 1;
    }
    told(daemon)?;
    // Started again while there is no room, as a service manager does.
    told(tern.start_with_file_limit(full)?)?;
    let kept = std::fs::read_dir(&tern.home)?.flatten();
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().contains("damaged"));
    ensure!(kept.count() == 0, "the store was taken for damaged");

    fixture.send_both(10)?;
    let _daemon = tern.start()?;
    fixture.settled()?;
    let counts = books.close(&fixture.network.chains, "a full disk")?;
    ensure!(counts.failed == 0 && counts.useless == 0, "{counts}");
    ensure!(
        !tern.home.join("store.damaged-1").exists(),
        "the store was taken for damaged"
    );
    fixture.balanced()?;
    fixture.passed()
}
