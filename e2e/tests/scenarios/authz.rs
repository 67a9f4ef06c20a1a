//! A transfer that another account may send for its owner (authz): relayed as any other.

use crate::support::light::any;
use crate::support::tx::{account, submit};
use crate::support::Fixture;
use anyhow::{ensure, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::{Message, Name};
use tern_chains::Account as _;
use tern_cosmos_core::convert;
use tern_e2e::{voucher, Network, OTHER, USER};

/// `cosmos.authz.v1beta1.MsgGrant`; it does not expire.
#[derive(Clone, PartialEq, Message)]
struct MsgGrant {
    #[prost(string, tag = "1")]
    granter: String,
    #[prost(string, tag = "2")]
    grantee: String,
    #[prost(message, optional, tag = "3")]
    grant: Option<Grant>,
}

#[derive(Clone, PartialEq, Message)]
struct Grant {
    #[prost(message, optional, tag = "1")]
    authorization: Option<Any>,
}

/// For every message of a type.
#[derive(Clone, PartialEq, Message)]
struct GenericAuthorization {
    #[prost(string, tag = "1")]
    msg: String,
}

#[derive(Clone, PartialEq, Message)]
struct MsgExec {
    #[prost(string, tag = "1")]
    grantee: String,
    #[prost(message, repeated, tag = "2")]
    msgs: Vec<Any>,
}

fn of_authz<T: Message>(name: &str, message: &T) -> Any {
    Any {
        type_url: format!("/cosmos.authz.v1beta1.{name}"),
        value: message.encode_to_vec(),
    }
}

#[test]
fn a_transfer_that_another_account_sends_for_its_owner_is_relayed() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (owner, grantee) = (
        account(fixture.akash(), USER)?,
        account(fixture.akash(), OTHER)?,
    );
    let transfer = MsgTransfer {
        source_port: "transfer".to_owned(),
        source_channel: fixture.on_akash.clone(),
        token: Some(Coin {
            denom: "uakt".to_owned(),
            amount: "100".to_owned(),
        }),
        sender: owner.address().to_owned(),
        receiver: fixture.kava_user.clone(),
        timeout_height: Some(Default::default()),
        timeout_timestamp: u64::MAX,
        memo: String::new(),
    };
    let exec = MsgExec {
        grantee: grantee.address().to_owned(),
        msgs: vec![any(&transfer)],
    };
    let exec = || vec![convert::message(of_authz("MsgExec", &exec))];
    let without = runtime.block_on(submit(&grantee, exec()));
    ensure!(without.is_err(), "nothing is granted yet");

    let authorization = GenericAuthorization {
        msg: MsgTransfer::type_url(),
    };
    let grant = MsgGrant {
        granter: owner.address().to_owned(),
        grantee: grantee.address().to_owned(),
        grant: Some(Grant {
            authorization: Some(of_authz("GenericAuthorization", &authorization)),
        }),
    };
    let grant = vec![convert::message(of_authz("MsgGrant", &grant))];
    runtime.block_on(submit(&owner, grant))?;
    let _daemon = fixture.network.tern.start()?;
    runtime.block_on(submit(&grantee, exec()))?;
    fixture.settled()?;
    let denom = voucher(&fixture.on_kava, "uakt");
    let arrived = fixture.kava().balance(&fixture.kava_user, &denom)?;
    ensure!(arrived == 100, "{arrived} arrived");
    fixture.passed()
}
