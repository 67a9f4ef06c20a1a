//! Tokens that packet-forward-middleware of ibc-go v11 sends on to a third chain, with rate
//! limiting beside it: one daemon relays both hops, and what the last chain does not take
//! comes home.
//!
//! The middleware acknowledges a packet only when the next hop is done: asynchronously.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};
use tern_e2e::{voucher, wait, ChainSpec, IbcGo, Network, TestChain};

const OSMOSIS: &str = "osmosis-a";
/// What osmosis takes of the tokens from akash until its quota is used up.
const QUOTA: u32 = 1_000;

/// akash, kava and osmosis in a row, all on v11; kava is in the middle.
struct Row {
    fixture: Fixture,
    /// kava's channel to osmosis, and osmosis' to kava.
    kava_to_osmosis: String,
    osmosis_to_kava: String,
    osmosis_user: String,
    /// What the user has on akash before anything is sent.
    before: u128,
}

impl Row {
    fn open() -> Result<Self> {
        let osmosis = ChainSpec {
            id: OSMOSIS,
            denom: "uosmo",
            coins: "1000000000000uosmo",
            ..ChainSpec::akash()
        };
        let mut specs =
            [ChainSpec::akash(), ChainSpec::kava(), osmosis].map(|spec| spec.on(IbcGo::V11));
        // The channels that are opened below: each chain counts its own from zero.
        let denom = voucher("channel-0", "transfer/channel-0/uakt");
        specs[2].genesis = vec![("/app_state/ratelimit/rate_limits", rate_limit(&denom))];
        let fixture = Fixture::new(Network::of(specs.into())?)?;
        let network = &fixture.network;
        let (kava_to_osmosis, osmosis_to_kava) =
            network.open_channel_between(&network.tern, ["kava-a", OSMOSIS])?;
        let row = Self {
            kava_to_osmosis,
            osmosis_to_kava,
            osmosis_user: network.address(OSMOSIS, "user")?,
            before: fixture.akash().balance(&fixture.akash_user, "uakt")?,
            fixture,
        };
        ensure!(
            row.denom_on_osmosis() == denom,
            "{}",
            row.denom_on_osmosis()
        );
        Ok(row)
    }

    fn osmosis(&self) -> &TestChain {
        &self.fixture.network.chains[2]
    }

    /// What uakt is called on kava, and on osmosis.
    fn trace_on_kava(&self) -> String {
        format!("transfer/{}/uakt", self.fixture.on_kava)
    }

    fn denom_on_osmosis(&self) -> String {
        voucher(&self.osmosis_to_kava, &self.trace_on_kava())
    }

    /// The memo that has kava send tokens on to osmosis.
    fn forward(&self, receiver: &str, timeout: &str) -> Value {
        json!({ "forward": {
            "receiver": receiver, "port": "transfer", "channel": self.kava_to_osmosis,
            "timeout": timeout,
        }})
    }

    /// Sends so many uakt to kava with a memo.
    fn send(&self, amount: u32, memo: &Value) -> Result<()> {
        let (coin, memo) = (format!("{amount}uakt"), memo.to_string());
        let fixture = &self.fixture;
        let way = ["akash-a", &fixture.on_akash, &coin, &fixture.kava_user];
        let args = [&["transfer"], &way[..], &["--memo", &memo]].concat();
        let sent = fixture.network.user.json(&args)?;
        ensure!(sent["packets"] == 1, "{sent}");
        Ok(())
    }

    /// Waits until no packet is open anywhere.
    fn settled(&self) -> Result<()> {
        let ends = [
            (self.fixture.akash(), &self.fixture.on_akash),
            (self.fixture.kava(), &self.fixture.on_kava),
            (self.fixture.kava(), &self.kava_to_osmosis),
            (self.osmosis(), &self.osmosis_to_kava),
        ];
        // Between two hops no packet is open but the first one, which ends last.
        wait::until("every hop to be done", LONG, || {
            for (chain, channel) in ends {
                if chain.commitments("transfer", channel)? > 0 {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }

    /// So many uakt have left the user: kava has none of it, osmosis' user has it all.
    fn holds(&self, away: u128) -> Result<()> {
        let (akash, kava) = (self.fixture.akash(), self.fixture.kava());
        let left = akash.balance(&self.fixture.akash_user, "uakt")?;
        let in_escrow = akash.balance(&akash.escrow(&self.fixture.on_akash)?, "uakt")?;
        let on_kava = voucher(&self.fixture.on_kava, "uakt");
        let passing = kava.balance(&kava.escrow(&self.kava_to_osmosis)?, &on_kava)?;
        let kept = kava.balance(&self.fixture.kava_user, &on_kava)?;
        let arrived = self
            .osmosis()
            .balance(&self.osmosis_user, &self.denom_on_osmosis())?;
        ensure!(
            [left + away, in_escrow, passing, kept, arrived] == [self.before, away, away, 0, away],
            "{left} left of {}, {in_escrow} and {passing} in escrow, {kept} kept on kava, \
             {arrived} arrived; not {away}",
            self.before
        );
        Ok(())
    }
}

/// Of a denom that arrives on the first channel; the flow begins anew after a thousand hours.
fn rate_limit(denom: &str) -> Value {
    json!([{
        "path": { "denom": denom, "channel_or_client_id": "channel-0" },
        "quota": { "max_percent_send": "100", "max_percent_recv": "10", "duration_hours": "1000" },
        "flow": { "inflow": "0", "outflow": "0", "channel_value": (QUOTA * 10).to_string() },
    }])
}

#[test]
#[ignore = "builds another chain with Go, some minutes"]
fn tokens_sent_on_arrive_are_acknowledged_last_of_all_and_go_home_the_same_way() -> Result<()> {
    let mut row = Row::open()?;
    let daemon = row.fixture.network.tern.start()?;
    daemon.follows(3, LONG)?;

    // While osmosis stands still kava does not acknowledge: that is not waited for by asking,
    // and a relayer that comes later finds it as well.
    row.fixture.network.chains[2].halt()?;
    row.send(500, &row.forward(&row.osmosis_user, "10m"))?;
    let first = ["packet", "pending", "akash-a", &row.fixture.on_akash];
    row.fixture
        .told(&first, "the acknowledgement is not written yet")?;
    let kava = row.fixture.kava();
    ensure!(
        kava.commitments("transfer", &row.kava_to_osmosis)? == 1,
        "kava has not sent it on"
    );
    ensure!(
        kava.tx_events("write_acknowledgement")?.is_empty(),
        "acknowledged too early"
    );
    daemon.kill()?;
    row.fixture.network.chains[2].resume()?;
    let daemon = row.fixture.network.tern.start()?;
    row.settled()?;
    row.holds(500)?;

    // Home over both hops, by one memo.
    let fixture = &row.fixture;
    let memo = json!({ "forward": {
        "receiver": fixture.akash_user, "port": "transfer", "channel": fixture.on_kava,
    }});
    let coin = format!("500{}", row.denom_on_osmosis());
    let memo = memo.to_string();
    let way = [OSMOSIS, &row.osmosis_to_kava, &coin, &fixture.kava_user];
    let args = [&["transfer"], &way[..], &["--memo", &memo]].concat();
    fixture.network.user.json(&args)?;
    row.settled()?;
    row.holds(0)?;
    for (chain, times) in [
        (fixture.akash(), 1),
        (fixture.kava(), 2),
        (row.osmosis(), 1),
    ] {
        for message in ["MsgRecvPacket", "MsgAcknowledgement"] {
            let (paid, id) = (chain.paid(message)?, chain.spec.id);
            ensure!(paid == times, "{paid} of {message} on {id}, not {times}");
        }
    }
    ensure!(daemon.terminate(LONG)?.success());
    row.fixture.passed()
}

#[test]
#[ignore = "builds another chain with Go, some minutes"]
fn what_the_last_chain_refuses_comes_home_over_all_hops() -> Result<()> {
    let row = Row::open()?;
    let daemon = row.fixture.network.tern.start()?;
    row.send(500, &row.forward("nobody", "10m"))?;
    row.settled()?;
    row.holds(0)?;
    // A memo that the middleware cannot read does not come further than kava.
    let misspelled = json!({ "forward": { "reciever": row.osmosis_user, "port": "transfer" } });
    row.send(500, &misspelled)?;
    row.settled()?;
    row.holds(0)?;
    ensure!(row.osmosis().paid("MsgRecvPacket")? == 1);

    // Up to its quota osmosis takes it; its rate limiting refuses what is more.
    row.send(QUOTA, &row.forward(&row.osmosis_user, "10m"))?;
    row.settled()?;
    row.holds(QUOTA.into())?;
    row.send(1, &row.forward(&row.osmosis_user, "10m"))?;
    row.settled()?;
    row.holds(QUOTA.into())?;
    ensure!(row.osmosis().paid("MsgRecvPacket")? == 3);
    ensure!(daemon.terminate(LONG)?.success());
    row.fixture.passed()
}

#[test]
#[ignore = "builds another chain with Go, some minutes"]
fn what_is_late_at_the_last_chain_is_sent_again_as_the_memo_says_or_comes_home() -> Result<()> {
    let mut row = Row::open()?;
    let daemon = row.fixture.network.tern.start()?;
    daemon.follows(3, LONG)?;
    // What is sent again has the same time to arrive in: enough on a busy machine.
    for (retries, seconds, arrived) in [(0, 4, 0), (1, 40, 500)] {
        row.fixture.network.chains[2].halt()?;
        let mut memo = row.forward(&row.osmosis_user, &format!("{seconds}s"));
        memo["forward"]["retries"] = retries.into();
        row.send(500, &memo)?;
        let kava = row.fixture.kava();
        wait::until("kava to send it on", LONG, || {
            Ok((kava.commitments("transfer", &row.kava_to_osmosis)? == 1).then_some(()))
        })?;
        kava.passes(Duration::from_secs(seconds), LONG)?;
        row.fixture.network.chains[2].resume()?;
        row.settled()?;
        row.holds(arrived)?;
    }
    let timed_out = row.fixture.kava().paid("MsgTimeout")?;
    ensure!(timed_out == 2, "{timed_out} timed out on kava");
    ensure!(daemon.terminate(LONG)?.success());
    let trace = row
        .fixture
        .network
        .tern
        .json(&["trace", "akash-a", &row.fixture.on_akash, "1"])?;
    let outcome = trace["outcome"]["result"].as_str();
    ensure!(outcome.context("no outcome")? == "timed_out", "{trace}");
    row.fixture.passed()
}
