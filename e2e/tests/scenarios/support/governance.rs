//! Governance of `simd`, with one validator that has all the votes.

use anyhow::Result;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use prost::Message;
use serde_json::{json, Value};
use tern_chains::Account as _;
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::convert;
use tern_e2e::{IbcGo, TestChain};

/// The account of the module, which is the authority of all others.
pub const ADDRESS: &str = "cosmos10d07y265gmmuvt4z0w9aw880jnsr700j6zn9kn";
/// What simd's genesis asks for.
const DEPOSIT: &str = "10000000";

/// `cosmos.gov.v1.MsgSubmitProposal`.
#[derive(Clone, PartialEq, Message)]
struct MsgSubmitProposal {
    #[prost(message, repeated, tag = "1")]
    messages: Vec<Any>,
    #[prost(message, repeated, tag = "2")]
    initial_deposit: Vec<Coin>,
    #[prost(string, tag = "3")]
    proposer: String,
    #[prost(string, tag = "5")]
    title: String,
    #[prost(string, tag = "6")]
    summary: String,
}

/// `cosmos.gov.v1.MsgExecLegacyContent`.
#[derive(Clone, PartialEq, Message)]
struct MsgExecLegacyContent {
    #[prost(message, optional, tag = "1")]
    content: Option<Any>,
    #[prost(string, tag = "2")]
    authority: String,
}

/// What a genesis says, so that votes are counted after some blocks.
pub fn votes_fast(version: IbcGo) -> Vec<(&'static str, Value)> {
    let mut genesis = vec![("/app_state/gov/params/voting_period", json!("6s"))];
    if version != IbcGo::V7 {
        // It has to be the shorter one.
        let expedited = "/app_state/gov/params/expedited_voting_period";
        genesis.push((expedited, json!("3s")));
    }
    genesis
}

/// The first proposal of a chain, with its whole deposit in `uakt`.
pub fn proposal(content: Any, proposer: &CosmosAccount) -> tern_chains::Message {
    let submit = MsgSubmitProposal {
        messages: vec![content],
        initial_deposit: vec![Coin {
            denom: "uakt".to_owned(),
            amount: DEPOSIT.to_owned(),
        }],
        proposer: proposer.address().to_owned(),
        title: "upgrade".to_owned(),
        summary: "upgrade".to_owned(),
    };
    convert::message(Any {
        type_url: "/cosmos.gov.v1.MsgSubmitProposal".to_owned(),
        value: submit.encode_to_vec(),
    })
}

/// Content of the kind that governance had before it took messages.
pub fn legacy(content: Any) -> Any {
    let execute = MsgExecLegacyContent {
        content: Some(content),
        authority: ADDRESS.to_owned(),
    };
    Any {
        type_url: "/cosmos.gov.v1.MsgExecLegacyContent".to_owned(),
        value: execute.encode_to_vec(),
    }
}

/// The validator is for the first proposal.
pub fn approve(chain: &TestChain) -> Result<()> {
    let vote = ["tx", "gov", "vote", "1", "yes", "--from", "validator"];
    // That of v8 does not read these from the home.
    let node = format!("tcp://127.0.0.1:{}", chain.rpc_port);
    let place = ["--node", &node, "--chain-id", chain.spec.id];
    let keyring = ["--keyring-backend", "test"];
    chain
        .broadcast(&[&vote[..], &place, &keyring].concat())
        .map(drop)
}
