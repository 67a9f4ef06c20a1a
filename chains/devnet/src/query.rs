//! The query router: dispatches gRPC methods by name, like the SDK's. The gRPC
//! endpoint and `abci_query` both use it. Bytes in, bytes out.

use ibc_proto::ibc::core::client::v1::Height;
use prost::Message;
use tern_cosmos_core::codec::number;
use tonic::Status;

use crate::devnet::Devnet;
use crate::gas::{Gas, Kv};
use crate::state::IBC;
use crate::store::{Multistore, Tree};

mod chain;
mod channel;
mod client;
mod connection;
mod money;
mod packet;
mod page;
mod txs;

pub(crate) use chain::COMETBFT;

pub(crate) type Answer<T> = Result<T, Status>;

/// The services that [`answer`] knows.
pub(crate) const SERVICES: [&str; 10] = [
    "cosmos.auth.v1beta1.Query",
    "cosmos.bank.v1beta1.Query",
    "cosmos.base.node.v1beta1.Service",
    "cosmos.base.tendermint.v1beta1.Service",
    "cosmos.staking.v1beta1.Query",
    "cosmos.tx.v1beta1.Service",
    "ibc.applications.transfer.v1.Query",
    "ibc.core.channel.v1.Query",
    "ibc.core.client.v1.Query",
    "ibc.core.connection.v1.Query",
];

/// The context of one query: the chain, and its state at the requested height.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub chain: &'a Devnet,
    pub state: &'a Multistore,
    pub height: u64,
}

/// Answers `/package.Service/Method` at `height`; `None` is the newest.
pub(crate) fn answer(
    chain: &Devnet,
    method: &str,
    request: &[u8],
    height: Option<u64>,
) -> Answer<Vec<u8>> {
    let (newest, _) = chain.latest();
    let height = height.unwrap_or(newest);
    let state = chain.state(height).ok_or_else(|| {
        Status::invalid_argument(format!(
            "failed to load state at height {height}; version does not exist \
             (latest height: {newest})"
        ))
    })?;
    let at = At {
        chain,
        state,
        height,
    };
    let Some((service, method)) = method.trim_start_matches('/').split_once('/') else {
        return Err(Status::unimplemented(format!("unknown method {method}")));
    };
    match service {
        "ibc.core.client.v1.Query" => client::answer(at, method, request),
        "ibc.core.connection.v1.Query" => connection::answer(at, method, request),
        "ibc.core.channel.v1.Query" => channel::answer(at, method, request),
        "ibc.applications.transfer.v1.Query" => money::transfer(at, method, request),
        "cosmos.auth.v1beta1.Query" => money::auth(at, method, request),
        "cosmos.bank.v1beta1.Query" => money::bank(at, method, request),
        "cosmos.tx.v1beta1.Service" => txs::answer(at, method, request),
        "cosmos.staking.v1beta1.Query" => chain::staking(at, method, request),
        "cosmos.base.node.v1beta1.Service" => chain::node(at, method, request),
        "cosmos.base.tendermint.v1beta1.Service" => chain::tendermint(at, method, request),
        _ => Err(Status::unimplemented(format!("unknown service {service}"))),
    }
}

/// Decodes a request, answers it, encodes the answer.
pub(crate) fn call<Q: Message + Default, A: Message>(
    request: &[u8],
    answer: impl FnOnce(Q) -> Answer<A>,
) -> Answer<Vec<u8>> {
    let request = Q::decode(request);
    let request = request.map_err(|error| Status::invalid_argument(error.to_string()))?;
    Ok(answer(request)?.encode_to_vec())
}

pub(crate) fn unknown<T>(method: &str) -> Answer<T> {
    Err(Status::unimplemented(format!("unknown method {method}")))
}

impl<'a> At<'a> {
    pub fn ibc(self) -> &'a Tree {
        self.state.store(IBC)
    }

    pub fn kv(self, store: &'static str) -> Kv {
        Kv::new(self.state.store(store), &Gas::default())
    }

    /// The height of an answer.
    pub fn proof_height(self) -> Option<Height> {
        Some(Height {
            revision_number: self.chain.info.revision,
            revision_height: self.height,
        })
    }

    /// A value of the IBC store, decoded.
    pub fn find<T: Message + Default>(self, key: &str) -> Answer<T> {
        let value = self.value(key)?;
        T::decode(value).map_err(|error| Status::internal(format!("{key}: {error}")))
    }

    pub fn value(self, key: &str) -> Answer<&'a [u8]> {
        let value = self.ibc().get(key.as_bytes());
        value.ok_or_else(|| Status::not_found(format!("{key} not found")))
    }

    /// A sequence.
    pub fn number(self, key: &str) -> Answer<u64> {
        let value = number(self.value(key)?);
        value.ok_or_else(|| Status::internal(format!("{key} is not a number")))
    }
}
