//! The budgets at work: what is known beside the ledger, what is paused, and the last word
//! before a transaction is signed for good.

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{Account, ChainId, Class};
use tern_core::budget::{Budgets, Needs, OverBudget, Paid, Pauses, Purpose};
use tern_core::ledger::{Head, Intent, Refusal, TxKey, TxRecord, View};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use super::follow::describe;
use super::input::Input;
use super::tasks::{Task, Tasks};

/// Balances are read every so many blocks, where an account has to keep something.
const WALLET_BLOCKS: u64 = 10;

pub struct Budgeting {
    budgets: Budgets,
    needs: Needs,
    /// What was said to be paused.
    pauses: Pauses,
}

impl Budgeting {
    pub fn new(budgets: Budgets) -> Self {
        Self {
            budgets,
            needs: Needs::default(),
            pauses: Pauses::new(),
        }
    }

    /// What is paused now. Says what has begun and what is over.
    pub fn update(&mut self, view: &View) -> Pauses {
        let pauses = self.pauses(view);
        for ((chain, purpose), why) in &pauses {
            if !self.pauses.contains_key(&(chain.clone(), *purpose)) {
                warn!(%chain, %purpose, %why, "paused: blocks are read on; it starts again by itself");
            }
        }
        for key in self.pauses.keys() {
            if !pauses.contains_key(key) {
                info!(chain = %key.0, purpose = %key.1, recovered = true, "not paused any more");
            }
        }
        self.needs.fees.retain(|key, _| pauses.contains_key(key));
        self.pauses.clone_from(&pauses);
        pauses
    }

    pub fn pauses(&self, view: &View) -> Pauses {
        self.budgets.pauses(view, &self.needs)
    }

    /// What becomes of transactions that were signed, and how many of them, the first, may
    /// go. The others' items go into no transaction now.
    pub fn admit(&mut self, view: &View, txs: Vec<(TxKey, TxRecord)>) -> (usize, Vec<Intent>) {
        let (number, why) = self.check(view, &txs);
        let mut txs = txs.into_iter();
        let admitted = txs.by_ref().take(number);
        let mut intents: Vec<Intent> = admitted
            .map(|(key, tx)| Intent::Signed { key, tx })
            .collect();
        if let Some(why) = why {
            intents.extend(txs.map(|(key, tx)| Intent::Failed {
                chain: key.chain,
                items: tx.items,
                refusal: Refusal::of(Class::Local, why.to_string()),
            }));
        }
        (number, intents)
    }

    /// How many of these transactions, the first, may be signed; and why not the next.
    fn check(&mut self, view: &View, txs: &[(TxKey, TxRecord)]) -> (usize, Option<OverBudget>) {
        let mut paid: BTreeMap<&ChainId, Paid> = BTreeMap::new();
        for (number, (key, tx)) in txs.iter().enumerate() {
            let chain = &key.chain;
            let paid = paid.entry(chain).or_insert_with(|| Paid::on(view, chain));
            // A command's own transaction is what the operator wants now.
            if let Some(purpose) = purpose(view, tx) {
                if let Err(why) = self.budgets.check(chain, purpose, *paid, tx.fee) {
                    self.needs.fees.insert((chain.clone(), purpose), tx.fee);
                    return (number, Some(why));
                }
            }
            paid.hour = paid.hour.saturating_add(tx.fee);
            paid.day = paid.day.saturating_add(tx.fee);
        }
        (txs.len(), None)
    }

    /// Whether an account has less than it keeps, as far as is known.
    pub fn is_low(&self, account: &dyn Account) -> bool {
        let chain = account.chain_id();
        let min = self.budgets.chains.get(chain);
        let min = min.map_or(0, |budget| budget.wallet_min);
        let wallets = self.needs.wallets.get(chain);
        let balance = wallets.and_then(|wallets| wallets.get(account.payer()));
        balance.is_some_and(|balance| *balance < min)
    }

    /// Reads the balances of a chain's accounts, if they have to keep something and it is
    /// time.
    pub fn read_wallets(
        &self,
        chain: &ChainId,
        head: Head,
        accounts: impl Iterator<Item = Arc<dyn Account>>,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut Tasks,
    ) {
        let budget = self.budgets.chains.get(chain);
        let keeps = budget.is_some_and(|budget| budget.wallet_min > 0);
        let is_unknown = !self.needs.wallets.contains_key(chain);
        if !keeps || !(is_unknown || head.height.is_multiple_of(WALLET_BLOCKS)) {
            return;
        }
        let task = Task::Wallets {
            chain: chain.clone(),
        };
        if tasks.any(|running| *running == task) {
            return;
        }
        let accounts: Vec<_> = accounts.collect();
        let inputs = inputs.clone();
        tasks.spawn(task, async move {
            for account in accounts {
                let chain = account.chain_id().clone();
                match account.balance().await {
                    Ok(balance) => {
                        let address = account.payer().to_owned();
                        let balance = balance.amount;
                        let read = Input::Balance {
                            chain,
                            address,
                            balance,
                        };
                        // The engine is gone when it stops.
                        let _ = inputs.send(read).await;
                    }
                    Err(error) => {
                        debug!(%chain, reason = describe(&error), "cannot read a balance; trying again later");
                    }
                }
            }
        });
    }

    pub fn balance_read(&mut self, chain: ChainId, address: String, balance: u128) {
        let wallets = self.needs.wallets.entry(chain).or_default();
        wallets.insert(address, balance);
    }
}

/// What a transaction is for: of several the one that is paused first. `None` for what a
/// command sends.
fn purpose(view: &View, tx: &TxRecord) -> Option<Purpose> {
    let purposes = tx.items.iter().map(|item| Purpose::of(view, item));
    let unasked = tx.is_unasked.then_some(Purpose::Packets);
    purposes.chain(unasked).min()
}

#[cfg(test)]
mod tests {
    use tern_chains::{Deadline, TxHash};
    use tern_core::budget::Budget;
    use tern_core::ledger::{HandshakeStep, Item};

    use super::*;

    fn chain() -> ChainId {
        ChainId::from_string("kava-1")
    }

    fn tx(number: u8, fee: u128, items: Vec<Item>) -> (TxKey, TxRecord) {
        let key = TxKey {
            chain: chain(),
            hash: TxHash([number; 32]),
        };
        let record = TxRecord {
            signer: "kava1relayer".into(),
            account_sequence: number.into(),
            deadline: Deadline::Height(100),
            items,
            updates: 0,
            is_unasked: false,
            fee,
            bytes: vec![],
        };
        (key, record)
    }

    fn handshake() -> Vec<Item> {
        vec![Item::Handshake {
            a: chain(),
            b: ChainId::from_string("akash-1"),
            step: HandshakeStep::ChanOpenInit,
        }]
    }

    fn budgeting() -> Budgeting {
        let budget = Budget {
            hour_max: 100,
            ..Budget::unlimited("ukava")
        };
        Budgeting::new(Budgets {
            chains: BTreeMap::from([(chain(), budget)]),
        })
    }

    #[test]
    fn of_transactions_signed_together_those_go_that_the_budget_pays_for() {
        let mut budgeting = budgeting();
        let view = View::default();
        let txs = [1, 2, 3].map(|number| tx(number, 45, handshake()));
        let (number, why) = budgeting.check(&view, &txs);
        assert_eq!(number, 2);
        assert!(
            matches!(why, Some(OverBudget::Window { paid: 90, .. })),
            "{why:?}"
        );
        let pauses = budgeting.pauses(&view);
        assert!(
            pauses.is_empty(),
            "nothing is paid yet, and 45 would be: {pauses:?}"
        );
    }

    #[test]
    fn what_the_relayer_sends_by_itself_is_held_to_the_budget_and_what_a_command_sends_is_not() {
        let view = View::default();
        let (key, record) = tx(1, 95, vec![]);
        let asked = [(key.clone(), record.clone())];
        assert_eq!(budgeting().check(&view, &asked), (1, None));
        let unasked = TxRecord {
            is_unasked: true,
            ..record
        };
        // Packets leave the last tenth of a budget to others.
        let (number, why) = budgeting().check(&view, &[(key, unasked)]);
        assert_eq!(number, 0);
        assert!(matches!(why, Some(OverBudget::Window { .. })), "{why:?}");
    }

    #[test]
    fn what_does_not_go_fails_for_now_and_counts_against_nothing() {
        let txs = vec![tx(1, 60, handshake()), tx(2, 60, handshake())];
        let (number, intents) = budgeting().admit(&View::default(), txs);
        assert_eq!(number, 1);
        let [Intent::Signed { .. }, Intent::Failed { items, refusal, .. }] = intents.as_slice()
        else {
            panic!("{intents:?}");
        };
        assert_eq!((items, refusal.class), (&handshake(), Class::Local));
        assert!(refusal.reason.contains("is used up"), "{}", refusal.reason);
    }

    #[test]
    fn what_a_command_sends_is_paid_whatever_the_budget_says() {
        let mut budgeting = budgeting();
        let (number, why) = budgeting.check(&View::default(), &[tx(1, 1_000, vec![])]);
        assert_eq!((number, why), (1, None));
    }
}
