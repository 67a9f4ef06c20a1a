//! The ante handler: checks, fee and account sequence, in the SDK's order.

use ibc_proto::cosmos::tx::v1beta1::Fee;
use ibc_proto::google::protobuf::Any;
use prost::Message as _;
use tendermint::abci::Event;

use crate::chain_info::ChainInfo;
use crate::events::{event, payment};
use crate::gas::Gas;
use crate::host::Now;
use crate::refusal::Refusal;
use crate::state::Modules;
use crate::store::Multistore;
use crate::tx::Tx;
use crate::{account, address, bank};

mod relay;

pub(crate) use relay::is_noop;

/// The SDK's default prices.
const GAS_PER_BYTE: u64 = 10;
const GAS_PER_SIGNATURE: u64 = 1000;

/// Why a transaction is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To enter the mempool.
    Check,
    /// To stay in the mempool after a block.
    Recheck,
    /// To estimate its gas.
    Simulate,
    /// In a block.
    Deliver,
}

/// Charges the fee and increments the account sequence. These changes stay even
/// if a message fails.
pub(crate) fn ante(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    tx: &Tx,
    gas: &Gas,
    mode: Mode,
) -> Result<Vec<Event>, Refusal> {
    let wanted = tx.fee.gas_limit;
    let waits = matches!(mode, Mode::Check | Mode::Recheck);
    if let (Some(limit), true) = (info.limits.block_gas, waits) {
        if wanted > limit {
            return Err(Refusal::block_gas(wanted, limit));
        }
    }
    if waits {
        min_gas_price(info, &tx.fee)?;
    }
    if tx.body.timeout_height > 0 && now.height > tx.body.timeout_height {
        return Err(Refusal::timed_out(now.height, tx.body.timeout_height));
    }
    gas.charge(GAS_PER_BYTE * tx.size as u64);
    let mut modules = Modules::open(state, gas);
    let account = account::find(&modules.acc, &tx.signer);
    let mut account = account
        .ok_or_else(|| Refusal::unknown_address(format!("account {} does not exist", tx.signer)))?;
    let mut events = pay_fee(&mut modules, info, tx)?;
    gas.charge(GAS_PER_SIGNATURE);
    if tx.account_sequence != account.sequence {
        return Err(Refusal::wrong_sequence(
            account.sequence,
            tx.account_sequence,
        ));
    }
    if matches!(mode, Mode::Check | Mode::Deliver) {
        tx.verify(&info.chain_id, account.account_number)?;
    }
    let counted = format!("{}/{}", tx.signer, account.sequence);
    events.push(event("tx", &[("acc_seq", &counted)]));
    account.sequence += 1;
    account.pub_key.get_or_insert_with(|| Any {
        type_url: "/cosmos.crypto.secp256k1.PubKey".to_owned(),
        value: tx.public_key.encode_to_vec(),
    });
    account::save(&mut modules.acc, &account);
    let affords = |gas: &Gas| {
        if mode != Mode::Simulate && gas.used() > wanted {
            return Err(Refusal::out_of_gas(wanted, gas.used()));
        }
        Ok(())
    };
    affords(gas)?;
    let mut branch = state.clone();
    modules.commit(&mut branch);
    if waits {
        relay::try_relaying(&mut branch, info, now, tx, gas, mode)?;
        affords(gas)?;
    }
    *state = branch;
    Ok(events)
}

/// Checks the minimum gas price of this node's mempool.
fn min_gas_price(info: &ChainInfo, fee: &Fee) -> Result<(), Refusal> {
    let Some(price) = &info.min_gas_price else {
        return Ok(());
    };
    let required = price.amount.mul_ceil(fee.gas_limit).unwrap_or(u128::MAX);
    let offered = fee.amount.iter().filter(|coin| coin.denom == price.denom);
    let offered: u128 = offered
        .filter_map(|coin| coin.amount.parse::<u128>().ok())
        .sum();
    if offered < required {
        return Err(Refusal::insufficient_fee(offered, required, &price.denom));
    }
    Ok(())
}

fn pay_fee(modules: &mut Modules, info: &ChainInfo, tx: &Tx) -> Result<Vec<Event>, Refusal> {
    let collector = address::encode(&info.prefix, &address::module("fee_collector"));
    let collector = collector.unwrap_or_default();
    let mut events = Vec::new();
    let mut paid = Vec::new();
    for coin in &tx.fee.amount {
        let amount: u128 = coin
            .amount
            .parse()
            .map_err(|_| Refusal::invalid_coins(format!("fee `{}{}`", coin.amount, coin.denom)))?;
        bank::send(
            &mut modules.bank,
            &tx.signer,
            &collector,
            &coin.denom,
            amount,
        )?;
        let amount = format!("{amount}{}", coin.denom);
        events.extend(payment(&tx.signer, &collector, &amount));
        paid.push(amount);
    }
    let attributes = [("fee", paid.join(",")), ("fee_payer", tx.signer.clone())];
    let attributes = attributes
        .each_ref()
        .map(|(key, value)| (*key, value.as_str()));
    events.push(event("tx", &attributes));
    Ok(events)
}
