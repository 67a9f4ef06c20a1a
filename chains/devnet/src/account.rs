//! Accounts: a fixed number, and a sequence that counts transactions.

use ibc_proto::cosmos::auth::v1beta1::BaseAccount;
use prost::Message;
use tern_cosmos_core::codec;

use crate::gas::Kv;

const ACCOUNT: u8 = 0x01;
const NEXT_NUMBER: &[u8] = b"globalAccountNumber";

pub(crate) fn find(store: &Kv, address: &str) -> Option<BaseAccount> {
    let value = store.get(&key(address))?;
    BaseAccount::decode(value).ok()
}

pub(crate) fn save(store: &mut Kv, account: &BaseAccount) {
    store.set(key(&account.address), account.encode_to_vec());
}

/// Creates the account with its first coin.
pub(crate) fn ensure(store: &mut Kv, address: &str) {
    if store.get(&key(address)).is_some() {
        return;
    }
    let number = store.get(NEXT_NUMBER).and_then(codec::number).unwrap_or(0);
    store.set(NEXT_NUMBER, (number + 1).to_be_bytes());
    let account = BaseAccount {
        address: address.to_owned(),
        account_number: number,
        ..BaseAccount::default()
    };
    save(store, &account);
}

fn key(address: &str) -> Vec<u8> {
    [&[ACCOUNT], address.as_bytes()].concat()
}
