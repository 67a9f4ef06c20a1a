//! Accounts that send transfers.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use tendermint::Time;
use tern_chains::{Account, AccountState, Chain, ChainId, Check, Deadline, TxDraft};
use tern_cosmos::{CosmosAccount, CosmosChain, CosmosSettings};
use tern_cosmos_core::convert::message;
use tern_cosmos_core::{GasPrice, Key};
use tern_e2e::{wait, USER};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use url::Url;

use super::endpoint::Endpoint;

/// Accounts on each chain.
const SENDERS: usize = 10;
/// What each of them gets. Fees are zero, and every packet takes 1.
const FUNDS: u64 = 1_000_000;
const FUNDED_LIMIT: Duration = Duration::from_secs(60);
/// More than a transfer uses. Gas costs nothing here, and blocks have no limit.
const GAS_EACH: u64 = 150_000;
const GAS_BASE: u64 = 200_000;
const TX_TIMEOUT_BLOCKS: u64 = 50;
/// No packet times out while it is measured.
const PACKET_TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// The sending accounts of one chain.
pub struct Senders(Vec<Arc<Sender>>);

/// Packets for [`Senders::send`].
#[derive(Debug)]
pub struct Transfers {
    /// The packets take turns on them.
    pub channels: Vec<String>,
    pub receiver: String,
    /// The number of the first packet, which says whose turn it is.
    pub first: usize,
    pub count: usize,
    /// Most packets in one transaction.
    pub each: usize,
}

impl Senders {
    /// Derives accounts from the user's mnemonic and funds them.
    pub fn new(runtime: &Runtime, endpoint: &Endpoint) -> Result<Self> {
        let key = |number: usize| {
            let path = format!("m/44'/118'/0'/0/{number}");
            Ok(Key::from_mnemonic(USER.1, &path, endpoint.prefix)?)
        };
        let chain = chain(endpoint)?;
        let bank = CosmosAccount::new(chain.clone(), key(0)?);
        let keys = (1..=SENDERS).map(key).collect::<Result<Vec<Key>>>()?;
        runtime.block_on(fund(&bank, endpoint.denom, &keys))?;
        let sender = |key: Key| {
            let signer = CosmosAccount::new(chain.clone(), key);
            let account = wait::until("an account's funds", FUNDED_LIMIT, || {
                Ok(runtime.block_on(signer.state()).ok())
            });
            Ok(Arc::new(Sender {
                signer,
                denom: endpoint.denom,
                account: Mutex::new(account?),
            }))
        };
        let senders = keys.into_iter().map(sender);
        Ok(Self(senders.collect::<Result<_>>()?))
    }

    /// Puts transactions into the mempool, of all accounts at the same time. Returns when
    /// they are there.
    pub async fn send(&self, transfers: Transfers) -> Result<()> {
        let (first, each) = (transfers.first, transfers.each);
        let end = first + transfers.count;
        let mut by_account = vec![Vec::new(); self.0.len()];
        for start in (first..end).step_by(each) {
            let account = start / each % self.0.len();
            by_account[account].push(start..end.min(start + each));
        }
        let transfers = Arc::new(transfers);
        let mut sending = JoinSet::new();
        for (sender, txs) in self.0.iter().zip(by_account) {
            let (sender, transfers) = (sender.clone(), transfers.clone());
            sending.spawn(async move {
                for packets in txs {
                    sender.send(&transfers, packets).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(sent) = sending.join_next().await {
            sent??;
        }
        Ok(())
    }
}

/// One account.
struct Sender {
    signer: CosmosAccount,
    denom: &'static str,
    /// The account sequence in it is the next transaction's.
    account: Mutex<AccountState>,
}

impl Sender {
    /// Sends the packets of these numbers in one transaction.
    async fn send(&self, transfers: &Transfers, packets: Range<usize>) -> Result<()> {
        let mut account = self.account.lock().await;
        let timeout = (Time::now() + PACKET_TIMEOUT)?.unix_timestamp_nanos();
        let timeout = u64::try_from(timeout).context("a time before 1970")?;
        let transfer = |packet: usize| Any {
            type_url: "/ibc.applications.transfer.v1.MsgTransfer".to_owned(),
            value: MsgTransfer {
                source_port: "transfer".to_owned(),
                source_channel: transfers.channels[packet % transfers.channels.len()].clone(),
                token: Some(Coin {
                    denom: self.denom.to_owned(),
                    amount: "1".to_owned(),
                }),
                sender: account.address.clone(),
                receiver: transfers.receiver.clone(),
                timeout_timestamp: timeout,
                ..MsgTransfer::default()
            }
            .encode_to_vec(),
        };
        let messages = packets.map(transfer).collect();
        broadcast(&self.signer, &account, messages).await?;
        account.account_sequence += 1;
        Ok(())
    }
}

async fn fund(bank: &CosmosAccount, denom: &str, keys: &[Key]) -> Result<()> {
    let account = bank.state().await?;
    let payment = |key: &Key| Any {
        type_url: "/cosmos.bank.v1beta1.MsgSend".to_owned(),
        value: MsgSend {
            from_address: account.address.clone(),
            to_address: key.address().to_owned(),
            amount: vec![Coin {
                denom: denom.to_owned(),
                amount: FUNDS.to_string(),
            }],
        }
        .encode_to_vec(),
    };
    broadcast(bank, &account, keys.iter().map(payment).collect()).await
}

/// Puts one transaction into the mempool.
async fn broadcast(
    signer: &CosmosAccount,
    account: &AccountState,
    messages: Vec<Any>,
) -> Result<()> {
    let (height, _) = signer.chain().latest().await?;
    let draft = TxDraft {
        gas: GAS_BASE + GAS_EACH * messages.len() as u64,
        messages: messages.into_iter().map(message).collect(),
        memo: String::new(),
        account: account.clone(),
        deadline: Deadline::Height(height + TX_TIMEOUT_BLOCKS),
    };
    let check = signer.broadcast(&signer.sign(&draft).await?).await?;
    ensure!(check == Check::Accepted, "a transaction: {check:?}");
    Ok(())
}

fn chain(endpoint: &Endpoint) -> Result<Arc<CosmosChain>> {
    let url = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}"));
    let (rpc, grpc) = (url(endpoint.rpc_port)?, url(endpoint.grpc_port)?);
    let price: GasPrice = format!("0{}", endpoint.denom).parse()?;
    let id = ChainId::from_string(endpoint.id);
    let settings = CosmosSettings::new(id, rpc, grpc, endpoint.prefix, price);
    Ok(Arc::new(CosmosChain::new(settings)?))
}
