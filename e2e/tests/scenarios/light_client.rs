//! The light client of a real chain, beyond updates: a header that an update brought
//! to another chain is the chain's own, and a client goes over a planned upgrade.

use crate::support::light::{create_client, stored, update};
use crate::support::tx::{account, submit};
use crate::support::upgrade::software_upgrade;
use crate::support::LONG;
use anyhow::{ensure, Context, Result};
use ibc_proto::ibc::core::client::v1 as client;
use prost::{Message as _, Name as _};
use tern_chains::{
    Account as _, Chain as _, ClientId, ClientUpdate, Datagram, GivenHeader, HeaderCheck, Height,
    LightClient as _, Message, StateCodec as _, StorePath, TrustOrigin,
};
use tern_cosmos::{BlockWithTxs, CosmosAccount, CosmosChain, CosmosSettings};
use tern_cosmos_core::{convert, CosmosCodec};
use tern_e2e::{wait, ChainSpec, TestChain, USER};

/// Blocks from the plan to the upgrade: enough for the plan's own transaction.
const NOTICE_BLOCKS: u64 = 16;

#[tokio::test]
async fn headers_are_recognized_and_a_client_goes_over_an_upgrade() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let governed = ChainSpec {
        authority: Some(USER.0),
        ..ChainSpec::akash()
    };
    let akash_node = TestChain::start(governed, folder.path())?;
    let kava_node = TestChain::start(ChainSpec::kava(), folder.path())?;
    let (akash, kava) = (account(&akash_node, USER)?, account(&kava_node, USER)?);
    let client_id = create_client(&akash, &kava).await?;

    // An update, and its header as kava's block has it.
    // The client may have been made at the newest height there is.
    let target = akash.chain().latest().await?.0 + 1;
    let update = update(&akash, &kava, &client_id, target).await?;
    let block = submit(&kava, messages(&kava, &client_id, &update)?).await?;
    let header = header_in(&block)?;
    let checked = akash.chain().check_header(&header).await?;
    ensure!(checked == HeaderCheck::Same, "{checked:?}");

    trust_begins_with_the_given_header(&akash).await?;

    // The plan's height is the last one that akash-a makes a header of.
    let last_height = akash.chain().latest().await?.0 + NOTICE_BLOCKS;
    let plan = software_upgrade(&akash, last_height, "akash-1", Height::new(1, 1)).await?;
    submit(&akash, vec![plan]).await?;
    wait::until("the chain to halt", LONG, || {
        Ok((akash_node.height()? == last_height).then_some(()))
    })?;
    // Connections that were idle for so long may be closed: the first question finds
    // out, the next one opens another.
    for chain in [&akash, &kava] {
        let _ = chain.chain().latest().await;
        let _ = chain.state().await;
    }
    let update = self::update(&akash, &kava, &client_id, last_height).await?;
    let upgrade = akash
        .chain()
        .client_upgrade(last_height, &update.root)
        .await?;
    let upgrade = upgrade.context("no upgrade is planned")?;
    let mut datagrams = messages(&kava, &client_id, &update)?;
    datagrams.push(kava.encode(&Datagram::UpgradeClient {
        client_id: client_id.clone(),
        upgrade,
    })?);
    submit(&kava, datagrams).await?;

    let stored = stored(&kava, StorePath::ClientState(client_id)).await?;
    let summary = CosmosCodec.client(&stored).context("no client")?.summary;
    ensure!(summary.chain_id.as_str() == "akash-1", "{summary:?}");
    ensure!(summary.latest() == Height::new(1, 1), "{summary:?}");
    Ok(())
}

/// The header that the operator gives is where trust begins; a chain that has another one
/// there is not trusted.
async fn trust_begins_with_the_given_header(akash: &CosmosAccount) -> Result<()> {
    let chain = akash.chain();
    let (latest, time) = chain.latest().await?;
    let agreed = chain.trust(None, latest - 2, time).await?;
    ensure!(
        agreed.origin == TrustOrigin::Nodes { agreed: 1 },
        "{agreed:?}"
    );
    let with = |hash: Vec<u8>| {
        let height = agreed.client.height;
        CosmosChain::new(CosmosSettings {
            light_client: Some(GivenHeader { height, hash }),
            ..chain.settings().clone()
        })
    };
    let trusted = with(agreed.hash.clone())?.trust(None, latest, time).await?;
    ensure!(trusted.client.height == latest, "{trusted:?}");
    ensure!(
        matches!(trusted.origin, TrustOrigin::Given(_)),
        "{trusted:?}"
    );
    let other = with(vec![7; 32])?.trust(None, latest, time).await;
    let error = other.err().context("another header is not the chain's")?;
    ensure!(
        error.to_string().contains("no node has the header"),
        "{error}"
    );
    Ok(())
}

fn messages(
    host: &CosmosAccount,
    client_id: &ClientId,
    update: &ClientUpdate,
) -> Result<Vec<Message>> {
    let headers = update.headers.iter().cloned();
    let messages = headers.map(|header| {
        let client_id = client_id.clone();
        Ok(host.encode(&Datagram::UpdateClient { client_id, header })?)
    });
    messages.collect()
}

/// The header of the first client update in a block.
fn header_in(block: &BlockWithTxs) -> Result<tern_chains::Encoded> {
    let mut messages = block.txs.iter().flat_map(|tx| &tx.messages);
    let update = messages.find(|message| message.type_name == client::MsgUpdateClient::type_url());
    let update = update.context("no client update in the block")?;
    let update = client::MsgUpdateClient::decode(update.bytes.as_slice())?;
    Ok(convert::encoded(
        update.client_message.context("no header")?,
    ))
}
