//! The account and the clients as they will be once a lane's transactions so far are
//! executed. Pure.
//!
//! A lane signs the next transaction before the last is in a block, so it counts on
//! what it has sent. Once that is in doubt, it forgets all and asks the chain again.

use std::collections::BTreeMap;

use tern_chains::{AccountState, ClientId};

use crate::engine::prove::Messages;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// With the sequence the next transaction takes; `None` when it must be asked for.
    account: Option<AccountState>,
    /// The height of the counterparty each client is brought to, as far as
    /// transactions are in order: what comes after them needs no update of its own.
    client_heights: BTreeMap<ClientId, u64>,
}

impl Expected {
    pub fn account(&self) -> Option<&AccountState> {
        self.account.as_ref()
    }

    /// The chain was asked for the account. `next_in_flight` is the sequence after
    /// those of the transactions that are in no block yet: a node may not count them.
    pub fn asked(&mut self, state: AccountState, next_in_flight: Option<u64>) -> AccountState {
        let next = next_in_flight.unwrap_or(0).max(state.account_sequence);
        let account = AccountState {
            account_sequence: next,
            ..state
        };
        self.account.insert(account).clone()
    }

    /// These transactions are stored and about to be broadcast. They take one sequence
    /// each from `first` on, and bring a client to a height.
    pub fn signed(&mut self, first: AccountState, txs: usize, updated: Option<(ClientId, u64)>) {
        self.account = sequence(first).nth(txs);
        self.client_heights.extend(updated);
    }

    /// A transaction is in a block. The clients are not where one that failed should
    /// have brought them; it used its sequence nevertheless.
    pub fn included(&mut self, succeeded: bool) {
        if !succeeded {
            self.client_heights.clear();
        }
    }

    /// A transaction may not be executed: nothing after it is certain.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether an earlier transaction carries these messages' client update. What must
    /// be executed together carries its own.
    pub fn is_updated(&self, messages: &Messages) -> bool {
        let updated = messages.updated.as_ref();
        let is_there =
            |(client, height): &(ClientId, u64)| self.client_heights.get(client) == Some(height);
        !messages.atomic && updated.is_some_and(is_there)
    }
}

/// The account as each of several transactions in a row takes it.
pub fn sequence(first: AccountState) -> impl Iterator<Item = AccountState> {
    (first.account_sequence..).map(move |account_sequence| AccountState {
        account_sequence,
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(account_sequence: u64) -> AccountState {
        AccountState {
            address: "akash1".to_owned(),
            account_number: 7,
            account_sequence,
        }
    }

    fn client() -> ClientId {
        "07-tendermint-0".parse().unwrap()
    }

    fn messages(updated: Option<u64>, atomic: bool) -> Messages {
        Messages {
            update: vec![],
            updated: updated.map(|height| (client(), height)),
            messages: vec![],
            atomic,
            not_proven: vec![],
        }
    }

    /// After two transactions from sequence 5 on, which bring the client to 40.
    fn after_two() -> Expected {
        let mut expected = Expected::default();
        expected.signed(account(5), 2, Some((client(), 40)));
        expected
    }

    #[test]
    fn transactions_in_a_row_take_consecutive_account_sequences() {
        let taken: Vec<AccountState> = sequence(account(5)).take(3).collect();
        assert_eq!(taken, [account(5), account(6), account(7)]);
    }

    #[test]
    fn the_next_transaction_takes_the_sequence_after_those_signed() {
        assert_eq!(after_two().account(), Some(&account(7)));
    }

    #[test]
    fn a_node_that_does_not_count_what_is_in_flight_is_corrected() {
        let mut expected = Expected::default();
        assert_eq!(expected.account(), None);
        assert_eq!(expected.asked(account(5), None), account(5));
        assert_eq!(expected.asked(account(5), Some(8)), account(8));
        assert_eq!(expected.account(), Some(&account(8)));
    }

    #[test]
    fn a_node_that_counts_more_than_is_in_flight_is_believed() {
        let mut expected = Expected::default();
        assert_eq!(expected.asked(account(9), Some(8)), account(9));
    }

    #[test]
    fn an_update_that_was_sent_is_not_sent_again() {
        let expected = after_two();
        assert!(expected.is_updated(&messages(Some(40), false)));
        assert!(!expected.is_updated(&messages(Some(41), false)));
        assert!(!expected.is_updated(&messages(None, false)));
        assert!(!Expected::default().is_updated(&messages(Some(40), false)));
    }

    #[test]
    fn messages_that_belong_together_carry_their_own_update() {
        assert!(!after_two().is_updated(&messages(Some(40), true)));
    }

    #[test]
    fn a_later_update_takes_the_place_of_the_earlier() {
        let mut expected = after_two();
        expected.signed(account(7), 1, Some((client(), 41)));
        assert!(!expected.is_updated(&messages(Some(40), false)));
        assert!(expected.is_updated(&messages(Some(41), false)));
    }

    #[test]
    fn transactions_without_an_update_leave_the_clients_where_they_are() {
        let mut expected = after_two();
        expected.signed(account(7), 1, None);
        assert!(expected.is_updated(&messages(Some(40), false)));
        assert_eq!(expected.account(), Some(&account(8)));
    }

    #[test]
    fn a_transaction_that_failed_in_its_block_used_its_sequence_but_updated_no_client() {
        let mut expected = after_two();
        expected.included(true);
        assert_eq!(expected, after_two());
        expected.included(false);
        assert_eq!(expected.account(), Some(&account(7)));
        assert!(!expected.is_updated(&messages(Some(40), false)));
    }

    #[test]
    fn nothing_is_expected_once_a_transaction_may_not_be_executed() {
        let mut expected = after_two();
        expected.forget();
        assert_eq!(expected, Expected::default());
    }
}
