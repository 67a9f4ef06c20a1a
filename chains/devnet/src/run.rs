//! Executes the messages of a transaction, all or none.

use ibc::core::channel::types::msgs::PacketMsg;
use ibc::core::channel::types::packet::Packet;
use ibc::core::entrypoint::dispatch;
use ibc::core::handler::types::error::HandlerError;
use ibc::core::handler::types::events::IbcEvent;
use ibc::core::handler::types::msgs::MsgEnvelope;
use ibc::core::router::module::Module;
use ibc::core::router::router::Router;
use ibc_proto::cosmos::bank::v1beta1::{MsgSend, MsgSendResponse};
use ibc_proto::cosmos::base::abci::v1beta1::TxMsgData;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransferResponse;
use ibc_proto::ibc::core::channel::v1::{MsgRecvPacketResponse, ResponseResultType};
use prost::Message as _;
use tendermint::abci::Event;

use crate::ante::is_noop;
use crate::apps::Apps;
use crate::chain_info::ChainInfo;
use crate::events::{self, event, of_message, payment};
use crate::gas::Gas;
use crate::host::{handshake, timeout, Host, Now};
use crate::message::Message;
use crate::refusal::Refusal;
use crate::state::Modules;
use crate::store::Multistore;
use crate::tx::Tx;
use crate::{account, address, bank, mock, transfer};

/// The results of messages besides the state.
pub(crate) struct Done {
    pub events: Vec<Event>,
    /// Encoded `TxMsgData`.
    pub data: Vec<u8>,
}

/// Runs every message on `state`; the caller keeps or discards it. `gas_limit`
/// includes the gas used before.
pub(crate) fn messages(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    tx: &Tx,
    gas: &Gas,
    gas_limit: Option<u64>,
) -> Result<Done, Refusal> {
    let mut events = Vec::new();
    let mut msg_responses = Vec::with_capacity(tx.messages.len());
    for index in 0..tx.messages.len() {
        let done = message(state, info, now, tx, index, gas);
        let (response, of_this) = done.map_err(|refusal| refusal.of_message(index))?;
        events.extend(of_this.into_iter().map(|event| of_message(event, index)));
        msg_responses.push(response);
        match gas_limit {
            Some(limit) if gas.used() > limit => {
                return Err(Refusal::out_of_gas(limit, gas.used()))
            }
            _ => {}
        }
    }
    let data = TxMsgData {
        msg_responses,
        ..TxMsgData::default()
    };
    Ok(Done {
        events,
        data: data.encode_to_vec(),
    })
}

/// What one message did besides the state.
pub(crate) struct Executed {
    pub response: Any,
    /// Of the bank.
    payments: Vec<Event>,
    /// Of the handlers of IBC.
    pub ibc: Vec<IbcEvent>,
}

/// Runs one message; returns its response and its events.
pub(crate) fn message(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    tx: &Tx,
    index: usize,
    gas: &Gas,
) -> Result<(Any, Vec<Event>), Refusal> {
    let action = &tx.body.messages[index].type_url;
    let message = &tx.messages[index];
    let done = execute(state, info, now, &tx.signer, message, action, gas)?;
    let attributes = [("action", action.as_str()), ("sender", &tx.signer)];
    let mut events = vec![event("message", &attributes)];
    events.extend(done.payments);
    for of_handler in done.ibc {
        events.push(events::ibc(of_handler).map_err(Refusal::unknown_request)?);
    }
    Ok((done.response, events))
}

/// Executes one message for its signer; `url` is its protobuf name.
pub(crate) fn execute(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    signer: &str,
    message: &Message,
    url: &str,
    gas: &Gas,
) -> Result<Executed, Refusal> {
    let mut run = Run {
        state,
        info,
        now,
        signer,
        gas,
        payments: Vec::new(),
        ibc: Vec::new(),
    };
    let response = run.message(message, url)?;
    Ok(Executed {
        response,
        payments: run.payments,
        ibc: run.ibc,
    })
}

struct Run<'a> {
    state: &'a mut Multistore,
    info: &'a ChainInfo,
    now: &'a Now,
    signer: &'a str,
    gas: &'a Gas,
    payments: Vec<Event>,
    ibc: Vec<IbcEvent>,
}

impl Run<'_> {
    fn message(&mut self, message: &Message, url: &str) -> Result<Any, Refusal> {
        if let Some(packet) = message.packet() {
            // Another relayer was faster: a success that changes nothing.
            // ibc-rs would refuse a second receive.
            if is_noop(self.state, packet) {
                return Ok(response(url, &result(ResponseResultType::Noop)));
            }
        }
        match message {
            Message::Send(send) => {
                self.send(send)?;
                Ok(response(url, &MsgSendResponse {}))
            }
            Message::Transfer(raw) => {
                let sequence = self.ibc(|host, apps| {
                    transfer::send(host, &mut apps.transfer, raw.as_ref().clone())
                })?;
                Ok(response(url, &MsgTransferResponse { sequence }))
            }
            Message::Mock(send) => {
                let sequence = self.ibc(|host, _| mock::send(host, send))?;
                Ok(response(url, &mock::MsgSendResponse { sequence }))
            }
            Message::ConnectionOpenTry(msg) => {
                self.ibc(|host, _| {
                    let done = handshake::open_try(host, msg.as_ref().clone());
                    done.map_err(|error| HandlerError::from(error).into())
                })?;
                Ok(response(url, &()))
            }
            Message::ConnectionOpenAck(msg) => {
                self.ibc(|host, _| {
                    let done = handshake::open_ack(host, msg.as_ref().clone());
                    done.map_err(|error| HandlerError::from(error).into())
                })?;
                Ok(response(url, &()))
            }
            Message::Ibc(envelope) => {
                self.ibc(|host, apps| core(host, apps, *envelope.clone()))?;
                Ok(match envelope.as_ref() {
                    MsgEnvelope::Packet(_) => response(url, &result(ResponseResultType::Success)),
                    _ => response(url, &()),
                })
            }
        }
    }

    /// Runs a handler on the `ibc` store and the modules above it, and keeps
    /// its changes.
    fn ibc<T>(
        &mut self,
        handle: impl FnOnce(&mut Host, &mut Apps) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut host = Host::open(self.state, self.gas, self.now, self.signer);
        let mut apps = Apps::open(self.state, self.info, self.gas, self.now.is_in_block);
        let done = handle(&mut host, &mut apps)?;
        if apps.has_panicked() {
            return Err(Refusal::panicked());
        }
        apps.commit(self.state);
        self.ibc.extend(host.commit(self.state));
        Ok(done)
    }

    fn send(&mut self, send: &MsgSend) -> Result<(), Refusal> {
        if send.from_address != self.signer {
            let log = format!("{} did not sign: {} did", send.from_address, self.signer);
            return Err(Refusal::unauthorized(log));
        }
        if address::decode(&self.info.prefix, &send.to_address).is_none() {
            return Err(Refusal::invalid_address(&send.to_address));
        }
        let mut modules = Modules::open(self.state, self.gas);
        account::ensure(&mut modules.acc, &send.to_address);
        for coin in &send.amount {
            let (from, to) = (&send.from_address, &send.to_address);
            let amount: u128 = coin
                .amount
                .parse()
                .map_err(|_| Refusal::invalid_coins(format!("`{}{}`", coin.amount, coin.denom)))?;
            bank::send(&mut modules.bank, from, to, &coin.denom, amount)?;
            let amount = format!("{amount}{}", coin.denom);
            self.payments.extend(payment(from, to, &amount));
        }
        modules.commit(self.state);
        Ok(())
    }
}

/// Core IBC's own messages.
fn core(host: &mut Host, apps: &mut Apps, envelope: MsgEnvelope) -> Result<(), Refusal> {
    let done = match envelope {
        MsgEnvelope::Packet(PacketMsg::Timeout(msg)) if timeout::is_ordered(host, &msg.packet) => {
            timeout::ordered(host, sender(apps, &msg.packet)?, msg)
        }
        MsgEnvelope::Packet(PacketMsg::TimeoutOnClose(msg))
            if timeout::is_ordered(host, &msg.packet) =>
        {
            timeout::ordered_on_close(host, sender(apps, &msg.packet)?, msg)
        }
        other => return Ok(dispatch(host, apps, other)?),
    };
    done.map_err(|error| HandlerError::from(error).into())
}

/// The application that has sent a packet.
fn sender<'a>(apps: &'a mut Apps, packet: &Packet) -> Result<&'a mut dyn Module, Refusal> {
    let module = apps.lookup_module(&packet.port_id_on_a);
    let module = module.and_then(|module| apps.get_route_mut(&module));
    module.ok_or_else(|| Refusal::unknown_request("no such port"))
}

/// `MsgRecvPacketResponse`; those of the other packet messages are the same.
fn result(result: ResponseResultType) -> MsgRecvPacketResponse {
    MsgRecvPacketResponse {
        result: result.into(),
    }
}

fn response(url: &str, response: &impl prost::Message) -> Any {
    Any {
        type_url: format!("{url}Response"),
        value: response.encode_to_vec(),
    }
}
