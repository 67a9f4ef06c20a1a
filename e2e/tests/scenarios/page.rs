//! The page in a browser: a packet is searched and seen to arrive, a path is paused and
//! resumed, and a daemon that is gone is shown as such. Makes pictures of every view.

use std::path::PathBuf;

use crate::support::browsing::{picture, pictures, workspace, LOOKS};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::json;
use tern_e2e::{http, wait, Browser, Network};

/// Enter, as WebDriver names the key.
const ENTER: &str = "\u{e007}";
const TOKEN: &str = "a-token-of-the-scenario-0123456789";
/// The picture in the README, and how high it is.
const SHOWN: &str = "examples/page.png";
const SHOWN_HEIGHT: u64 = 860;

struct Seen {
    fixture: Fixture,
    browser: Browser,
    port: u16,
    pictures: PathBuf,
}

#[test]
#[ignore = "needs Chromium and its driver (Debian: chromium, chromium-driver)"]
fn a_packet_is_followed_a_path_is_paused_and_a_dead_daemon_is_shown() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    fixture.network.tern.serve_http_with_token(TOKEN)?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let seen = Seen {
        port: daemon.http_port()?,
        browser: Browser::start()?,
        pictures: pictures()?,
        fixture,
    };
    seen.overview_is_read()?;
    seen.packet_is_found_and_confirmed()?;
    seen.others_are_found()?;
    seen.events_are_told()?;
    seen.path_is_paused_and_resumed()?;
    seen.every_view_fits()?;
    seen.is_read_without_a_script()?;
    let complaints = seen.browser.complaints()?;
    ensure!(
        complaints.is_empty(),
        "the browser complains: {complaints:?}"
    );
    seen.open("/")?;
    daemon.kill()?;
    seen.silence_is_shown()?;
    let port = seen.port;
    seen.fixture
        .network
        .tern
        .reconfigure("127.0.0.1:0", &format!("127.0.0.1:{port}"))?;
    let daemon = seen.fixture.network.tern.start()?;
    seen.news_are_shown_again()?;
    ensure!(daemon.terminate(LONG)?.success());
    seen.fixture.passed()
}

impl Seen {
    fn open(&self, path: &str) -> Result<()> {
        self.browser.open(&self.address(path))
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn path(&self) -> String {
        format!("/paths/akash-a/transfer/{}", self.fixture.on_akash)
    }

    fn packet(&self, sequence: u64) -> String {
        let channel = &self.fixture.on_akash;
        format!("/packets/akash-a/transfer/{channel}/{sequence}")
    }

    fn overview_is_read(&self) -> Result<()> {
        self.open("/")?;
        let verdict = "#verdict-title";
        self.browser.shows(verdict, "All well", LONG)?;
        self.browser.shows("#chains", "akash-a", LONG)?;
        let name = format!(
            "akash-a {} → kava-a {}",
            self.fixture.on_akash, self.fixture.on_kava
        );
        self.browser.shows("#paths", &name, LONG)?;
        // Blocks come, and the page shows them by itself.
        let before = self.browser.text("#chains dd")?;
        wait::until("the page to show a new block", LONG, || {
            Ok((self.browser.text("#chains dd")? != before).then_some(()))
        })
    }

    /// A transfer's hash is searched, and the view is not loaded again by hand until the
    /// packet is confirmed.
    fn packet_is_found_and_confirmed(&self) -> Result<()> {
        let fixture = &self.fixture;
        let sent = fixture.network.user.json(&[
            "transfer",
            "akash-a",
            &fixture.on_akash,
            "100uakt",
            &fixture.kava_user,
        ])?;
        let hash = sent["txs"][0]["hash"]
            .as_str()
            .context("no hash")?
            .to_owned();
        // The key that the search is focused by.
        self.browser.enter("body", "/")?;
        let focused = self
            .browser
            .run("return document.activeElement.id", vec![])?;
        ensure!(focused == "q", "the search has no focus: {focused}");
        // The index of a node may be a moment late.
        wait::until("the packet to be found", LONG, || {
            self.browser
                .run("document.getElementById('q').value = ''", vec![])?;
            self.browser.enter("#q", &format!("{hash}{ENTER}"))?;
            let address = self.browser.address()?;
            Ok(address.ends_with(&self.packet(1)).then_some(()))
        })?;
        self.browser.run("window.isTheSame = true", vec![])?;
        self.browser.shows("#way", "Sent from akash-a", LONG)?;
        self.browser.shows("#way", "Confirmed on akash-a", LONG)?;
        self.browser
            .shows("#result", "Arrived on kava-a and confirmed", LONG)?;
        let way = self.browser.text("#way")?;
        ensure!(
            way.contains("this relayer") && !way.contains("Next:"),
            "{way}"
        );
        let is_same = self.browser.run("return window.isTheSame", vec![])?;
        ensure!(is_same == true, "the page was loaded again");
        Ok(())
    }

    fn others_are_found(&self) -> Result<()> {
        let fixture = &self.fixture;
        let search = |text: &str| {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            self.open(&format!("/search?q={encoded}"))
        };
        search(&format!("akash-a {} #1", fixture.on_akash))?;
        ensure!(self.browser.address()?.ends_with(&self.packet(1)));
        search(&fixture.akash_user)?;
        self.browser.shows("#found", "Confirmed", LONG)?;
        search("kava")?;
        self.browser.shows("#found", "2 paths", LONG)?;
        search("nowhere")?;
        self.browser.shows("#found", "Nothing is found for", LONG)?;
        search(&"AB".repeat(32))?;
        self.browser.shows("#reason", "is not on", LONG)
    }

    fn events_are_told(&self) -> Result<()> {
        self.open("/events")?;
        // A block is told once the browser listens.
        self.browser
            .shows("#no-lines", "Nothing has happened", LONG)?;
        let told = "return document.querySelectorAll('#lines li').length > 0";
        wait::until("an event to be told", LONG, || {
            Ok((self.browser.run(told, vec![])? == true).then_some(()))
        })?;
        self.fixture.send_both(3)?;
        self.browser.shows("#lines", "Confirmed", LONG)?;
        let blocks = "return [...document.querySelectorAll('#lines li')].filter((line) => \
                      line.dataset.kind === 'block' && !line.hidden).length";
        ensure!(
            self.browser.run(blocks, vec![])? == 0,
            "blocks are not left out"
        );
        self.picture("events")?;
        // Between them what is logged, and a text finds its lines.
        self.browser.enter("#of-text", "broadcast")?;
        self.browser.shows("#lines", " receive", LONG)?;
        let lines = self.browser.text("#lines")?;
        ensure!(!lines.contains("Confirmed"), "{lines}");
        self.picture("events-of-a-text")
    }

    /// By somebody who has the token, once it was asked for.
    fn path_is_paused_and_resumed(&self) -> Result<()> {
        self.open(&self.path())?;
        // A token that is wrong is told, and not kept.
        self.act("pause", Some("not-the-token"))?;
        self.browser.shows("#said", "Not done", LONG)?;
        self.act("pause", Some(TOKEN))?;
        self.browser.shows("#head", "paused", LONG)?;
        let said = self.browser.text("#said")?;
        ensure!(!said.contains("Not done"), "{said}");
        self.fixture.send_akt(1)?;
        self.browser.shows("#packets", "Sent", LONG)?;
        self.picture("paused")?;
        // The tab knows the token by now.
        self.act("resume", None)?;
        let resumed = wait::until("the path to be resumed", LONG, || {
            Ok((!self.browser.text("#head")?.contains("paused")).then_some(()))
        });
        resumed?;
        self.browser
            .shows("#packets", "No packet of this path is on its way", LONG)
    }

    /// Presses a button of the path, and answers what is asked.
    fn act(&self, what: &str, token: Option<&str>) -> Result<()> {
        let action = format!("/api/v1{}/{what}", self.path());
        let button = format!("[data-action=\"{action}\"]");
        // The section with the button may be replaced at any moment.
        wait::until("the button to be pressed", LONG, || {
            self.browser.click(&button)?;
            Ok(Some(()))
        })?;
        let asks = "return document.getElementById('ask').open";
        ensure!(self.browser.run(asks, vec![])? == true, "nothing is asked");
        match token {
            Some(token) => self.browser.enter("#token", &format!("{token}{ENTER}")),
            None => self.browser.click("#yes"),
        }
    }

    /// No view is wider than its window; pictures of all of them.
    fn every_view_fits(&self) -> Result<()> {
        let views = [
            ("overview", "/".to_owned()),
            ("path", self.path()),
            ("packet", self.packet(1)),
            ("search", "/search?q=akash".to_owned()),
            ("clients", "/clients".to_owned()),
            ("fees", "/fees".to_owned()),
            ("events-none", "/events".to_owned()),
            ("nothing", "/paths/akash-a/transfer/channel-99".to_owned()),
        ];
        for (name, path) in views {
            self.browser.look(LOOKS[0])?;
            self.open(&path)?;
            self.picture(name)?;
        }
        self.is_shown()
    }

    fn picture(&self, name: &str) -> Result<()> {
        picture(&self.browser, &self.pictures, name)
    }

    /// The README has a picture, and it is made here.
    fn is_shown(&self) -> Result<()> {
        let file = workspace().join(SHOWN);
        if std::env::var_os("TERN_UPDATE_SCREENSHOT").is_some_and(|set| set == "1") {
            self.open("/")?;
            self.browser.shows("#txs", "succeeded", LONG)?;
            self.browser.picture(LOOKS[0], Some(SHOWN_HEIGHT), &file)?;
        }
        ensure!(
            file.is_file(),
            "no {SHOWN}: run this with TERN_UPDATE_SCREENSHOT=1"
        );
        let readme = std::fs::read_to_string(workspace().join("README.md"))?;
        ensure!(readme.contains(SHOWN), "the README does not show {SHOWN}");
        Ok(())
    }

    /// As a program reads it that runs no script.
    fn is_read_without_a_script(&self) -> Result<()> {
        let (code, text) = http::ask(self.port, &self.path())?;
        ensure!(
            code == 200 && text.contains("From sent to arrived"),
            "{text}"
        );
        ensure!(text.contains("<noscript>"), "{text}");
        Ok(())
    }

    fn silence_is_shown(&self) -> Result<()> {
        let said = "The daemon does not answer. Last news at ";
        self.browser.shows("#silent", said, LONG)?;
        // What was seen last stays.
        self.browser.shows("#paths", "akash-a", LONG)?;
        self.picture("silent")
    }

    fn news_are_shown_again(&self) -> Result<()> {
        let gone = wait::until("the banner to go", LONG, || {
            Ok(self.browser.text("#silent")?.is_empty().then_some(()))
        });
        gone.context("the daemon is back")?;
        self.browser.run("return arguments[0]", vec![json!(true)])?;
        self.browser.shows("#verdict-title", "All well", LONG)
    }
}
