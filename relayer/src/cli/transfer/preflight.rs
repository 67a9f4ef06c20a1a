//! What is looked at before anything is sent.

use std::sync::Arc;

use anyhow::{anyhow, bail, ensure, Context as _};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::channel::v1::Channel as RawChannel;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd as RawConnectionEnd;
use ibc_proto::Protobuf;
use ibc_relayer_types::core::ics24_host::path::{
    ChannelEndsPath, ClientStatePath, ConnectionsPath,
};
use tern_chains::{
    Account, Chain, ChainId, ChannelEnd, ChannelState, ClientSummary, ConnectionEnd, Path,
};
use tern_cosmos::CosmosChain;

use super::{receiver, TransferArgs};
use crate::connect::Context;

/// Where the tokens go and who sends them.
pub struct Route {
    pub src: Arc<CosmosChain>,
    /// The newest height of `src`.
    pub head: u64,
    /// The chain at the channel's other end, by the client on `src`.
    pub dst_id: ChainId,
    /// That chain, if it is configured.
    pub dst: Option<Arc<CosmosChain>>,
    pub account: Account,
    /// What the sender has of the denom.
    pub balance: u128,
    /// What all transfers together take of it.
    pub total: u128,
    /// What is sent, `--count` times.
    pub message: MsgTransfer,
}

/// Finds the way and refuses what cannot succeed.
pub async fn check(context: &Context, args: &TransferArgs) -> anyhow::Result<Route> {
    ensure!(!args.receiver.is_empty(), "the receiver is empty");
    let src = context.connect(&args.chain, args.key.as_deref())?;
    let end = open_channel(src.as_ref(), args).await?;
    let dst_id = chain_behind(src.as_ref(), &end).await?;
    let dst = match context.config.chain(dst_id.as_str()) {
        Some(config) => {
            receiver::check(&args.receiver, &config.id, &config.account_prefix)
                .map_err(|reason| anyhow!(reason))?;
            Some(context.connect_read_only(&config.id)?)
        }
        None => None,
    };
    let account = src.account().await?;
    let (balance, latest) = futures::try_join!(
        src.balance(&account.address, &args.amount.denom),
        src.latest()
    )?;
    let total = afford(&account.address, args, balance)?;
    let price = &src.settings().gas_price;
    let costs = price.amount.mul_ceil(1) != Some(0);
    ensure!(
        !(costs && price.denom == args.amount.denom && total == balance),
        "{} would have no {} left to pay fees with",
        account.address,
        price.denom
    );
    let (head, time) = latest;
    let message = message(args, &account.address, time.0)?;
    Ok(Route {
        src,
        head,
        dst_id,
        dst,
        account,
        balance,
        total,
        message,
    })
}

async fn open_channel(src: &dyn Chain, args: &TransferArgs) -> anyhow::Result<ChannelEnd> {
    let (chain, port, channel) = (src.id(), &args.port, &args.channel);
    let path = Path::ChannelEnds(ChannelEndsPath(port.clone(), channel.clone()));
    let Some(bytes) = src.query(path, None).await? else {
        bail!("{chain} has no {channel} on port {port}: `tern query channels {chain}` lists them");
    };
    let end = <ChannelEnd as Protobuf<RawChannel>>::decode_vec(&bytes)
        .map_err(|error| anyhow!("{chain}: cannot read the end of {channel}: {error}"))?;
    ensure!(
        matches!(end.state, ChannelState::Open(_)),
        "{channel} on {chain} is not open: its state is {}",
        end.state
    );
    Ok(end)
}

/// The chain at the other end: what the client under the channel is of.
async fn chain_behind(src: &dyn Chain, end: &ChannelEnd) -> anyhow::Result<ChainId> {
    let chain = src.id();
    let connection_id = end.connection_hops.first();
    let connection_id = connection_id.context("the channel has no connection")?;
    let path = Path::Connections(ConnectionsPath(connection_id.clone()));
    let bytes = src.query(path, None).await?;
    let connection = bytes
        .and_then(|bytes| <ConnectionEnd as Protobuf<RawConnectionEnd>>::decode_vec(&bytes).ok())
        .with_context(|| format!("{chain}: cannot read {connection_id}"))?;
    let client_id = connection.client_id();
    let path = Path::ClientState(ClientStatePath(client_id.clone()));
    let bytes = src.query(path, None).await?;
    let client = bytes.and_then(|bytes| ClientSummary::decode(&bytes));
    let client = client.with_context(|| {
        format!("{chain}: {client_id}, which the channel rests on, is of no kind Tern knows")
    })?;
    Ok(client.chain_id)
}

/// The sum of all transfers, if the sender has it.
fn afford(sender: &str, args: &TransferArgs, balance: u128) -> anyhow::Result<u128> {
    let denom = &args.amount.denom;
    let total = args.amount.amount.checked_mul(u128::from(args.count));
    let total = total.context("the amount times --count is too large")?;
    if let Some(missing) = total.checked_sub(balance).filter(|missing| *missing > 0) {
        bail!(
            "{sender} has {balance}{denom} on {}: {missing}{denom} are missing to send {total}{denom}",
            args.chain
        );
    }
    Ok(total)
}

/// `now` is the newest block's time: chains judge timeouts by block time, and
/// this machine's clock may be wrong.
fn message(args: &TransferArgs, sender: &str, now: u64) -> anyhow::Result<MsgTransfer> {
    let timeout = u64::try_from(args.timeout.as_nanos()).ok();
    let timeout = timeout.and_then(|nanos| now.checked_add(nanos));
    let timeout = timeout.and_then(|nanos| nanos.checked_add(u64::from(mark())));
    Ok(MsgTransfer {
        source_port: args.port.to_string(),
        source_channel: args.channel.to_string(),
        token: Some(Coin {
            denom: args.amount.denom.clone(),
            amount: args.amount.amount.to_string(),
        }),
        sender: sender.to_owned(),
        receiver: args.receiver.clone(),
        timeout_height: Some(Default::default()),
        timeout_timestamp: timeout.context("--timeout is too long")?,
        memo: args.memo.clone(),
    })
}

/// Up to a millisecond, in nanoseconds, added to the timeout: by it our packets
/// are told from those of another run that sends the same.
fn mark() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    (random % 1_000_000) as u32
}
