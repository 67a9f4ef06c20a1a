//! Connections and channels that somebody else has begun, opened to the end by the daemon.

use crate::support::tx::{account, submit};
use crate::support::LONG;
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_chains::{Account as _, ConnectionCounterparty, ConnectionId, Datagram, Ordering};
use tern_e2e::{wait, Network, TestChain, OTHER, USER};

#[test]
fn channels_that_others_have_begun_are_opened_on_the_ports_that_the_operator_names() -> Result<()> {
    let network = Network::two()?;
    let tern = &network.tern;
    let config = tern.home.join("config.toml");
    let rule = "\n[policy.admission]\nfinish_channels = [\"icacontroller-*\", \"mock\"]\n";
    let text = std::fs::read_to_string(&config)? + rule;
    std::fs::write(&config, text)?;
    tern.json(&["connection", "open", "akash-a", "kava-a"])?;
    let daemon = tern.start()?;
    daemon.follows(2, LONG)?;
    let (akash, kava) = (network.chain("akash-a")?, network.chain("kava-a")?);

    // The chain begins a channel itself: an interchain account is registered.
    let register = ["tx", "interchain-accounts", "controller", "register"];
    let options = ["connection-0", "--from", USER.0];
    akash.broadcast(&[&register[..], &options].concat())?;
    wait::until("the account's channel to be open", LONG, || {
        let ends = [
            channels(&network, "akash-a")?,
            channels(&network, "kava-a")?,
        ];
        let is_open = |port: &str, ends: &[Value]| {
            let mut ends = ends.iter();
            ends.any(|end| end["state"] == "OPEN" && is_of(end, port))
        };
        Ok((is_open("icacontroller-", &ends[0]) && is_open("icahost", &ends[1])).then_some(()))
    })?;

    // Both sides begin one, of any version and in order; and one on a port that is not named.
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(begin(kava, "transfer", Ordering::Unordered, "ics20-1"))?;
    runtime.block_on(async {
        tokio::try_join!(
            begin(akash, "mock", Ordering::Ordered, "any-7"),
            begin(kava, "mock", Ordering::Ordered, "any-8")
        )
    })?;
    wait::until("the channels of both sides to be open", LONG, || {
        let mut open = 0;
        for chain in ["akash-a", "kava-a"] {
            let ends = channels(&network, chain)?.into_iter();
            open += ends
                .filter(|end| is_of(end, "mock") && end["state"] == "OPEN")
                .count();
        }
        Ok((open == 4).then_some(()))
    })?;
    let ends = channels(&network, "kava-a")?;
    let mock = ends.iter().filter(|end| is_of(end, "mock"));
    let mut versions: Vec<_> = mock.map(|end| end["version"].to_string()).collect();
    versions.sort();
    ensure!(versions == ["\"any-7\"", "\"any-8\""], "{ends:?}");
    let transfer = ends.iter().find(|end| is_of(end, "transfer"));
    ensure!(
        transfer.context("it was begun")?["state"] == "INIT",
        "{ends:?}"
    );

    // Their packets are relayed.
    akash.send_mock(&ordered(&network, "akash-a")?, "one", "10m")?;
    wait::until("the packet to be acknowledged", LONG, || {
        let paid = akash.paid("MsgAcknowledgement")?;
        Ok((paid == 1).then_some(()))
    })?;
    ensure!(daemon.terminate(LONG)?.success());
    network.passed()
}

#[test]
fn connections_that_others_have_begun_are_opened_over_the_clients_that_the_operator_names(
) -> Result<()> {
    let network = Network::two()?;
    let tern = &network.tern;
    let config = tern.home.join("config.toml");
    let rule = "\n[policy.admission]\nfinish_connections = [\"07-tendermint-0\"]\n";
    let text = std::fs::read_to_string(&config)? + rule;
    std::fs::write(&config, text)?;
    // A connection for channels of one order, while there is none yet to go on with.
    let open = ["connection", "open", "akash-a", "kava-a", "--orders"];
    tern.json(&[&open[..], &["unordered"]].concat())?;
    let akash = network.chain("akash-a")?;
    let first = akash.query(&["ibc", "connection", "end", "connection-0"])?;
    let features = &first["connection"]["versions"][0]["features"];
    ensure!(
        features == &serde_json::json!(["ORDER_UNORDERED"]),
        "{first}"
    );
    let channel = ["channel", "open", "akash-a", "kava-a", "--a-port", "mock"];
    let options = ["--b-port", "mock", "--order", "ordered", "--connection"];
    let refused = tern.fails(&[&channel[..], &options, &["connection-0"]].concat())?;
    let said = &refused.stderr;
    ensure!(said.contains("ORDER_ORDERED"), "{said}");
    tern.json(&["client", "create", "akash-a", "kava-a"])?;

    let daemon = tern.start()?;
    daemon.follows(2, LONG)?;
    let runtime = tokio::runtime::Runtime::new()?;
    for client in ["07-tendermint-1", "07-tendermint-0"] {
        runtime.block_on(begin_connection(akash, client))?;
    }
    wait::until("the connection to be open at both ends", LONG, || {
        let ends = [
            connections(&network, "akash-a")?,
            connections(&network, "kava-a")?,
        ];
        let is_open = |ends: &Vec<Value>| {
            let open = ends.iter().filter(|end| end["state"] == "OPEN");
            open.count() == 2
        };
        Ok(ends.iter().all(is_open).then_some(()))
    })?;
    let on_akash = connections(&network, "akash-a")?;
    let mut other = on_akash.iter();
    let other = other.find(|end| end["client"] == "07-tendermint-1");
    let other = other.context("it was begun")?;
    ensure!(other["state"] == "INIT", "{other}");
    ensure!(daemon.terminate(LONG)?.success());
    network.passed()
}

fn connections(network: &Network, chain: &str) -> Result<Vec<Value>> {
    let listed = network.tern.json(&["query", "connections", chain])?;
    Ok(listed.as_array().context("no list")?.clone())
}

/// Somebody sends a `ConnOpenInit` over a client, to the first client of the other chain.
async fn begin_connection(chain: &TestChain, client: &str) -> Result<()> {
    let somebody = account(chain, OTHER)?;
    let init = somebody.encode(&Datagram::ConnOpenInit {
        client_id: client.parse()?,
        counterparty: ConnectionCounterparty {
            client_id: "07-tendermint-0".parse()?,
            connection_id: None,
            prefix: b"ibc".to_vec(),
        },
        delay_period_ns: 0,
        version: None,
    })?;
    submit(&somebody, vec![init]).await.map(drop)
}

fn channels(network: &Network, chain: &str) -> Result<Vec<Value>> {
    let listed = network.tern.json(&["query", "channels", chain])?;
    Ok(listed.as_array().context("no list")?.clone())
}

fn is_of(end: &Value, port: &str) -> bool {
    end["port"].as_str().is_some_and(|id| id.starts_with(port))
}

/// A channel of the mock port.
fn ordered(network: &Network, chain: &str) -> Result<String> {
    let ends = channels(network, chain)?;
    let end = ends.iter().find(|end| is_of(end, "mock"));
    let id = end.and_then(|end| end["channel"].as_str());
    Ok(id.context("no channel")?.to_owned())
}

/// Somebody sends a `ChanOpenInit` over the first connection.
async fn begin(chain: &TestChain, port: &str, ordering: Ordering, version: &str) -> Result<()> {
    let somebody = account(chain, OTHER)?;
    let init = somebody.encode(&Datagram::ChanOpenInit {
        connection_id: ConnectionId::new(0),
        port_id: port.parse()?,
        counterparty_port_id: port.parse()?,
        ordering,
        version: version.to_owned(),
    })?;
    submit(&somebody, vec![init]).await.map(drop)
}
