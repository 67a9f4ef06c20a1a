//! `tern keys grant` and `tern keys revoke`: an account that pays the fees of relaying keys.

use std::time::Duration;

use anyhow::{ensure, Context as _};
use clap::Args;
use serde_json::json;
use tern_chains::{Account, BlockTime, Coin};

use crate::cli::amount::Amount;
use crate::cli::parse;
use crate::cli::send_once::send_once;
use crate::connect::fee_grant::{self, Allowance};
use crate::connect::{ConnectedChain, Context};
use crate::output::{self, Outcome};

pub const GRANT_EXAMPLE: &str = "\
Examples:
  tern keys grant akash-a --from treasury --limit 25000000uakt --expires 90days
  tern keys grant akash-a --from treasury --name relayer-2

Then `fee_granter = \"ADDRESS\"` in the section of the chain says that this account pays. An
allowance that was granted before is replaced.";
pub const REVOKE_EXAMPLE: &str = "\
Example:
  tern keys revoke akash-a --from treasury";

#[derive(Debug, Args)]
pub struct GrantArgs {
    #[command(flatten)]
    between: Between,
    /// Most that is paid altogether, such as 25000000uakt [default: no limit]
    #[arg(long, value_name = "AMOUNT")]
    limit: Option<Amount>,
    /// Nothing is paid after this time, such as 90days [default: no end]
    #[arg(long, value_parser = parse::duration, value_name = "TIME")]
    expires: Option<Duration>,
    /// Pay for messages of this type only, such as /ibc.core.channel.v1.MsgRecvPacket; can be
    /// given several times [default: all messages]
    #[arg(long = "message", value_name = "TYPE")]
    messages: Vec<String>,
}

#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    between: Between,
}

#[derive(Debug, Args)]
struct Between {
    /// The chain that the fees are paid on
    chain: String,
    /// Name of the key whose account pays. It signs this, and pays for it
    #[arg(long, value_name = "NAME")]
    from: String,
    /// Name of a key whose fees are paid [default: all keys that relay on the chain]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Who pays, and for whom.
struct Found {
    chain: ConnectedChain,
    granter: std::sync::Arc<dyn Account>,
    grantees: Vec<Grantee>,
}

struct Grantee {
    address: String,
    /// Whether there is an allowance.
    has_one: bool,
}

pub async fn grant(context: &Context, args: &GrantArgs) -> anyhow::Result<Outcome> {
    let found = find(context, &args.between).await?;
    let (_, now) = found.chain.latest().await?;
    let allowance = Allowance {
        limit: args.limit.as_ref().map(|limit| Coin {
            denom: limit.denom.clone(),
            amount: limit.amount,
        }),
        expires: args.expires.map(|time| end(now, time)).transpose()?,
        messages: args.messages.clone(),
    };
    let granter = found.granter.address();
    let messages = found.grantees.iter().flat_map(|grantee| {
        let before = grantee.has_one.then_some(&grantee.address);
        let revoked = before.map(|address| fee_grant::revoke(granter, address));
        let granted = fee_grant::grant(granter, &grantee.address, &allowance);
        revoked.into_iter().chain([granted])
    });
    let messages = messages.collect();
    send(context, &args.between, found, messages, "granted").await
}

pub async fn revoke(context: &Context, args: &RevokeArgs) -> anyhow::Result<Outcome> {
    let mut found = find(context, &args.between).await?;
    found.grantees.retain(|grantee| grantee.has_one);
    let granter = found.granter.address();
    ensure!(
        !found.grantees.is_empty(),
        "{granter} pays no fees of these keys on {}",
        args.between.chain
    );
    let grantees = found.grantees.iter();
    let messages = grantees.map(|grantee| fee_grant::revoke(granter, &grantee.address));
    let messages = messages.collect();
    send(context, &args.between, found, messages, "revoked").await
}

async fn find(context: &Context, between: &Between) -> anyhow::Result<Found> {
    let config = context.chain_config(&between.chain)?;
    let chain = context.connect(&between.chain)?;
    let granter = context.account(&chain, Some(&between.from)).await?;
    let names: Vec<&str> = match &between.name {
        Some(name) => vec![name],
        None => config.keys().collect(),
    };
    let mut grantees = Vec::new();
    for name in names {
        let address = context.address(&chain, name).await?;
        ensure!(
            address != granter.address(),
            "the key `{name}` is the account that pays: give another key with --name"
        );
        let has_one = chain.is_granted(granter.address(), &address).await?;
        grantees.push(Grantee { address, has_one });
    }
    Ok(Found {
        chain,
        granter,
        grantees,
    })
}

async fn send(
    context: &Context,
    between: &Between,
    found: Found,
    messages: Vec<tern_chains::Message>,
    done: &str,
) -> anyhow::Result<Outcome> {
    let Found {
        chain,
        granter,
        grantees,
    } = found;
    let key = context.key_id(&between.chain, Some(&between.from))?;
    let address = granter.address().to_owned();
    let sent = send_once(context, chain, &key, granter, messages).await?;
    let grantees: Vec<String> = grantees.into_iter().map(|to| to.address).collect();
    if context.json {
        output::json(&json!({
            "chain": between.chain,
            "granter": address,
            "grantees": grantees,
            "tx": sent.hash.to_string(),
            "height": sent.height,
        }))?;
    } else {
        let what = format!("{done} by {address} for {}", grantees.join(", "));
        output::line(format!(
            "{}: fee allowance {what} in block {}",
            between.chain, sent.height
        ))?;
    }
    Ok(Outcome::Done)
}

/// The time of the chain at which an allowance ends.
fn end(now: BlockTime, after: Duration) -> anyhow::Result<BlockTime> {
    let after = u64::try_from(after.as_nanos()).ok();
    let end = after.and_then(|after| now.0.checked_add(after));
    Ok(BlockTime(end.context("--expires is too long")?))
}
