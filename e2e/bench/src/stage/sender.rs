//! Who sends: many transfers in one transaction, so that one block has them all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use tendermint::Time;
use tern_chains::{Account, AccountState, Chain, ChainId, Check, Deadline, TxDraft};
use tern_cosmos::{CosmosAccount, CosmosChain, CosmosSettings};
use tern_cosmos_core::convert::message;
use tern_cosmos_core::GasPrice;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use url::Url;

use super::site::Site;

/// More than a transfer uses. Gas costs nothing here, and blocks have no limit.
const GAS_EACH: u64 = 150_000;
const GAS_BASE: u64 = 200_000;
const TX_TIMEOUT_BLOCKS: u64 = 50;
/// No packet times out while it is measured.
const PACKET_TIMEOUT: Duration = Duration::from_secs(2 * 3600);

pub struct Sender {
    signer: CosmosAccount,
    denom: &'static str,
    /// The account sequence in it is the next transaction's.
    account: Mutex<AccountState>,
}

impl Sender {
    pub fn new(runtime: &Runtime, site: &Site, mnemonic: &str) -> Result<Self> {
        let (rpc, grpc) = (site.rpc_port, site.grpc_port);
        let url = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}"));
        let price: GasPrice = format!("0{}", site.denom).parse()?;
        let id = ChainId::from_string(site.id);
        let settings = CosmosSettings::new(id, url(rpc)?, url(grpc)?, site.prefix, price);
        let key = super::key(mnemonic, site.prefix)?;
        runtime.block_on(async {
            let chain = Arc::new(CosmosChain::new(settings)?);
            let signer = CosmosAccount::new(chain, key);
            let account = Mutex::new(signer.state().await?);
            Ok(Self {
                signer,
                denom: site.denom,
                account,
            })
        })
    }

    /// Returns when the transaction is in the mempool.
    pub async fn send(&self, channels: &[String], receiver: &str, count: usize) -> Result<()> {
        let mut account = self.account.lock().await;
        let (height, _) = self.signer.chain().latest().await?;
        let timeout = (Time::now() + PACKET_TIMEOUT)?.unix_timestamp_nanos();
        let timeout = u64::try_from(timeout).context("a time before 1970")?;
        let transfer = |channel: &String| Any {
            type_url: "/ibc.applications.transfer.v1.MsgTransfer".to_owned(),
            value: MsgTransfer {
                source_port: "transfer".to_owned(),
                source_channel: channel.clone(),
                token: Some(Coin {
                    denom: self.denom.to_owned(),
                    amount: "1".to_owned(),
                }),
                sender: account.address.clone(),
                receiver: receiver.to_owned(),
                timeout_timestamp: timeout,
                ..MsgTransfer::default()
            }
            .encode_to_vec(),
        };
        let draft = TxDraft {
            messages: channels
                .iter()
                .cycle()
                .take(count)
                .map(|channel| message(transfer(channel)))
                .collect(),
            memo: String::new(),
            account: account.clone(),
            gas: GAS_BASE + GAS_EACH * count as u64,
            deadline: Deadline::Height(height + TX_TIMEOUT_BLOCKS),
        };
        let tx = self.signer.sign(&draft)?;
        let check = self.signer.broadcast(&tx).await?;
        ensure!(check == Check::Accepted, "the transfers: {check:?}");
        account.account_sequence += 1;
        Ok(())
    }
}
