//! Fees that senders offer to relayers (ICS-29, ibc-go v7 and v8), and who is paid.

use std::time::Duration;

use crate::support::light::any;
use crate::support::tx::{account, submit};
use crate::support::LONG;
use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::fee::v1::{
    Fee, MsgPayPacketFee, MsgPayPacketFeeAsync, PacketFee,
};
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::channel::v1::PacketId;
use tern_chains::Account as _;
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::convert;
use tern_e2e::IbcGo::{self, V7, V8};
use tern_e2e::{wait, ChainSpec, Network, TestChain, OTHER, RELAYER, USER};
use tokio::runtime::Runtime;

/// What channels of the fee middleware are called.
const WITH_FEES: &str = r#"{"fee_version":"ics29-1","app_version":"ics20-1"}"#;
/// What every account has at the beginning.
const FUNDS: u128 = 1_000_000_000_000;
/// What the sender offers, in uakt.
const RECV_FEE: u128 = 1_000;
const ACK_FEE: u128 = 500;
const TIMEOUT_FEE: u128 = 200;
/// How long a packet may take, if nobody waits for it to be late.
const IN_TIME: Duration = Duration::from_secs(600);

/// A channel with fees, and who sends on it from akash.
struct Paying {
    network: Network,
    channel: String,
    on_kava: String,
    sender: CosmosAccount,
    receiver: String,
    runtime: Runtime,
}

impl Paying {
    fn open(akash: IbcGo, kava: IbcGo) -> Result<Self> {
        let specs = vec![ChainSpec::akash().on(akash), ChainSpec::kava().on(kava)];
        let network = Network::of(specs)?;
        let open = [
            "channel",
            "open",
            "akash-a",
            "kava-a",
            "--version",
            WITH_FEES,
        ];
        let opened = network.tern.json(&open)?;
        let id = |end: &str| -> Result<String> {
            let id = opened["channels"][0][end]["channel_id"].as_str();
            Ok(id.context("no channel id")?.to_owned())
        };
        Ok(Self {
            channel: id("chain_1")?,
            on_kava: id("chain_2")?,
            sender: account(&network.chains[0], USER)?,
            receiver: network.address("kava-a", USER.0)?,
            network,
            runtime: Runtime::new()?,
        })
    }

    fn akash(&self) -> &TestChain {
        &self.network.chains[0]
    }

    fn kava(&self) -> &TestChain {
        &self.network.chains[1]
    }

    /// From the next start, or reload, on: who is paid on akash.
    fn configure_payee(&self, payee: &str) -> Result<()> {
        let id = "id = \"akash-a\"\n";
        let with_payee = format!("{id}fee_payee = \"{payee}\"\n");
        self.network.tern.reconfigure(id, &with_payee)
    }

    /// Waits until a chain says that this is registered.
    fn registered(&self, chain: &TestChain, what: [&str; 3], payee: &str) -> Result<()> {
        let query = [&["ibc-fee"], &what[..]].concat();
        wait::until("the registration", LONG, || {
            // The command fails while there is nobody.
            let registered = chain.query(&query).ok();
            Ok(registered
                .filter(|is| is.to_string().contains(payee))
                .map(drop))
        })
    }

    fn counterparty_payee_is(&self, payee: &str) -> Result<()> {
        let relayer = self.network.address("kava-a", RELAYER.0)?;
        let what = ["counterparty-payee", &self.on_kava, &relayer];
        self.registered(self.kava(), what, payee)
    }

    fn transfer(&self, timeout: Duration) -> Result<MsgTransfer> {
        let until = (self.akash().time()? + timeout)?.unix_timestamp_nanos();
        Ok(MsgTransfer {
            source_port: "transfer".to_owned(),
            source_channel: self.channel.clone(),
            token: Some(coin(7)),
            sender: self.sender.address().to_owned(),
            receiver: self.receiver.clone(),
            timeout_height: Some(Default::default()),
            timeout_timestamp: u64::try_from(until)?,
            memo: String::new(),
        })
    }

    /// Sends a packet with fees.
    fn send(&self, timeout: Duration) -> Result<()> {
        let pay = MsgPayPacketFee {
            fee: Some(offer()),
            source_port_id: "transfer".to_owned(),
            source_channel_id: self.channel.clone(),
            signer: self.sender.address().to_owned(),
            relayers: Vec::new(),
        };
        self.submit(vec![any(&pay), any(&self.transfer(timeout)?)])
    }

    /// Sends a packet without fees, and offers them afterwards.
    fn send_and_pay_later(&self, sequence: u64) -> Result<()> {
        self.submit(vec![any(&self.transfer(IN_TIME)?)])?;
        self.pay_later(sequence)
    }

    /// Offers fees for a packet that was sent.
    fn pay_later(&self, sequence: u64) -> Result<()> {
        let pay = MsgPayPacketFeeAsync {
            packet_id: Some(PacketId {
                port_id: "transfer".to_owned(),
                channel_id: self.channel.clone(),
                sequence,
            }),
            packet_fee: Some(PacketFee {
                fee: Some(offer()),
                refund_address: self.sender.address().to_owned(),
                relayers: Vec::new(),
            }),
        };
        self.submit(vec![any(&pay)])
    }

    fn submit(&self, messages: Vec<ibc_proto::google::protobuf::Any>) -> Result<()> {
        let messages = messages.into_iter().map(convert::message).collect();
        self.runtime.block_on(submit(&self.sender, messages))?;
        Ok(())
    }

    /// A rule about packets that akash sends.
    fn least(&self, fee: u128) -> String {
        let channel = &self.channel;
        format!("\n[policy.admission]\nmin_recv_fees = {{ \"{channel}\" = [\"{fee}uakt\"] }}\n")
    }

    fn settled(&self) -> Result<()> {
        self.network.settled(&self.channel, &self.on_kava, LONG)
    }

    /// What an account on akash has earned: more than it had, and what it has spent on fees.
    fn earned(&self, key: &str) -> Result<u128> {
        let address = self.network.address("akash-a", key)?;
        let (spent, _) = self.akash().fees(&address)?;
        Ok(self.akash().balance(&address, "uakt")? + spent - FUNDS)
    }
}

fn coin(amount: u128) -> Coin {
    Coin {
        denom: "uakt".to_owned(),
        amount: amount.to_string(),
    }
}

fn offer() -> Fee {
    Fee {
        recv_fee: vec![coin(RECV_FEE)],
        ack_fee: vec![coin(ACK_FEE)],
        timeout_fee: vec![coin(TIMEOUT_FEE)],
    }
}

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn an_address_of_the_configuration_is_paid_for_receipts_acknowledgements_and_timeouts() -> Result<()>
{
    let paying = Paying::open(V7, V8)?;
    let payee = paying.network.address("akash-a", OTHER.0)?;
    paying.configure_payee(&payee)?;
    let tern = &paying.network.tern;
    let daemon = tern.start()?;
    paying.counterparty_payee_is(&payee)?;
    let relayer = paying.network.address("akash-a", RELAYER.0)?;
    let what = ["payee", &paying.channel, &relayer];
    paying.registered(paying.akash(), what, &payee)?;

    paying.send(IN_TIME)?;
    paying.settled()?;
    let mut earned = RECV_FEE + ACK_FEE;
    ensure!(
        paying.earned(OTHER.0)? == earned,
        "{}",
        paying.earned(OTHER.0)?
    );
    ensure!(daemon.terminate(LONG)?.success());

    // Paid for afterwards, while nobody relays it.
    paying.send_and_pay_later(2)?;
    let daemon = tern.start()?;
    paying.settled()?;
    earned += RECV_FEE + ACK_FEE;
    ensure!(
        paying.earned(OTHER.0)? == earned,
        "{}",
        paying.earned(OTHER.0)?
    );
    ensure!(daemon.terminate(LONG)?.success());

    // Late: nobody relays until kava's time has passed the timeout.
    paying.send(Duration::from_secs(2))?;
    paying.kava().passes(Duration::from_secs(4), LONG)?;
    let daemon = tern.start()?;
    paying.settled()?;
    earned += TIMEOUT_FEE;
    ensure!(
        paying.earned(OTHER.0)? == earned,
        "{}",
        paying.earned(OTHER.0)?
    );

    // Who is registered is not registered again.
    for (chain, times) in [(paying.akash(), 1), (paying.kava(), 1)] {
        let events = ["register_payee", "register_counterparty_payee"];
        let mut registered = 0;
        for event in events {
            registered += chain.tx_events(event)?.len();
        }
        ensure!(registered == times, "{registered} on {}", chain.spec.id);
    }
    ensure!(daemon.terminate(LONG)?.success());
    paying.network.passed()
}

#[test]
#[ignore = "builds another chain with Go, some minutes"]
fn a_relayer_is_paid_for_receipts_once_its_configuration_says_so() -> Result<()> {
    let paying = Paying::open(V8, V8)?;
    let mut daemon = paying.network.tern.start()?;
    // Not registered, it gets what needs no registration; the rest goes back to the sender.
    paying.send(IN_TIME)?;
    paying.settled()?;
    let mut earned = ACK_FEE;
    ensure!(
        paying.earned(RELAYER.0)? == earned,
        "{}",
        paying.earned(RELAYER.0)?
    );

    paying.configure_payee("self")?;
    daemon.hang_up()?;
    let relayer = paying.network.address("akash-a", RELAYER.0)?;
    paying.counterparty_payee_is(&relayer)?;
    paying.send(IN_TIME)?;
    paying.settled()?;
    earned += RECV_FEE + ACK_FEE;
    ensure!(
        paying.earned(RELAYER.0)? == earned,
        "{}",
        paying.earned(RELAYER.0)?
    );
    ensure!(daemon.terminate(LONG)?.success());
    paying.network.passed()
}

#[test]
#[ignore = "builds another chain with Go, some minutes"]
fn what_offers_less_than_the_least_fee_waits_until_more_is_offered() -> Result<()> {
    let paying = Paying::open(V8, V8)?;
    let tern = &paying.network.tern;
    let config = tern.home.join("config.toml");
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, text + &paying.least(RECV_FEE))?;
    let daemon = tern.start()?;
    // Enough is relayed, whatever its order; nothing, or less, waits and says why.
    paying.submit(vec![any(&paying.transfer(IN_TIME)?)])?;
    paying.send(IN_TIME)?;
    let pending = ["packet", "pending", "akash-a", &paying.channel];
    let told = |text: &str| {
        wait::until("the rule to be told", LONG, || {
            Ok(tern.run(&pending)?.text().contains(text).then_some(()))
        })
    };
    let open = |count: usize| {
        wait::until("packets with enough to be done", LONG, || {
            let open = paying.akash().commitments("transfer", &paying.channel)?;
            Ok((open == count).then_some(()))
        })
    };
    open(1)?;
    told("min_recv_fees: for the receipt of packet 1")?;
    told("its sender offers nothing, less than 1000uakt")?;
    ensure!(paying.kava().paid("MsgRecvPacket")? == 1);
    ensure!(daemon.terminate(LONG)?.success());

    // Sent while no relayer runs: what is offered is found with it.
    paying.send(IN_TIME)?;
    let daemon = tern.start()?;
    open(1)?;
    told("its sender offers nothing")?;
    paying.pay_later(1)?;
    paying.settled()?;
    ensure!(paying.kava().paid("MsgRecvPacket")? == 3);
    ensure!(daemon.terminate(LONG)?.success());
    paying.network.passed()
}
