//! What a reload changes in a running relayer with packets under way: who signs, at what
//! price, for how much, and what is served. The chains' blocks and balances show it.

use std::fs;

use crate::support::payments::{payments, Payment};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{wait, Network, OTHER, POOR, RELAYER};

/// Packets sent each way at a time.
const PACKETS: u32 = 5;
/// What the steps change, as it is at first. Kava's section is the last one.
const AT_FIRST: &str = "gas_price = \"0.025ukava\"\nkey = \"relayer\"\n";
const OTHER_KEY: &str = "gas_price = \"0.025ukava\"\nkey = \"other\"\n";
/// An account with less than at first signs nothing.
const FURTHER_KEY: &str =
    "gas_price = \"0.025ukava\"\nkey = \"other\"\nextra_keys = [\"relayer\"]\n\
                           [chain.budget]\nwallet_min = \"1000000000000ukava\"\n";
const DOUBLE_PRICE: &str = "gas_price = \"0.05ukava\"\nkey = \"other\"\n";
const NO_BUDGET: &str =
    "gas_price = \"0.05ukava\"\nkey = \"other\"\n[chain.budget]\nhour = \"0ukava\"\n";
const LEFT_OUT: &str = "gas_price = \"0.05ukava\"\nkey = \"other\"\n\
                        [chain.admission]\nchannels.deny = [\"channel-*\"]\n";

struct Reloads {
    fixture: Fixture,
    /// The configuration at first.
    config: String,
    relayer: String,
    other: String,
}

#[test]
fn keys_prices_budgets_and_rules_are_taken_by_a_reload_and_nothing_is_lost() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let reloads = Reloads {
        config: fs::read_to_string(fixture.network.tern.home.join("config.toml"))?,
        relayer: fixture.network.address("kava-a", RELAYER.0)?,
        other: fixture.network.address("kava-a", OTHER.0)?,
        fixture,
    };
    let mut books = reloads.fixture.books()?;
    let mut daemon = reloads.fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;

    reloads.what_is_wrong_is_refused_as_a_whole()?;
    reloads.another_key_signs()?;
    reloads.a_further_key_signs_too()?;
    reloads.another_price_is_paid()?;
    reloads.without_a_budget_packets_wait()?;
    reloads.a_channel_is_left_out_and_let_in_again()?;

    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    reloads.fixture.settled()?;
    reloads.fixture.balanced()?;
    let counts = books.close(&reloads.fixture.network.chains, "reloads")?;
    ensure!(counts.failed == 0, "{counts}");
    ensure!(daemon.terminate(LONG)?.success());
    reloads.fixture.passed()
}

impl Reloads {
    fn configure(&self, lines: &str) -> Result<()> {
        let config = self.config.replace(AT_FIRST, lines);
        ensure!(config != self.config || lines == AT_FIRST, "{config}");
        let path = self.fixture.network.tern.home.join("config.toml");
        Ok(fs::write(path, config)?)
    }

    fn reload(&self, lines: &str) -> Result<()> {
        self.configure(lines)?;
        let reloaded = self.fixture.network.tern.run(&["reload"])?;
        let text = reloaded.text();
        ensure!(reloaded.code == Some(0), "{text}");
        ensure!(text.contains("changed kava-a"), "{text}");
        Ok(())
    }

    /// Reloads with packets under way. What was paid on kava for others, sent when those had
    /// arrived.
    fn paid_after(&self, lines: &str) -> Result<Vec<Payment>> {
        self.fixture.send_both(PACKETS)?;
        self.reload(lines)?;
        self.fixture.settled()?;
        self.paid()
    }

    /// What is paid on kava for packets that are sent now.
    fn paid(&self) -> Result<Vec<Payment>> {
        let since = self.fixture.kava().height()?;
        self.fixture.send_both(PACKETS)?;
        self.fixture.settled()?;
        let paid = payments(self.fixture.kava(), since)?;
        ensure!(!paid.is_empty(), "nothing was paid");
        Ok(paid)
    }

    /// The accounts on kava that the daemon says it signs with.
    fn wallets(&self) -> Result<Vec<String>> {
        let seen = self.status()?;
        let wallets = seen["wallets"].as_array().context("no wallets")?;
        let on_kava = wallets.iter().filter(|wallet| wallet["chain"] == "kava-a");
        let addresses = on_kava.filter_map(|wallet| wallet["address"].as_str());
        Ok(addresses.map(str::to_owned).collect())
    }

    fn status(&self) -> Result<Value> {
        let tern = &self.fixture.network.tern;
        tern.run(&["status", "--json"])?.json()
    }

    fn balances(&self) -> Result<u128> {
        let kava = self.fixture.kava();
        Ok(kava.balance(&self.relayer, "ukava")? + kava.balance(&self.other, "ukava")?)
    }

    /// Neither of the accounts pays anything on kava for some blocks.
    fn nothing_is_paid(&self) -> Result<()> {
        // What was signed before is in a block by then.
        self.fixture.goes_on(self.fixture.kava(), 3)?;
        let has = self.balances()?;
        self.fixture.goes_on(self.fixture.kava(), 5)?;
        ensure!(self.balances()? == has, "something was paid");
        Ok(())
    }

    fn what_is_wrong_is_refused_as_a_whole(&self) -> Result<()> {
        let poor = self.fixture.network.address("kava-a", POOR.0)?;
        self.fixture.send_both(PACKETS)?;
        for (lines, said) in [
            ("gas_price = \"0.05ukava\"\nkey = \"nobody\"\n", "nobody"),
            // It has a key, and nothing to pay with.
            ("gas_price = \"0.05ukava\"\nkey = \"poor\"\n", poor.as_str()),
            (
                "gas_price = \"0.05ukava\"\nextra_keys = [\"nobody\"]\n",
                "nobody",
            ),
            ("gas_prise = \"0.05ukava\"\n", "gas_prise"),
            (
                "gas_price = \"0.05ukava\"\n[chain.budget]\nhour = \"1uakt\"\n",
                "uakt",
            ),
            (
                "gas_price = \"0.05ukava\"\n[chain.admission]\nchannel.deny = []\n",
                "channel",
            ),
        ] {
            self.configure(lines)?;
            let refused = self.fixture.network.tern.run(&["reload"])?;
            let text = refused.text();
            ensure!(refused.code == Some(1), "{lines}: {text}");
            ensure!(
                text.contains("nothing is changed") && text.contains(said),
                "{lines}: {text}"
            );
        }
        self.fixture.settled()?;
        for payment in self.paid()? {
            payment.is_by(&self.relayer)?;
            payment.is_at(25)?;
        }
        Ok(())
    }

    fn another_key_signs(&self) -> Result<()> {
        let paid = self.paid_after(OTHER_KEY)?;
        let has = || self.fixture.kava().balance(&self.relayer, "ukava");
        let left = has()?;
        for payment in paid.into_iter().chain(self.paid()?) {
            payment.is_by(&self.other)?;
        }
        ensure!(has()? == left, "the account before still pays");
        self.are_shown(&[&self.other])
    }

    /// At no time is an account shown that is not signed with.
    fn are_shown(&self, addresses: &[&String]) -> Result<()> {
        wait::until("the wallets to be shown", LONG, || {
            let shown = self.wallets()?;
            let is_wrong = |address: &&String| !addresses.contains(address);
            if let Some(wrong) = shown.iter().find(is_wrong) {
                anyhow::bail!("{wrong} is shown");
            }
            Ok((shown.len() == addresses.len()).then_some(()))
        })
    }

    /// The first one has less than it keeps, so all is signed with the further one.
    fn a_further_key_signs_too(&self) -> Result<()> {
        let kava = self.fixture.kava();
        kava.pay(&self.other, &self.relayer, "1000000000ukava", "0ukava")?;
        for payment in self.paid_after(FURTHER_KEY)? {
            payment.is_by(&self.relayer)?;
        }
        self.are_shown(&[&self.other, &self.relayer])
    }

    fn another_price_is_paid(&self) -> Result<()> {
        for payment in self.paid_after(DOUBLE_PRICE)? {
            payment.is_by(&self.other)?;
            payment.is_at(50)?;
        }
        Ok(())
    }

    fn without_a_budget_packets_wait(&self) -> Result<()> {
        self.fixture.send_both(PACKETS)?;
        self.reload(NO_BUDGET)?;
        self.fixture.send_both(PACKETS)?;
        self.fixture.told(
            &["packet", "pending", "akash-a", &self.fixture.on_akash],
            "the budget of kava-a for packets is used up",
        )?;
        self.nothing_is_paid()?;
        let status = self.fixture.network.tern.run(&["status", "--json"])?;
        ensure!(status.code == Some(1), "{}", status.text());
        let needs = status.json()?["needs"].take();
        let is_it = |need: &Value| need["kind"] == "budget_used_up" && need["subject"] == "kava-a";
        ensure!(
            needs
                .as_array()
                .is_some_and(|needs| needs.iter().any(is_it)),
            "{needs}"
        );
        self.reload(DOUBLE_PRICE)?;
        self.fixture.settled()
    }

    /// Packets that are sent meanwhile go, too.
    fn a_channel_is_left_out_and_let_in_again(&self) -> Result<()> {
        self.fixture.send_both(PACKETS)?;
        self.reload(LEFT_OUT)?;
        self.fixture.send_both(PACKETS)?;
        self.nothing_is_paid()?;
        let seen = self.status()?;
        let paths = seen["paths"].as_array().context("no paths")?;
        for path in paths {
            let why = path["not_served"].as_str().unwrap_or_default();
            ensure!(
                path["is_served"] == false && why.contains("channels.deny"),
                "{path}"
            );
        }
        self.reload(DOUBLE_PRICE)?;
        self.fixture.settled()?;
        let seen = self.status()?;
        let paths = seen["paths"].as_array().context("no paths")?;
        ensure!(
            paths.len() == 2 && paths.iter().all(|path| path["is_served"] == true),
            "{seen}"
        );
        Ok(())
    }
}
