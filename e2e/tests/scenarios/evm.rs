//! AKT on a chain with an EVM (cosmos/evm): it is an ERC-20 token there, which contracts can
//! hold, and it comes home.

use std::time::Duration;

use crate::support::base_fee::set_base_fee;
use crate::support::payments::payments;
use crate::support::uniswap::Pair;
use crate::support::LONG;
use anyhow::{ensure, Result};
use tern_e2e::ethereum::Argument::{Address, Text, Uint};
use tern_e2e::ethereum::{call_data, Wallet};
use tern_e2e::{token_of, voucher, wait, ChainSpec, Network, TestChain};
use tern_e2e::{ICS20_CONTRACT, OTHER, RELAYER, USER};

const AKASH: &str = "akash-a";
const EVM: &str = "evm-a";
/// What akash's user has at the beginning.
const FUNDS: u128 = 1_000_000_000_000;

/// akash, a chain with an EVM, and an open channel between them.
struct Crossing {
    network: Network,
    on_akash: String,
    on_evm: String,
    /// akash's user, and the same one of the other chain.
    akash_user: String,
    evm_user: String,
}

impl Crossing {
    fn open(network: Network) -> Result<Self> {
        let (on_akash, on_evm) = network.open_channel_between(&network.tern, [AKASH, EVM])?;
        Ok(Self {
            akash_user: network.address(AKASH, USER.0)?,
            evm_user: network.address(EVM, USER.0)?,
            network,
            on_akash,
            on_evm,
        })
    }

    fn akash(&self) -> &TestChain {
        &self.network.chains[0]
    }

    fn evm(&self) -> &TestChain {
        &self.network.chains[1]
    }

    /// What uakt is called over there.
    fn voucher(&self) -> String {
        voucher(&self.on_evm, "uakt")
    }

    /// The address of uakt as an ERC-20 token.
    fn akt(&self) -> String {
        token_of(&self.voucher())
    }

    /// Sends so many uakt to the other chain.
    fn send(&self, amount: u128, receiver: &str, more: &[&str]) -> Result<()> {
        let coin = format!("{amount}uakt");
        let args = ["transfer", AKASH, &self.on_akash, &coin, receiver];
        self.network.user.json(&[&args[..], more].concat())?;
        Ok(())
    }

    /// Sends so many of them home.
    fn send_home(&self, amount: u128, more: &[&str]) -> Result<()> {
        let coin = format!("{amount}{}", self.voucher());
        let args = ["transfer", EVM, &self.on_evm, &coin, &self.akash_user];
        self.network.user.json(&[&args[..], more].concat())?;
        Ok(())
    }

    /// The same in a transaction of Ethereum.
    fn send_home_by_contract(&self, wallet: &Wallet<'_>, amount: u128) -> Result<()> {
        const TRANSFER: &str = "transfer(string,string,string,uint256,address,string,\
                                (uint64,uint64),uint64,string)";
        let late = (self.akash().time()? + LONG * 5)?.unix_timestamp_nanos();
        let arguments = [
            Text("transfer"),
            Text(&self.on_evm),
            Text(&self.voucher()),
            Uint(amount),
            Address(&wallet.address),
            Text(&self.akash_user),
            // No height, but a time.
            Uint(0),
            Uint(0),
            Uint(u128::try_from(late)?),
            Text(""),
        ];
        wallet.call(ICS20_CONTRACT, &call_data(TRANSFER, &arguments))
    }

    /// Waits until no packet is open on either chain.
    fn settled(&self) -> Result<()> {
        let ends = [(self.akash(), &self.on_akash), (self.evm(), &self.on_evm)];
        wait::until("every packet to be done", LONG, || {
            for (chain, channel) in ends {
                if chain.commitments("transfer", channel)? > 0 {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }

    /// So many uakt are away: in escrow, and the same are tokens over there. akash's user has
    /// the others.
    fn away(&self, amount: u128) -> Result<()> {
        let akash = self.akash();
        let in_escrow = akash.balance(&akash.escrow(&self.on_akash)?, "uakt")?;
        let left = akash.balance(&self.akash_user, "uakt")?;
        let tokens = self.evm().total_supply(&self.akt())?;
        ensure!(
            [in_escrow, left, tokens] == [amount, FUNDS - amount, amount],
            "{in_escrow} in escrow, {left} left, {tokens} tokens, not {amount}"
        );
        Ok(())
    }

    /// The relayer has paid this base fee, and not all that it offered.
    fn paid_since(&self, height: u64, base_fee: u128) -> Result<()> {
        let payments = payments(self.evm(), height)?;
        ensure!(!payments.is_empty(), "nothing was paid");
        let relayer = self.network.address(EVM, RELAYER.0)?;
        for payment in payments {
            payment.is_by(&relayer)?;
            let (fee, gas) = (payment.fee, payment.gas);
            // With nothing in the blocks it falls by less than a millionth.
            let is_it = fee <= gas * base_fee && fee >= gas * (base_fee - base_fee / 1_000_000);
            ensure!(is_it, "{fee} was paid for {gas} of gas");
        }
        Ok(())
    }
}

#[test]
#[ignore = "builds a chain with an EVM with Go, some minutes"]
fn akt_is_swapped_as_a_token_and_comes_home() -> Result<()> {
    const SWAPPED: u128 = 10_000;
    const OF_PAIR: u128 = 1_000_000;
    let network = Network::of(vec![ChainSpec::akash(), ChainSpec::evm()])?;
    let crossing = Crossing::open(network)?;
    let daemon = crossing.network.tern.start()?;
    let others = crossing.network.address(EVM, OTHER.0)?;
    crossing.send(SWAPPED / 5, &crossing.evm_user, &["--count", "5"])?;
    crossing.send(OF_PAIR, &others, &[])?;
    crossing.settled()?;
    crossing.away(SWAPPED + OF_PAIR)?;

    // As wallets of Ethereum see it, and as the bank of the chain does.
    let (evm, akt) = (crossing.evm(), crossing.akt());
    let (user, other) = (Wallet::of(evm, USER)?, Wallet::of(evm, OTHER)?);
    let in_bank = evm.balance(&crossing.evm_user, &crossing.voucher())?;
    ensure!(user.balance_of(&akt)? == SWAPPED && in_bank == SWAPPED);
    ensure!(other.balance_of(&akt)? == OF_PAIR);

    let pair = Pair::create(&other, &akt)?;
    pair.fill(&other, OF_PAIR)?;
    let gold = pair.swap(&user, &akt, SWAPPED)?;
    ensure!(user.balance_of(&akt)? == 0 && user.balance_of(&pair.gold)? == gold);
    let akt_again = pair.swap(&user, &pair.gold, gold)?;
    ensure!(akt_again < SWAPPED && user.balance_of(&akt)? == akt_again);

    // Home from two kinds of wallets.
    crossing.send_home(akt_again / 2, &[])?;
    crossing.send_home_by_contract(&user, akt_again - akt_again / 2)?;
    crossing.settled()?;
    ensure!(user.balance_of(&akt)? == 0);
    crossing.away(SWAPPED + OF_PAIR - akt_again)?;
    ensure!(daemon.terminate(LONG)?.success());
    crossing.network.passed()
}

#[test]
#[ignore = "builds a chain with an EVM with Go, some minutes"]
fn what_is_late_is_refunded_there_as_a_token() -> Result<()> {
    const LATE: Duration = Duration::from_secs(4);
    let network = Network::of(vec![ChainSpec::akash(), ChainSpec::evm()])?;
    let crossing = Crossing::open(network)?;
    let daemon = crossing.network.tern.start()?;
    // By the address that wallets of Ethereum show.
    let user = Wallet::of(crossing.evm(), USER)?.address;
    crossing.send(1_000, &user, &[])?;
    crossing.settled()?;
    ensure!(daemon.terminate(LONG)?.success());

    // No relayer runs while the time of both chains passes the timeouts.
    crossing.send(500, &crossing.evm_user, &["--timeout", "4s"])?;
    crossing.send_home(300, &["--timeout", "4s"])?;
    let (evm, akt) = (crossing.evm(), crossing.akt());
    let user = Wallet::of(evm, USER)?;
    ensure!(user.balance_of(&akt)? == 700);
    for chain in [crossing.akash(), evm] {
        chain.passes(LATE, LONG)?;
    }

    let _daemon = crossing.network.tern.start()?;
    crossing.settled()?;
    crossing.away(1_000)?;
    ensure!(user.balance_of(&akt)? == 1_000);
    for chain in [crossing.akash(), evm] {
        ensure!(chain.paid("MsgTimeout")? == 1, "on {}", chain.spec.id);
    }
    crossing.network.passed()
}

/// The application keeps the transactions that wait there, several of one account among them.
#[test]
#[ignore = "builds a chain with an EVM with Go, some minutes"]
fn nothing_is_relayed_twice_after_a_kill() -> Result<()> {
    const PACKETS: usize = 400;
    let network = Network::of(vec![ChainSpec::akash(), ChainSpec::evm()])?;
    let crossing = Crossing::open(network)?;
    let count = PACKETS.to_string();
    crossing.send(10, &crossing.evm_user, &["--count", &count])?;
    let daemon = crossing.network.tern.start()?;
    daemon.says("broadcast", LONG)?;
    daemon.kill()?;

    let daemon = crossing.network.tern.start()?;
    crossing.settled()?;
    crossing.away(10 * PACKETS as u128)?;
    let (received, acknowledged) = (
        crossing.evm().paid("MsgRecvPacket")?,
        crossing.akash().paid("MsgAcknowledgement")?,
    );
    ensure!(
        received == PACKETS && acknowledged == PACKETS,
        "{received} received, {acknowledged} acknowledged"
    );
    ensure!(daemon.terminate(LONG)?.success());
    crossing.network.passed()
}

/// The base fee, in the smallest unit of the chain's coin for a unit of gas.
const BASE_FEE: u128 = 1_000_000_000;
/// The limit of the relayer's price.
const LIMIT: u128 = BASE_FEE * 50;

#[test]
#[ignore = "builds a chain with an EVM with Go, some minutes"]
fn a_base_fee_twenty_times_as_high_is_paid_but_none_above_the_limit() -> Result<()> {
    let mut spec = ChainSpec::evm();
    spec.authority = Some(OTHER.0);
    for (setting, value) in [
        ("/app_state/feemarket/params/no_base_fee", false.into()),
        // It does not move by itself.
        (
            "/app_state/feemarket/params/base_fee_change_denominator",
            u32::MAX.into(),
        ),
    ] {
        spec.genesis.push((setting, value));
    }
    let network = Network::of(vec![ChainSpec::akash(), spec])?;
    let price = "gas_price = \"0.025atest\"\n";
    let market = format!(
        "{price}gas_price_max = \"{}atest\"\nfee_market = \"cosmos-evm\"\n\
         priority_price = \"0atest\"\n",
        LIMIT
    );
    network.tern.reconfigure(price, &market)?;
    let crossing = Crossing::open(network)?;
    let daemon = crossing.network.tern.start()?;
    crossing.send(100, &crossing.evm_user, &["--count", "3"])?;
    crossing.settled()?;
    crossing.paid_since(0, BASE_FEE)?;

    set_base_fee(crossing.evm(), OTHER, BASE_FEE * 20)?;
    let since = crossing.evm().height()?;
    crossing.send(100, &crossing.evm_user, &["--count", "3"])?;
    crossing.settled()?;
    crossing.away(600)?;
    crossing.paid_since(since, BASE_FEE * 20)?;

    set_base_fee(crossing.evm(), OTHER, BASE_FEE * 100)?;
    let since = crossing.evm().height()?;
    crossing.send(100, &crossing.evm_user, &[])?;
    daemon.says("raise `gas_price_max` in the configuration", LONG)?;
    ensure!(payments(crossing.evm(), since)?.is_empty(), "more was paid");
    set_base_fee(crossing.evm(), OTHER, BASE_FEE)?;
    crossing.settled()?;
    crossing.away(700)?;
    ensure!(daemon.terminate(LONG)?.success());
    crossing.network.passed()
}
