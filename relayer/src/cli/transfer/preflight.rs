//! Checks before anything is sent.

use std::sync::Arc;

use anyhow::{anyhow, bail, ensure, Context as _};
use tern::engine::channel_end;
use tern_chains::{Account, AccountState, ChainId};
use tern_config::KeyTypeConfig;
use tern_core::ledger::{ChannelKey, ChannelRecord, Head};

use super::{receiver, TransferArgs};
use crate::connect::ics20::Transfer;
use crate::connect::{ConnectedChain, Context, KeyId};

/// The source, the destination and the sender of the tokens.
pub struct Route {
    pub src: ConnectedChain,
    /// The source end of the channel.
    pub src_end: ChannelKey,
    pub channel: ChannelRecord,
    /// The key of the sender.
    pub key: KeyId,
    /// Who sends the tokens, for questions.
    pub signer: Arc<dyn Account>,
    /// The newest block of `src`.
    pub head: Head,
    /// The destination, as the client on `src` names it.
    pub dst_id: ChainId,
    /// The destination, if it is configured.
    pub dst: Option<ConnectedChain>,
    pub account: AccountState,
    /// The balance of the sender in the denom of the transfers.
    pub balance: u128,
    /// The sum of all transfers.
    pub total: u128,
    /// One of the `--count` equal transfers.
    pub transfer: Transfer,
}

/// Finds the route. Fails if the transfers cannot succeed.
pub async fn check(context: &Context, args: &TransferArgs) -> anyhow::Result<Route> {
    ensure!(!args.receiver.is_empty(), "the receiver is empty");
    let src = context.connect(&args.chain)?;
    let signer = context.account(&src, args.key.as_deref()).await?;
    let key = context.key_id(&args.chain, args.key.as_deref())?;
    let (src_end, channel) = open_channel(&src, args).await?;
    let dst_id = channel.counterparty_chain.clone();
    let mut receiver = args.receiver.clone();
    let dst = match context.config.chain(dst_id.as_str()) {
        Some(config) => {
            let has_evm = config.key_type != KeyTypeConfig::Secp256k1;
            let prefix = &config.account_prefix;
            receiver = receiver::resolve(&receiver, &config.id, prefix, has_evm)
                .map_err(|reason| anyhow!(reason))?;
            Some(context.connect(&config.id)?)
        }
        None => None,
    };
    let account = signer.state().await?;
    let (balance, latest) = futures::try_join!(
        src.balance(&account.address, &args.amount.denom),
        src.latest()
    )?;
    let total = check_balance(&account.address, args, balance)?;
    let price = src.gas_price();
    let costs = src.fee(1) != Some(0);
    let pays = signer.payer() == account.address;
    ensure!(
        !(costs && pays && price.denom == args.amount.denom && total == balance),
        "{} would have no {} left to pay fees",
        account.address,
        price.denom
    );
    let (height, time) = latest;
    let head = Head { height, time };
    let transfer = transfer(args, &account.address, receiver, time.0)?;
    Ok(Route {
        src,
        src_end,
        channel,
        key,
        signer,
        head,
        dst_id,
        dst,
        account,
        balance,
        total,
        transfer,
    })
}

async fn open_channel(
    src: &ConnectedChain,
    args: &TransferArgs,
) -> anyhow::Result<(ChannelKey, ChannelRecord)> {
    let (chain, port, channel) = (src.id(), &args.port, &args.channel);
    let end = ChannelKey {
        chain: chain.clone(),
        port_id: port.clone(),
        channel_id: channel.clone(),
    };
    let Some(record) = channel_end(&**src, &end).await? else {
        bail!(
            "{chain} has no {channel} on port {port}, or Tern does not know the type of its \
             client: `tern query channels {chain}` lists the channels"
        );
    };
    ensure!(
        record.state.is_open(),
        "{channel} on {chain} is not open: its state is {}",
        record.state
    );
    Ok((end, record))
}

/// The sum of all transfers. Fails if the sender has less.
fn check_balance(sender: &str, args: &TransferArgs, balance: u128) -> anyhow::Result<u128> {
    let denom = &args.amount.denom;
    let total = args.amount.amount.checked_mul(u128::from(args.count));
    let total = total.context("the amount times --count is too large")?;
    if let Some(missing) = total.checked_sub(balance).filter(|missing| *missing > 0) {
        bail!(
            "{sender} has {balance}{denom} on {}, but needs {total}{denom}: {missing}{denom} are \
             missing",
            args.chain
        );
    }
    Ok(total)
}

/// `now` is the time of the newest block: chains check timeouts against block
/// times, and the clock of this machine may be wrong.
fn transfer(
    args: &TransferArgs,
    sender: &str,
    receiver: String,
    now: u64,
) -> anyhow::Result<Transfer> {
    let timeout = u64::try_from(args.timeout.as_nanos()).ok();
    let timeout = timeout.and_then(|nanos| now.checked_add(nanos));
    let timeout = timeout.and_then(|nanos| nanos.checked_add(u64::from(timeout_offset())));
    Ok(Transfer {
        src_port: args.port.clone(),
        src_channel: args.channel.clone(),
        denom: args.amount.denom.clone(),
        amount: args.amount.amount,
        sender: sender.to_owned(),
        receiver,
        timeout_timestamp: timeout.context("--timeout is too long")?,
        memo: args.memo.clone(),
    })
}

/// A random number of nanoseconds below one millisecond. It is added to the
/// timeout, so that packets of this run differ from equal packets of another run.
fn timeout_offset() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    (random % 1_000_000) as u32
}
