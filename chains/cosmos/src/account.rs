//! The signing account as the chain knows it: its number and next sequence.

use ibc_proto::cosmos::auth::v1beta1 as auth;
use prost::Message;
use tern_chains::{AccountState, ChainError};
use tonic::Code;

use crate::errors::Result;
use crate::grpc::{self, Grpc};

/// How deep account types are nested: `PeriodicVestingAccount` is a
/// `BaseVestingAccount` is a `BaseAccount`.
const NESTING_MAX: usize = 4;

#[tracing::instrument(level = "debug", skip_all, fields(chain = %grpc.origin.chain, address))]
pub(crate) async fn account(grpc: &Grpc, address: &str, denom: &str) -> Result<AccountState> {
    use auth::query_client::QueryClient;
    grpc.check_network().await?;
    let doing = format!("query account {address}");
    let mut client = grpc::client!(grpc, QueryClient);
    let request = auth::QueryAccountRequest {
        address: address.to_owned(),
    };
    let answer = grpc.ask(&doing, client.account(request)).await;
    let answer = answer.map_err(|status| match status.code() {
        Code::NotFound => ChainError::NoAccount {
            chain: grpc.origin.chain.clone(),
            address: address.to_owned(),
            denom: denom.to_owned(),
        },
        _ => grpc.error(&doing, &status),
    })?;
    let any = answer.account.unwrap_or_default();
    let base = base_account(&any.value, address).ok_or_else(|| {
        let what = format!("no base account in a {}", any.type_url);
        grpc.origin.malformed(&doing, what)
    })?;
    Ok(AccountState {
        address: base.address,
        account_number: base.account_number,
        account_sequence: base.sequence,
    })
}

/// The base account in an account of any type.
///
/// Every other type (vesting, module, Ethermint and its relatives) carries the
/// type it extends in field 1, so the base account is found by unwrapping until
/// one decodes with the asked address.
fn base_account(bytes: &[u8], address: &str) -> Option<auth::BaseAccount> {
    #[derive(Clone, PartialEq, Message)]
    struct Extension {
        #[prost(bytes = "vec", tag = "1")]
        inner: Vec<u8>,
    }
    let mut bytes = bytes.to_vec();
    for _ in 0..NESTING_MAX {
        match auth::BaseAccount::decode(bytes.as_slice()) {
            Ok(account) if account.address == address => return Some(account),
            _ => bytes = Extension::decode(bytes.as_slice()).ok()?.inner,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ibc_proto::cosmos::vesting::v1beta1::{BaseVestingAccount, ContinuousVestingAccount};

    fn base() -> auth::BaseAccount {
        auth::BaseAccount {
            address: "cosmos1me".to_owned(),
            account_number: 8,
            sequence: 21,
            ..Default::default()
        }
    }

    #[test]
    fn a_base_account_is_itself() {
        let found = base_account(&base().encode_to_vec(), "cosmos1me");
        assert_eq!(found, Some(base()));
    }

    #[test]
    fn vesting_accounts_are_unwrapped() {
        let vesting = ContinuousVestingAccount {
            base_vesting_account: Some(BaseVestingAccount {
                base_account: Some(base()),
                end_time: 7,
                ..Default::default()
            }),
            start_time: 3,
        };
        let found = base_account(&vesting.encode_to_vec(), "cosmos1me");
        assert_eq!(found, Some(base()));
    }

    /// `ethermint.types.v1.EthAccount`, and Injective's, whose hash is bytes.
    #[derive(Clone, PartialEq, Message)]
    struct EthAccount {
        #[prost(message, optional, tag = "1")]
        base_account: Option<auth::BaseAccount>,
        #[prost(bytes = "vec", tag = "2")]
        code_hash: Vec<u8>,
    }

    #[test]
    fn accounts_of_ethermint_and_injective_are_unwrapped() {
        let of_ethermint = b"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        for code_hash in [&of_ethermint[..], &[0xc5; 32]] {
            let account = EthAccount {
                base_account: Some(base()),
                code_hash: code_hash.to_vec(),
            };
            let found = base_account(&account.encode_to_vec(), "cosmos1me");
            assert_eq!(found, Some(base()));
        }
    }

    #[test]
    fn somebody_elses_account_is_none_of_ours() {
        assert_eq!(base_account(&base().encode_to_vec(), "cosmos1you"), None);
        assert_eq!(base_account(b"", "cosmos1me"), None);
        assert_eq!(base_account(b"\xff\xff", "cosmos1me"), None);
    }
}
