//! What happens to a transaction before its messages: checks, fee, account
//! sequence, in the SDK's order.

use ibc::core::channel::types::msgs::PacketMsg;
use ibc::core::host::types::path::{CommitmentPath, ReceiptPath};
use ibc_proto::google::protobuf::Any;
use prost::Message as _;
use tendermint::abci::Event;

use crate::events::{event, payment};
use crate::facts::Facts;
use crate::gas::Gas;
use crate::host::Now;
use crate::refusal::Refusal;
use crate::state::{Modules, IBC};
use crate::store::Multistore;
use crate::tx::Tx;
use crate::{account, address, bank};

/// The SDK's default prices.
const GAS_PER_BYTE: u64 = 10;
const GAS_PER_SIGNATURE: u64 = 1000;

/// Why a transaction is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Into the mempool, or still in it after a block.
    Check,
    /// Only to know its gas.
    Simulate,
    /// In a block.
    Deliver,
}

/// Pays the fee and counts the transaction. What was written stays, whatever
/// the messages do later.
pub(crate) fn ante(
    state: &mut Multistore,
    facts: &Facts,
    now: &Now,
    tx: &Tx,
    gas: &Gas,
    mode: Mode,
) -> Result<Vec<Event>, Refusal> {
    let wanted = tx.fee.gas_limit;
    if let (Some(limit), Mode::Check) = (facts.limits.block_gas, mode) {
        if wanted > limit {
            return Err(Refusal::block_gas(wanted, limit));
        }
    }
    if tx.body.timeout_height > 0 && now.height > tx.body.timeout_height {
        return Err(Refusal::timed_out(now.height, tx.body.timeout_height));
    }
    gas.charge(GAS_PER_BYTE * tx.size as u64);
    let mut modules = Modules::open(state, gas);
    let account = account::find(&modules.acc, &tx.signer);
    let mut account = account
        .ok_or_else(|| Refusal::unknown_address(format!("account {} does not exist", tx.signer)))?;
    let mut events = pay_fee(&mut modules, facts, tx)?;
    gas.charge(GAS_PER_SIGNATURE);
    if tx.account_sequence != account.sequence {
        return Err(Refusal::wrong_sequence(
            account.sequence,
            tx.account_sequence,
        ));
    }
    if mode != Mode::Simulate {
        tx.verify(&facts.chain_id, account.account_number)?;
    }
    let counted = format!("{}/{}", tx.signer, account.sequence);
    events.push(event("tx", &[("acc_seq", &counted)]));
    account.sequence += 1;
    account.pub_key.get_or_insert_with(|| Any {
        type_url: "/cosmos.crypto.secp256k1.PubKey".to_owned(),
        value: tx.public_key.encode_to_vec(),
    });
    account::save(&mut modules.acc, &account);
    if mode != Mode::Simulate && gas.used() > wanted {
        return Err(Refusal::out_of_gas(wanted, gas.used()));
    }
    if mode == Mode::Check && is_redundant(state, tx) {
        return Err(Refusal::redundant());
    }
    modules.commit(state);
    Ok(events)
}

fn pay_fee(modules: &mut Modules, facts: &Facts, tx: &Tx) -> Result<Vec<Event>, Refusal> {
    let collector = address::encode(&facts.prefix, &address::module("fee_collector"));
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

/// Whether somebody else has already done all a transaction is for (ibc-go
/// `RedundantRelayDecorator`): packet messages, perhaps with client updates.
fn is_redundant(state: &Multistore, tx: &Tx) -> bool {
    let mut packets = 0;
    for message in &tx.messages {
        match message.packet() {
            Some(packet) if is_noop(state, packet) => packets += 1,
            Some(_) => return false,
            None if message.is_client_update() => {}
            None => return false,
        }
    }
    packets > 0
}

/// Whether a packet message would change nothing, because the packet has been
/// received or its commitment is gone.
pub(crate) fn is_noop(state: &Multistore, message: &PacketMsg) -> bool {
    let store = state.store(IBC);
    let has = |key: String| store.get(key.as_bytes()).is_some();
    let commitment = |packet: &ibc::core::channel::types::packet::Packet| {
        let path = CommitmentPath::new(&packet.port_id_on_a, &packet.chan_id_on_a, packet.seq_on_a);
        has(path.to_string())
    };
    match message {
        PacketMsg::Recv(msg) => {
            let (port, channel) = (&msg.packet.port_id_on_b, &msg.packet.chan_id_on_b);
            has(ReceiptPath::new(port, channel, msg.packet.seq_on_a).to_string())
        }
        PacketMsg::Ack(msg) => !commitment(&msg.packet),
        PacketMsg::Timeout(msg) => !commitment(&msg.packet),
        PacketMsg::TimeoutOnClose(msg) => !commitment(&msg.packet),
    }
}
