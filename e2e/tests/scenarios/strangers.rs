//! What strangers may do on the chains to make a relayer pay.

use std::time::Duration;

use crate::support::tx::{account, submit};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_chains::{
    Account as _, ClientParams, ConnectionCounterparty, Datagram, Event, LightClient as _,
};
use tern_e2e::{attribute, wait, Network, OTHER};

/// Of the strangers' clients. A third of it passes between two refreshes of one in use.
const TRUSTING_PERIOD: Duration = Duration::from_secs(15);
const CLIENTS: usize = 5;

#[test]
fn clients_that_a_stranger_made_are_not_fed() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let fixture = Fixture::new(Network::two()?)?;
    let mut books = fixture.books()?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let junk = runtime.block_on(plant(&fixture))?;
    ensure!(junk.len() == CLIENTS, "{junk:?}");

    // Long enough for each of them to be fed three times, and to expire. Meanwhile the
    // daemon works.
    let planted = tendermint::Time::now();
    wait::until("the strangers' clients to expire", LONG, || {
        fixture.send_both(1)?;
        let over = (planted + TRUSTING_PERIOD)?;
        Ok((fixture.kava().time()? > over).then_some(()))
    })?;
    fixture.settled()?;
    let counts = books.close(&fixture.network.chains, "five junk clients of a stranger")?;
    ensure!(counts.failed == 0 && counts.useless == 0, "{counts}");
    for chain in [fixture.akash(), fixture.kava()] {
        let updates = chain.tx_events("update_client")?;
        let fed = updates.iter().filter(|update| {
            attribute(update, "client_id").is_some_and(|id| junk.iter().any(|junk| junk == id))
        });
        let fed = fed.count();
        ensure!(fed == 0, "{fed} updates of the stranger's clients");
    }
    fixture.balanced()?;
    fixture.passed()
}

/// Clients of akash on kava with a short trusting period, and a half-open connection over
/// each.
async fn plant(fixture: &Fixture) -> Result<Vec<String>> {
    let stranger = account(fixture.kava(), OTHER)?;
    let akash = account(fixture.akash(), OTHER)?;
    let params = ClientParams {
        trusting_period: Some(TRUSTING_PERIOD),
        ..ClientParams::default()
    };
    let new = akash.chain().new_client(&params).await?;
    let create = || stranger.encode(&Datagram::CreateClient(new.clone()));
    let create = (0..CLIENTS)
        .map(|_| create())
        .collect::<Result<Vec<_>, _>>()?;
    let block = submit(&stranger, create).await?;
    let events = block.txs.iter().flat_map(|tx| &tx.events);
    let created = events.filter_map(|event| match event {
        Event::ClientChanged { client_id } => Some(client_id.clone()),
        _ => None,
    });
    let created: Vec<_> = created.collect();
    let half_open = created.iter().map(|client_id| {
        stranger.encode(&Datagram::ConnOpenInit {
            client_id: client_id.clone(),
            counterparty: ConnectionCounterparty {
                // That of any client on the other side: nobody checks it here.
                client_id: client_id.clone(),
                connection_id: None,
                prefix: b"ibc".to_vec(),
            },
            delay_period_ns: 0,
            version: None,
        })
    });
    submit(&stranger, half_open.collect::<Result<_, _>>()?).await?;
    Ok(created.iter().map(ToString::to_string).collect())
}
