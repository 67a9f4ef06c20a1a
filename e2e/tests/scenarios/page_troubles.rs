//! What an operator sees in trouble, in a browser and on a terminal 80 columns wide: an empty
//! wallet, a chain that is down, a frozen client. Each says what to do, and goes away when it
//! is done. Makes pictures.

use std::fs;
use std::path::PathBuf;

use crate::support::browsing::{picture, pictures};
use crate::support::fork::{freeze, recover};
use crate::support::tx::account;
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_chains::ClientId;
use tern_e2e::{wait, Browser, ChainSpec, Network, TestChain, OTHER, RELAYER, USER};
use tokio::runtime::Runtime;

/// Columns of a terminal.
const COLUMNS: usize = 80;
const PACKETS: u32 = 5;

struct Seen {
    fixture: Fixture,
    browser: Browser,
    port: u16,
    pictures: PathBuf,
}

/// What has to be said of a trouble wherever one looks.
struct Trouble<'a> {
    /// Of its pictures.
    name: &'a str,
    /// In JSON.
    kind: &'a str,
    subject: &'a str,
    what: &'a str,
    action: &'a str,
}

#[test]
#[ignore = "needs Chromium and its driver (Debian: chromium, chromium-driver)"]
fn each_trouble_says_what_is_wrong_and_what_to_do_until_it_is_over() -> Result<()> {
    let governed = ChainSpec {
        authority: Some(USER.0),
        ..ChainSpec::kava()
    };
    let fixture = Fixture::new(Network::of(vec![ChainSpec::akash(), governed])?)?;
    fixture.network.tern.serve_http()?;
    let mut daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let mut seen = Seen {
        port: daemon.http_port()?,
        browser: Browser::start()?,
        pictures: pictures()?,
        fixture,
    };
    seen.all_is_well()?;
    seen.a_wallet_is_empty()?;
    seen.a_chain_is_down()?;
    seen.a_client_is_frozen()?;
    let complaints = seen.browser.complaints()?;
    ensure!(
        complaints.is_empty(),
        "the browser complains: {complaints:?}"
    );
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    seen.fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    seen.fixture.passed()
}

impl Seen {
    fn open(&self, path: &str) -> Result<()> {
        self.browser
            .open(&format!("http://127.0.0.1:{}{path}", self.port))
    }

    fn picture(&self, name: &str) -> Result<()> {
        picture(&self.browser, &self.pictures, name)
    }

    /// Overview, terminal and JSON say the same.
    fn is_told(&self, trouble: &Trouble<'_>) -> Result<()> {
        self.open("/")?;
        for said in [trouble.subject, trouble.what, trouble.action] {
            self.browser.shows("#verdict .needs", said, LONG)?;
        }
        let verdict = self.browser.text("#verdict-title")?;
        ensure!(
            verdict.contains("needs you") || verdict.contains("need you"),
            "{verdict}"
        );
        self.picture(trouble.name)?;

        let status = self.fixture.network.tern.run(&["status"])?;
        let text = &status.stdout;
        fs::write(self.pictures.join(format!("{}.txt", trouble.name)), text)?;
        ensure!(status.code == Some(1), "{}", status.text());
        let wide = text.lines().find(|line| line.chars().count() > COLUMNS);
        ensure!(wide.is_none(), "too wide: {wide:?}");
        // Lines are broken at words.
        let words: Vec<&str> = text.split_whitespace().collect();
        let words = words.join(" ").replace('`', "");
        // Without the mark before it.
        let verdict = verdict.trim_start_matches(|c: char| !c.is_ascii_digit());
        for said in [verdict, trouble.subject, trouble.what, trouble.action] {
            ensure!(words.contains(said), "no `{said}` in:\n{text}");
        }

        let status = self.fixture.network.tern.run(&["status", "--json"])?;
        ensure!(status.code == Some(1), "{}", status.text());
        let seen = status.json()?;
        let is_it = |need: &Value| {
            let says = |field: &str, said: &str| {
                let text = need[field].as_str().unwrap_or_default();
                text.replace('`', "").contains(said)
            };
            need["severity"] == "act"
                && need["kind"] == trouble.kind
                && need["subject"] == trouble.subject
                && says("what", trouble.what)
                && says("action", trouble.action)
        };
        let mut needs = seen["needs"].as_array().context("no needs")?.iter();
        ensure!(needs.any(is_it), "{seen:#}");
        Ok(())
    }

    fn all_is_well(&self) -> Result<()> {
        self.open("/")?;
        self.browser.shows("#verdict-title", "All well", LONG)?;
        wait::until("the terminal to say that all is well", LONG, || {
            let status = self.fixture.network.tern.run(&["status"])?;
            Ok((status.code == Some(0)).then_some(()))
        })
    }

    /// What has been waiting arrives, and nobody is needed any more.
    fn is_over(&self) -> Result<()> {
        self.fixture.settled()?;
        self.all_is_well()
    }

    /// What the packets of akash say that they wait for.
    fn packets_wait(&self, said: &str, name: &str) -> Result<()> {
        self.open(&format!(
            "/paths/akash-a/transfer/{}",
            self.fixture.on_akash
        ))?;
        self.browser.shows("#packets", said, LONG)?;
        self.browser.shows("#head", "waiting", LONG)?;
        self.picture(name)
    }

    fn a_wallet_is_empty(&self) -> Result<()> {
        let fixture = &self.fixture;
        let kava = fixture.kava();
        let relayer = fixture.network.address("kava-a", RELAYER.0)?;
        let other = fixture.network.address("kava-a", OTHER.0)?;
        fixture.send_both(PACKETS)?;
        fixture.settled()?;
        let has = kava.balance(&relayer, "ukava")?;
        kava.pay(&relayer, &other, &format!("{has}ukava"), "0ukava")?;
        fixture.send_both(PACKETS)?;
        self.is_told(&Trouble {
            name: "trouble-wallet",
            kind: "wallet_low",
            subject: &format!("kava-a {relayer}"),
            what: "it has 0 KAVA, and can pay no fee",
            action: "send it some KAVA",
        })?;
        self.packets_wait("insufficient funds", "trouble-wallet-path")?;
        kava.pay(&other, &relayer, &format!("{has}ukava"), "0ukava")?;
        self.is_over()
    }

    fn kava(&mut self) -> Result<&mut TestChain> {
        self.fixture.network.chain_mut("kava-a")
    }

    fn a_chain_is_down(&mut self) -> Result<()> {
        self.fixture.send_both(PACKETS)?;
        self.kava()?.down()?;
        self.fixture.send_akt(PACKETS)?;
        self.is_told(&Trouble {
            name: "trouble-chain",
            kind: "chain_down",
            subject: "kava-a",
            what: "no node answers",
            action: "tern health",
        })?;
        self.browser.shows("#chains", "down", LONG)?;
        self.packets_wait("kava-a", "trouble-chain-path")?;
        self.kava()?.up()?;
        self.is_over()
    }

    /// Akash forks, and somebody shows both blocks to kava. Governance puts a new client in the
    /// place of the frozen one.
    fn a_client_is_frozen(&mut self) -> Result<()> {
        let fork = self.fixture.network.chain_mut("akash-a")?.fork("fork")?;
        self.all_is_well()?;
        let client = self.client_on_kava()?;
        let runtime = Runtime::new()?;
        let client_id: ClientId = client.parse()?;
        let accounts = [self.fixture.akash(), &fork, self.fixture.kava()];
        let accounts = accounts.map(|chain| account(chain, USER));
        let [akash, forked, kava] = accounts;
        let (akash, forked, kava) = (akash?, forked?, kava?);
        runtime.block_on(freeze([&akash, &forked], &kava, &client_id))?;
        // Kava lets nobody send over it.
        self.fixture.send_akt(PACKETS)?;
        self.is_told(&Trouble {
            name: "trouble-client",
            kind: "client_frozen",
            subject: &format!("kava-a {client}"),
            what: "the client of akash-a is frozen: nothing moves over it",
            action: "MsgRecoverClient",
        })?;
        self.open("/clients")?;
        self.browser.shows("#clients", "frozen", LONG)?;
        let governance = "Governance of kava-a has to replace it";
        self.browser.shows("#clients", governance, LONG)?;
        self.browser.shows("#clients", "MsgRecoverClient", LONG)?;
        self.picture("trouble-client-clients")?;
        self.packets_wait("is frozen", "trouble-client-path")?;
        runtime.block_on(recover(&akash, &kava, &client_id))?;
        self.is_over()
    }

    /// The client of akash that the channel is over.
    fn client_on_kava(&self) -> Result<String> {
        let tern = &self.fixture.network.tern;
        let seen = tern.run(&["status", "--json"])?.json()?;
        let mut clients = seen["clients"].as_array().context("no clients")?.iter();
        let client = clients.find(|client| client["chain"] == "kava-a");
        let id = client.and_then(|client| client["client"].as_str());
        Ok(id.context("no client on kava-a")?.to_owned())
    }
}
