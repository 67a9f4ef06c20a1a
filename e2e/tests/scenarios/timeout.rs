//! Packets that nobody relayed in time go back to their sender.

use std::time::Duration;

use crate::support::light::any;
use crate::support::tx::{account, submit};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height;
use tern_cosmos_core::convert;
use tern_e2e::{Network, USER};

#[test]
fn packets_past_their_timeout_are_refunded_to_the_unit() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let before = akash.balance(&fixture.akash_user, "uakt")?;

    // No relayer runs while kava's time passes the timeout.
    let args = [
        "transfer",
        "akash-a",
        &fixture.on_akash,
        "1000uakt",
        &fixture.kava_user,
    ];
    let sent = fixture
        .network
        .user
        .json(&[&args[..], &["--count", "30", "--timeout", "4s"]].concat())?;
    ensure!(sent["packets"] == 30, "{sent}");
    ensure!(akash.balance(&fixture.akash_user, "uakt")? == before - 30_000);
    kava.passes(Duration::from_secs(4), LONG)?;

    let pending =
        fixture
            .network
            .tern
            .json(&["packet", "pending", "akash-a", &fixture.on_akash])?;
    let unreceived = pending["unreceived_packets"].as_array().map_or(0, Vec::len);
    ensure!(unreceived == 30, "{pending}");

    let _daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    ensure!(akash.balance(&fixture.akash_user, "uakt")? == before);
    ensure!(akash.balance(&akash.escrow(&fixture.on_akash)?, "uakt")? == 0);
    ensure!(akash.paid("MsgTimeout")? == 30);
    ensure!(kava.paid("MsgRecvPacket")? == 0);
    fixture.passed()
}

/// What `tern transfer` does not send: timeouts of every form that the chain takes.
#[test]
fn a_timeout_is_a_height_or_a_time_or_both_and_may_be_as_far_as_it_can() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let runtime = tokio::runtime::Runtime::new()?;
    let sender = account(akash, USER)?;
    let send = |revision_number: u64, revision_height: u64, timestamp: u64| {
        let message = MsgTransfer {
            source_port: "transfer".to_owned(),
            source_channel: fixture.on_akash.clone(),
            token: Some(Coin {
                denom: "uakt".to_owned(),
                amount: "100".to_owned(),
            }),
            sender: fixture.akash_user.clone(),
            receiver: fixture.kava_user.clone(),
            timeout_height: Some(Height {
                revision_number,
                revision_height,
            }),
            timeout_timestamp: timestamp,
            memo: String::new(),
        };
        let messages = vec![convert::message(any(&message))];
        runtime.block_on(submit(&sender, messages)).map(drop)
    };

    // Chain ids without a number at their end are of revision 0.
    let late = kava.height()? + 1;
    send(0, late, 0)?;
    send(0, late, u64::MAX)?;
    ensure!(
        send(0, 0, 0).is_err(),
        "the chain takes a packet without a timeout"
    );
    fixture.goes_on(kava, 3)?;

    let _daemon = fixture.network.tern.start()?;
    send(0, kava.height()? + 1_000, 0)?;
    send(0, 0, u64::MAX)?;
    send(0, u64::MAX, u64::MAX)?;
    // A revision that the chain has not come to.
    send(7, 1, 0)?;
    fixture.settled()?;
    ensure!(akash.paid("MsgTimeout")? == 2);
    ensure!(akash.paid("MsgAcknowledgement")? == 4);
    ensure!(akash.balance(&akash.escrow(&fixture.on_akash)?, "uakt")? == 400);
    fixture.passed()
}
