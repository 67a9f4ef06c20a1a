//! Cross-chain validation (ICS-28): a consumer chain is validated by the validators of a provider.
//! Its clients are made by the provider and by its genesis, and by no relayer.

mod support;

use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::cosmos::crypto::ed25519;
use ibc_proto::cosmos::staking::v1beta1::{
    CommissionRates, Description, MsgCreateValidator, MsgDelegate,
};
use ibc_proto::interchain_security::ccv::provider::v1::MsgOptIn;
use serde_json::Value;
use support::light::any;
use support::tx::{account, submit};
use support::LONG;
use tern_chains::Account as _;
use tern_cosmos_core::{convert, AccountFormat, Key, KeyType, DEFAULT_HD_PATH};
use tern_e2e::{voucher, wait, ChainSpec, Daemon, Network, TestChain, CONSUMER_ID, OTHER, USER};

/// The client on either chain, and the connection that is opened over it.
const CLIENT: &str = "07-tendermint-0";
const CONNECTION: &str = "connection-0";
/// The channel of cross-chain validation, and the one that the consumer begins by itself.
const VALIDATION: &str = "channel-0";
const TRANSFER: &str = "channel-1";

#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn a_consumer_chain_is_connected_and_follows_the_validators_of_its_provider() -> Result<()> {
    let network = Network::of(vec![ChainSpec::provider()])?;
    let genesis = network.chain("provider-a")?.launch_consumer()?;
    let network = network.with(ChainSpec::consumer(genesis))?;
    connect(&network)?;

    let (provider, consumer) = (network.chain("provider-a")?, network.chain("consumer-a")?);
    let daemon = finishing(&network)?;
    wait::until("the transfer channel to be open", LONG, || {
        let on_consumer = channel(&network, "consumer-a", TRANSFER)?;
        let on_provider = channel(&network, "provider-a", TRANSFER)?;
        let ends = [on_consumer, on_provider];
        let is_open = |end: &Value| end["port"] == "transfer" && end["state"] == "OPEN";
        Ok(ends.iter().all(is_open).then_some(()))
    })?;

    // Blocks of the consumer are signed with another power from here on.
    ensure!(consumer.voting_powers()? == [100]);
    delegates(provider, 50_000_000)?;
    has_validators(consumer, &[150])?;
    settled(&network)?;

    let user = network.address("provider-a", USER.0)?;
    transfer(&network, "consumer-a", "100ucon", "provider-a")?;
    let received = provider.balance(&user, &voucher(TRANSFER, "ucon"))?;
    ensure!(received == 100, "{received} received");
    transfer(&network, "provider-a", "7stake", "consumer-a")?;
    let user = network.address("consumer-a", USER.0)?;
    let received = consumer.balance(&user, &voucher(TRANSFER, "stake"))?;
    ensure!(received == 7, "{received} received");

    // The consumer sends its provider a part of its fees, without being asked to.
    let pool = provider.module_account("consumer_rewards_pool")?;
    wait::until("a part of the fees to be the provider's", LONG, || {
        let rewards = provider.balance(&pool, &voucher(TRANSFER, "ucon"))?;
        Ok((rewards > 0).then_some(()))
    })?;
    ensure!(daemon.terminate(LONG)?.success());
    network.passed()
}

/// The second validator has no node. That is tolerated on the provider, where it may miss many
/// blocks, and not on the consumer.
#[test]
#[ignore = "builds two more chains with Go, some minutes each"]
fn a_validator_that_misses_blocks_of_a_consumer_chain_is_jailed_by_its_provider() -> Result<()> {
    let window = "/app_state/slashing/params/signed_blocks_window";
    let mut provider = ChainSpec::provider();
    provider.genesis.push((window, "100000".into()));
    let network = Network::of(vec![provider])?;
    let genesis = network.chain("provider-a")?.launch_consumer()?;
    let mut consumer = ChainSpec::consumer(genesis);
    consumer.genesis.push((window, "8".into()));
    let network = network.with(consumer)?;
    connect(&network)?;

    let (provider, consumer) = (network.chain("provider-a")?, network.chain("consumer-a")?);
    let daemon = finishing(&network)?;
    let operator = joins(provider, 20_000_000)?;
    has_validators(consumer, &[100, 20])?;
    // The consumer tells its provider, and the provider takes the validator away.
    wait::until("the validator to be jailed", LONG, || {
        let validators = provider.validators()?;
        let mut validators = validators.iter();
        let second = validators.find(|validator| validator["operator_address"] == *operator);
        Ok((second.context("no second validator")?["jailed"] == true).then_some(()))
    })?;
    has_validators(consumer, &[100])?;
    settled(&network)?;
    ensure!(daemon.terminate(LONG)?.success());
    network.passed()
}

/// Starts the daemon that also finishes transfer channels.
fn finishing(network: &Network) -> Result<Daemon> {
    let config = network.tern.home.join("config.toml");
    let rule = "\n[policy.admission]\nfinish_channels = [\"transfer\"]\n";
    std::fs::write(&config, std::fs::read_to_string(&config)? + rule)?;
    network.tern.start()
}

/// Waits until these are the voting powers.
fn has_validators(chain: &TestChain, powers: &[u64]) -> Result<()> {
    wait::until(&format!("the validators {powers:?}"), LONG, || {
        Ok((chain.voting_powers()? == powers).then_some(()))
    })
}

/// Waits until no packet of validation is under way.
fn settled(network: &Network) -> Result<()> {
    let (provider, consumer) = (network.chain("provider-a")?, network.chain("consumer-a")?);
    wait::until("the packets of validation to be done", LONG, || {
        let left = provider.commitments("provider", VALIDATION)?
            + consumer.commitments("consumer", VALIDATION)?;
        Ok((left == 0).then_some(()))
    })
}

/// Opens the connection over the clients that are there, and the channel of validation, which the
/// consumer has to begin.
fn connect(network: &Network) -> Result<()> {
    let open = ["connection", "open", "consumer-a", "provider-a"];
    let clients = ["--a-client", CLIENT, "--b-client", CLIENT];
    let opened = network.tern.json(&[&open[..], &clients].concat())?;
    for end in ["a", "b"] {
        ensure!(opened[end]["client"] == CLIENT, "{opened}");
        ensure!(opened[end]["connection"] == CONNECTION, "{opened}");
    }
    let open = ["channel", "open", "consumer-a", "provider-a"];
    let over = ["--connection", CONNECTION, "--order", "ordered"];
    let ports = ["--a-port", "consumer", "--b-port", "provider"];
    let opened = network.tern.json(&[&open[..], &over, &ports].concat())?;
    let ordering = &opened["channels"][0]["ordering"];
    ensure!(ordering == "ordered", "{opened}");
    Ok(())
}

/// A channel of a chain by its id; null if there is none.
fn channel(network: &Network, chain: &str, id: &str) -> Result<Value> {
    let listed = network.tern.json(&["query", "channels", chain])?;
    let mut listed = listed.as_array().context("no list")?.iter();
    let found = listed.find(|channel| channel["channel"] == id);
    Ok(found.cloned().unwrap_or_default())
}

/// The user stakes so much with the provider's validator.
fn delegates(provider: &TestChain, amount: u64) -> Result<()> {
    let user = account(provider, USER)?;
    let validators = provider.validators()?;
    let operator = validators.first();
    let operator = operator.and_then(|validator| validator["operator_address"].as_str());
    let delegate = MsgDelegate {
        delegator_address: user.address().to_owned(),
        validator_address: operator.context("no validator")?.to_owned(),
        amount: Some(stake(amount)),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let message = convert::message(any(&delegate));
    runtime.block_on(submit(&user, vec![message])).map(drop)
}

/// A second validator of the provider opts in to the consumer chain; its operator's address.
fn joins(provider: &TestChain, amount: u64) -> Result<String> {
    let other = account(provider, OTHER)?;
    let format = AccountFormat::new("cosmosvaloper", KeyType::Secp256k1);
    let operator = Key::from_mnemonic(OTHER.1, DEFAULT_HD_PATH, format)?;
    // Of a key that nobody signs with.
    let pubkey = ed25519::PubKey { key: vec![7; 32] };
    let create = MsgCreateValidator {
        description: Some(Description {
            moniker: "without a node".to_owned(),
            ..Description::default()
        }),
        commission: Some(CommissionRates {
            rate: "0".to_owned(),
            max_rate: "0".to_owned(),
            max_change_rate: "0".to_owned(),
        }),
        min_self_delegation: "1".to_owned(),
        validator_address: operator.address().to_owned(),
        pubkey: Some(any(&pubkey)),
        value: Some(stake(amount)),
        ..MsgCreateValidator::default()
    };
    let opt_in = MsgOptIn {
        provider_addr: operator.address().to_owned(),
        signer: other.address().to_owned(),
        consumer_id: CONSUMER_ID.to_owned(),
        ..MsgOptIn::default()
    };
    let runtime = tokio::runtime::Runtime::new()?;
    for message in [any(&create), any(&opt_in)] {
        let messages = vec![convert::message(message)];
        runtime.block_on(submit(&other, messages))?;
    }
    Ok(operator.address().to_owned())
}

fn stake(amount: u64) -> Coin {
    Coin {
        denom: "stake".to_owned(),
        amount: amount.to_string(),
    }
}

/// The user sends coins to the address of the same key, and waits until they are there.
fn transfer(network: &Network, src: &str, coins: &str, dst: &str) -> Result<()> {
    let receiver = network.address(dst, USER.0)?;
    let args = ["transfer", src, TRANSFER, coins, &receiver, "--wait"];
    let sent = network.user.json(&args)?;
    ensure!(sent["acknowledged"] == 1, "{sent}");
    Ok(())
}
