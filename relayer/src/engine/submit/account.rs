//! What a lane knows of its account and its chain before it makes a transaction.

use std::collections::BTreeSet;

use tern_chains::{AccountState, ChainError, ChainParams};
use tern_core::ledger::{TxKey, TxRecord};
use tern_core::plan::cut::TxLimits;
use tokio::sync::oneshot;
use tracing::debug;

use super::cutting::GasLimits;
use super::Lane;
use crate::engine::follow::describe;
use crate::engine::input::Input;
use crate::engine::prove::Messages;

/// Gas of which the price is asked.
const PRICED_GAS: u64 = 1_000_000;

/// The gas that an amount pays for, if [`PRICED_GAS`] costs `price`.
fn affordable(amount: u128, price: u128) -> u64 {
    let gas = amount
        .saturating_mul(u128::from(PRICED_GAS))
        .checked_div(price);
    gas.and_then(|gas| u64::try_from(gas).ok())
        .unwrap_or(u64::MAX)
}

impl Lane {
    /// Asks what the first transaction needs before there is one. What fails is
    /// asked again when it is needed.
    pub(super) async fn prepare(&mut self) {
        let prepared = async {
            self.limits().await?;
            self.account = Some(self.account().await?);
            Ok::<_, ChainError>(())
        };
        if let Err(error) = prepared.await {
            debug!(chain = %self.signer.chain_id(), reason = describe(&error), "not prepared yet");
        }
    }

    /// The account with the sequence the next transaction takes.
    pub(super) async fn account(&mut self) -> Result<AccountState, ChainError> {
        let has_expired = |lane: &Self| lane.expired.has_changed().unwrap_or_default();
        if let Some(account) = self.account.as_ref().filter(|_| !has_expired(self)) {
            return Ok(account.clone());
        }
        self.forget_account();
        let mut account = self.signer.state().await?;
        // Before the engine is asked: what dies after that is seen the next time.
        let has_gap = has_expired(self);
        self.expired.mark_unchanged();
        let in_flight = self.txs_in_flight().await;
        let in_flight = in_flight.iter().map(|(_, tx)| tx.account_sequence);
        self.in_flight = in_flight.collect();
        account.account_sequence = next(account.account_sequence, &self.in_flight, has_gap);
        Ok(account)
    }

    /// The account's transactions that are in no block yet, as the ledger knows.
    pub(super) async fn txs_in_flight(&self) -> Vec<(TxKey, TxRecord)> {
        let (reply, in_flight) = oneshot::channel();
        self.send(Input::InFlight {
            chain: self.signer.chain_id().clone(),
            signer: self.signer.address().to_owned(),
            reply,
        })
        .await;
        // The engine ends before its lanes.
        in_flight.await.unwrap_or_default()
    }

    /// What the messages of a transaction may take.
    pub(super) async fn limits(&mut self) -> Result<(TxLimits, GasLimits), ChainError> {
        let params = match self.params {
            Some(params) => params,
            None => self.signer.params().await?,
        };
        self.params = Some(params);
        let gas = self.gas_limits(params)?;
        let limits = TxLimits {
            messages_max: self.settings.messages_max,
            bytes_max: usize::try_from(params.max_tx_bytes)
                .unwrap_or(usize::MAX)
                .saturating_sub(ENVELOPE_BYTES),
            gas_max: gas.tx.min(gas.budget),
        };
        Ok((limits, gas))
    }

    /// The most gas that transactions may take, by the chain and by its budget.
    fn gas_limits(&self, params: ChainParams) -> Result<GasLimits, ChainError> {
        let gas_max = self.settings.gas_max.unwrap_or(u64::MAX);
        let (budget, message) = match &self.budget {
            Some(budget) => {
                let price = self.signer.fee(PRICED_GAS)?.amount;
                let gas = |amount| affordable(amount, price);
                (gas(budget.tx_max()), gas(budget.packet_max))
            }
            None => (u64::MAX, u64::MAX),
        };
        Ok(GasLimits {
            tx: gas_max.min(params.max_block_gas),
            budget,
            message,
        })
    }

    /// The account's sequence is not certain any more, nor what is before it.
    pub(super) fn forget_account(&mut self) {
        self.account = None;
        self.client_heights.clear();
    }

    /// Whether an earlier transaction carries these messages' client update.
    pub(super) fn is_updated_before(&self, messages: &Messages) -> bool {
        let updated = messages.updated.as_ref();
        !messages.atomic
            && updated
                .is_some_and(|(client, height)| self.client_heights.get(client) == Some(height))
    }
}

/// What a transaction has besides its messages: memo, fee, signer, signature.
const ENVELOPE_BYTES: usize = 1_000;

/// The account sequences of so many transactions, from `first` on around those in
/// flight, and that of the transaction after them.
pub(super) fn assign(first: u64, in_flight: &BTreeSet<u64>, count: usize) -> (Vec<u64>, u64) {
    let sequences: Vec<u64> = free(first, in_flight).take(count).collect();
    let after = sequences
        .last()
        .map_or(first, |last| last.saturating_add(1));
    let next = free(after, in_flight).next().unwrap_or(after);
    (sequences, next)
}

/// The account sequences from `first` on that are not in flight, ascending.
fn free(first: u64, in_flight: &BTreeSet<u64>) -> impl Iterator<Item = u64> {
    let in_flight = in_flight.clone();
    (first..).filter(move |sequence| !in_flight.contains(sequence))
}

/// The account sequence of the next transaction, where the chain expects
/// `expected`: after those in flight, for a node may lag behind them. Where one of
/// them has died, its own comes first: a chain may keep those after it waiting for
/// it, and would never include them.
fn next(expected: u64, in_flight: &BTreeSet<u64>, has_gap: bool) -> u64 {
    let after = in_flight.last().map_or(0, |last| last.saturating_add(1));
    match has_gap {
        true => free(expected, in_flight).next().unwrap_or(expected),
        false => expected.max(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_of_zero_is_no_limit_and_others_pay_for_as_much_as_they_say() {
        assert_eq!(affordable(0, 0), u64::MAX);
        assert_eq!(affordable(u128::MAX, 25_000), u64::MAX);
        assert_eq!(affordable(250_000, 25_000), 10_000_000);
        assert_eq!(affordable(0, 25_000), 0);
    }

    #[test]
    fn a_transaction_goes_after_those_in_flight() {
        assert_eq!(next(5, &BTreeSet::new(), false), 5);
        assert_eq!(next(5, &BTreeSet::from([5, 6]), false), 7);
        // The node lags.
        assert_eq!(next(3, &BTreeSet::from([5, 6]), false), 7);
        assert_eq!(next(9, &BTreeSet::from([5, 6]), false), 9);
    }

    #[test]
    fn a_transaction_takes_the_account_sequence_of_one_that_died() {
        assert_eq!(next(5, &BTreeSet::from([6, 7]), true), 5);
        assert_eq!(next(5, &BTreeSet::from([5, 7]), true), 6);
        assert_eq!(next(5, &BTreeSet::from([5, 6]), true), 7);
        assert_eq!(next(5, &BTreeSet::new(), true), 5);
    }

    #[test]
    fn several_go_around_those_in_flight() {
        let in_flight = BTreeSet::from([6, 8, 10]);
        assert_eq!(assign(5, &in_flight, 3), (vec![5, 7, 9], 11));
    }

    #[test]
    fn the_next_transaction_takes_the_sequence_after_the_last() {
        assert_eq!(assign(5, &BTreeSet::new(), 1), (vec![5], 6));
        assert_eq!(assign(5, &BTreeSet::new(), 3), (vec![5, 6, 7], 8));
        assert_eq!(assign(5, &BTreeSet::new(), 0), (vec![], 5));
    }
}
