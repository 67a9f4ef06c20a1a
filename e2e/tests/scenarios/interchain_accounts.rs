//! Interchain accounts (ICS-27): an account on kava that its owner uses from akash, over
//! ordered and unordered channels. The owner begins the channel, and Tern finishes it.

use std::time::Duration;

use crate::support::light::any;
use crate::support::tx::{account, submit};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::interchain_accounts::controller::v1::{
    MsgRegisterInterchainAccount, MsgSendTx,
};
use ibc_proto::ibc::applications::interchain_accounts::v1::{
    CosmosTx, InterchainAccountPacketData, Type,
};
use ibc_proto::ibc::core::channel::v1::Order;
use prost::Message as _;
use serde_json::Value;
use tern_chains::Account as _;
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::convert;
use tern_e2e::IbcGo::{self, V10, V11, V7, V8};
use tern_e2e::{wait, ChainSpec, Network, OTHER, USER};

/// How long what the owner sends may take, if nobody waits for it to be late.
const IN_TIME: Duration = Duration::from_secs(600);

/// An account on kava, and its owner on akash.
struct Owned {
    fixture: Fixture,
    owner: CosmosAccount,
    order: Order,
    /// Of the channel on akash.
    port: String,
    channel: String,
    /// The account on kava.
    address: String,
    /// Who is paid on kava from the account.
    payee: String,
}

impl Owned {
    async fn open(controller: IbcGo, host: IbcGo, order: Order) -> Result<Self> {
        let specs = vec![
            ChainSpec::akash().on(controller),
            ChainSpec::kava().on(host),
        ];
        // A first channel makes the connection.
        let fixture = Fixture::new(Network::of(specs)?)?;
        let owner = account(fixture.akash(), USER)?;
        register(&owner, order).await?;

        let port = format!("icacontroller-{}", owner.address());
        let open = [
            "channel",
            "open",
            "akash-a",
            "kava-a",
            "--connection",
            "connection-0",
        ];
        let ports = ["--a-port", &port, "--b-port", "icahost"];
        let order_of = match order {
            Order::Ordered => "ordered",
            _ => "unordered",
        };
        let args = [&open[..], &ports, &["--order", order_of]].concat();
        let opened = fixture.network.tern.json(&args)?;
        let channel = opened["channels"][0]["chain_1"]["channel_id"].as_str();
        ensure!(
            channel == Some("channel-1"),
            "not the owner's channel: {opened}"
        );
        let version = opened["channels"][0]["version"].as_str();
        let mut version: Value = serde_json::from_str(version.context("no version")?)?;
        // Where both chains have the fee middleware, it is in an envelope (ICS-29).
        if let Some(inner) = version["app_version"].as_str() {
            version = serde_json::from_str(inner)?;
        }
        let address = version["address"].as_str().context("no address")?;

        let funder = account(fixture.kava(), USER)?;
        let pay = send(funder.address(), address, 1_000);
        submit(&funder, vec![convert::message(any(&pay))]).await?;
        Ok(Self {
            owner,
            order,
            port,
            channel: "channel-1".to_owned(),
            address: address.to_owned(),
            payee: account(fixture.kava(), OTHER)?.address().to_owned(),
            fixture,
        })
    }

    /// Has the account pay so much to the payee.
    async fn pays(&self, amount: u32, timeout: Duration) -> Result<()> {
        let tx = CosmosTx {
            messages: vec![any(&send(&self.address, &self.payee, amount))],
        };
        let packet = InterchainAccountPacketData {
            r#type: Type::ExecuteTx.into(),
            data: tx.encode_to_vec(),
            memo: String::new(),
        };
        let message = MsgSendTx {
            owner: self.owner.address().to_owned(),
            connection_id: "connection-0".to_owned(),
            packet_data: Some(packet),
            relative_timeout: u64::try_from(timeout.as_nanos())?,
        };
        submit(&self.owner, vec![convert::message(any(&message))]).await?;
        Ok(())
    }

    /// Waits until nothing of the owner's is under way.
    fn settled(&self) -> Result<()> {
        let akash = self.fixture.akash();
        wait::until("the owner's packets to be done", LONG, || {
            Ok((akash.commitments(&self.port, &self.channel)? == 0).then_some(()))
        })
    }

    /// What the account has left of what it was given.
    fn left(&self) -> Result<u128> {
        self.fixture.kava().balance(&self.address, "usdx")
    }

    /// Closed at one end by the timeout, the channel is closed at the other one; the owner asks
    /// for another one for the same account, and the daemon opens that where the operator says so.
    async fn is_reopened(&mut self) -> Result<()> {
        let tern = &self.fixture.network.tern;
        let config = tern.home.join("config.toml");
        let rule = "\n[policy.admission]\nfinish_channels = [\"icacontroller-*\"]\n";
        let text = std::fs::read_to_string(&config)? + rule;
        std::fs::write(&config, text)?;
        let daemon = tern.start()?;
        self.is_on_kava("icahost", "CLOSED")?;
        register(&self.owner, self.order).await?;
        self.is_on_kava("icahost", "OPEN")?;
        self.channel = "channel-2".to_owned();
        self.pays(200, IN_TIME).await?;
        self.settled()?;
        ensure!(self.left()? == 500, "{} left", self.left()?);
        ensure!(daemon.terminate(LONG)?.success());
        Ok(())
    }

    /// Waits until kava has an end of this port in this state.
    fn is_on_kava(&self, port: &str, state: &str) -> Result<()> {
        let tern = &self.fixture.network.tern;
        wait::until(&format!("{port} to be {state}"), LONG, || {
            let ends = tern.json(&["query", "channels", "kava-a"])?;
            let mut ends = ends.as_array().context("no list")?.iter();
            let is_there = ends.any(|end| end["port"] == port && end["state"] == state);
            Ok(is_there.then_some(()))
        })
    }

    async fn is_used_and_is_late(&self) -> Result<()> {
        let tern = &self.fixture.network.tern;
        let daemon = tern.start()?;
        self.pays(300, IN_TIME).await?;
        self.settled()?;
        ensure!(self.left()? == 700, "{} left", self.left()?);
        // What the bank refuses is acknowledged, too.
        self.pays(5_000, IN_TIME).await?;
        self.settled()?;
        ensure!(self.left()? == 700, "{} left", self.left()?);
        ensure!(daemon.terminate(LONG)?.success());

        // Late: nobody relays until kava's time has passed the timeout.
        self.pays(100, Duration::from_secs(2)).await?;
        self.fixture.kava().passes(Duration::from_secs(4), LONG)?;
        let daemon = tern.start()?;
        self.settled()?;
        ensure!(self.fixture.akash().paid("MsgTimeout")? == 1);
        if self.order == Order::Ordered {
            self.fixture
                .told(&["query", "channels", "akash-a"], "CLOSED")?;
        } else {
            self.pays(200, IN_TIME).await?;
            self.settled()?;
            ensure!(self.left()? == 500, "{} left", self.left()?);
        }
        ensure!(daemon.terminate(LONG)?.success());
        Ok(())
    }
}

/// The owner asks for a channel to its account, which the first time makes the account.
async fn register(owner: &CosmosAccount, order: Order) -> Result<()> {
    let register = MsgRegisterInterchainAccount {
        owner: owner.address().to_owned(),
        connection_id: "connection-0".to_owned(),
        version: String::new(),
        ordering: order.into(),
    };
    submit(owner, vec![convert::message(any(&register))]).await?;
    Ok(())
}

fn send(from: &str, to: &str, amount: u32) -> MsgSend {
    MsgSend {
        from_address: from.to_owned(),
        to_address: to.to_owned(),
        amount: vec![Coin {
            denom: "usdx".to_owned(),
            amount: amount.to_string(),
        }],
    }
}

fn scenario(controller: IbcGo, host: IbcGo, order: Order) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut owned = runtime.block_on(Owned::open(controller, host, order))?;
    runtime.block_on(owned.is_used_and_is_late())?;
    if order == Order::Ordered {
        runtime.block_on(owned.is_reopened())?;
    }
    owned.fixture.passed()
}

#[test]
fn an_account_over_an_unordered_channel_pays_and_outlives_a_timeout() -> Result<()> {
    scenario(V10, V10, Order::Unordered)
}

#[test]
fn an_account_over_an_ordered_channel_pays_and_is_reopened_after_a_timeout() -> Result<()> {
    scenario(V10, V10, Order::Ordered)
}

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn an_account_on_v11_is_owned_from_v7_over_an_ordered_channel() -> Result<()> {
    scenario(V7, V11, Order::Ordered)
}

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn an_account_on_v8_is_owned_from_v11_over_an_unordered_channel() -> Result<()> {
    scenario(V11, V8, Order::Unordered)
}

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn an_account_on_v7_is_owned_from_v8_over_an_ordered_channel() -> Result<()> {
    scenario(V8, V7, Order::Ordered)
}

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn an_account_on_v8_is_owned_from_v11_over_an_ordered_channel() -> Result<()> {
    scenario(V11, V8, Order::Ordered)
}
