//! Who is paid the fees that senders offer (ICS-29): registered on the channels of the fee
//! middleware, where the configuration names somebody.
//!
//! For packets from a chain with a `fee_payee` two parties say who is paid there. The chain that
//! receives them has a counterparty payee for each account that relays to it, and puts it into
//! the acknowledgement. The chain itself pays for acknowledgements and timeouts; whoever relays
//! these is paid, unless there is a payee for that account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, Context as _};
use tern::engine::status::PathStatus;
use tern::engine::{SendRequest, Sent};
use tern_chains::{Account, ChainId};
use tern_config::{Config, FeePayee};
use tern_core::ledger::EndKey;
use tokio::sync::watch;
use tokio::time::{sleep, Instant};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Observed;
use crate::connect::ics29::{PayeeRole, Registration};
use crate::connect::Context;
use crate::setup::ServedChain;

/// How often it is looked for channels on which nobody is registered. A look asks no chain.
const EVERY: Duration = Duration::from_secs(10);
/// A registration is in a block by then, or dead.
const AGAIN_AFTER: Duration = Duration::from_secs(120);
/// Transactions for one registration before the next start: each costs a fee.
const SENT_MAX: u32 = 3;
/// Transactions in an hour. Default 20: whoever opens channels to this relayer has it register
/// on each of them.
const SENT_IN_HOUR_MAX: usize = 20;
const HOUR: Duration = Duration::from_secs(3600);

/// Registers what the configuration wants, as long as a daemon runs.
pub struct Payees {
    observed: Observed,
    context: watch::Receiver<Arc<Context>>,
    chains: watch::Receiver<Vec<ServedChain>>,
    /// What the chains have said to be registered: they are not asked again.
    registered: BTreeSet<(ChainId, Registration)>,
    tries: BTreeMap<(ChainId, Registration), Tries>,
    /// When transactions were sent, in the last hour.
    sent: Vec<Instant>,
}

/// What was done for one registration.
#[derive(Clone, Copy)]
struct Tries {
    /// Transactions.
    sent: u32,
    last: Instant,
}

enum Registered {
    Already,
    /// A transaction was sent that does it.
    Sent,
}

impl Payees {
    pub fn new(
        observed: Observed,
        context: watch::Receiver<Arc<Context>>,
        chains: watch::Receiver<Vec<ServedChain>>,
    ) -> Self {
        Self {
            observed,
            context,
            chains,
            registered: BTreeSet::new(),
            tries: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// Registers again and again what is missing, until `stopping`.
    pub async fn register(mut self, stopping: CancellationToken) {
        let registering = async {
            loop {
                self.look().await;
                sleep(EVERY).await;
            }
        };
        stopping.run_until_cancelled(registering).await;
    }

    async fn look(&mut self) {
        let payees = payees(&self.context.borrow().config);
        if payees.is_empty() {
            return;
        }
        // Without an engine there is nothing to look at.
        let Ok(observation) = self.observed.look().await else {
            return;
        };
        let paused = observation.status.chains.iter();
        let paused = paused.filter(|chain| chain.paused.is_some());
        let paused: BTreeSet<&ChainId> = paused.map(|chain| &chain.chain).collect();
        let chains = self.chains.borrow().clone();
        let wanted = wanted(&observation.status.paths, &payees, &accounts(&chains));
        self.registered.retain(|known| wanted.contains(known));
        self.tries.retain(|tried, _| wanted.contains(tried));
        for wanted in wanted {
            if self.registered.contains(&wanted) || !self.is_due(&wanted) {
                continue;
            }
            self.sent.retain(|sent| sent.elapsed() < HOUR);
            if self.sent.len() >= SENT_IN_HOUR_MAX {
                return;
            }
            let (chain, registration) = &wanted;
            let served = chains.iter().find(|served| served.chain.id() == chain);
            let Some(served) = served.filter(|_| !paused.contains(chain)) else {
                continue;
            };
            let sent = match self.register_one(served, registration).await {
                Ok(Registered::Already) => {
                    self.registered.insert(wanted);
                    continue;
                }
                Ok(Registered::Sent) => {
                    self.sent.push(Instant::now());
                    1
                }
                Err(error) => {
                    let (channel, relayer) = (&registration.channel, &registration.relayer);
                    warn!(
                        %chain, %channel, relayer, reason = format!("{error:#}"),
                        "nobody is registered to be paid for what this account relays"
                    );
                    0
                }
            };
            let before = self.tries.get(&wanted).map_or(0, |tries| tries.sent);
            let tries = Tries {
                sent: before + sent,
                last: Instant::now(),
            };
            self.tries.insert(wanted, tries);
        }
    }

    fn is_due(&self, wanted: &(ChainId, Registration)) -> bool {
        self.tries
            .get(wanted)
            .is_none_or(|tries| tries.sent < SENT_MAX && tries.last.elapsed() >= AGAIN_AFTER)
    }

    /// Asks the chain, and sends what is missing.
    async fn register_one(
        &self,
        served: &ServedChain,
        registration: &Registration,
    ) -> anyhow::Result<Registered> {
        let Registration {
            role,
            channel,
            relayer,
            payee,
            ..
        } = registration;
        let is = served.chain.payee(*role, relayer, channel).await?;
        if is.as_ref() == Some(payee) {
            return Ok(Registered::Already);
        }
        let mut accounts = served.accounts.iter();
        let account = accounts.find(|account| account.address() == relayer);
        let account = account.context("the account is not one of this relayer's any more")?;
        let messages = vec![registration.message()];
        let gas = account.estimate(&messages, &account.state().await?).await?;
        let chain = served.chain.id();
        let request = SendRequest {
            chain: chain.clone(),
            address: relayer.clone(),
            messages,
            memo: String::new(),
            gas,
            is_unasked: true,
        };
        let engine = self.observed.engine().await;
        match engine.send(request).await? {
            Sent::Accepted { hash, .. } | Sent::NoAnswer { hash, .. } => {
                info!(%chain, %channel, relayer, payee, tx = %hash, "registering who is paid (ICS-29)");
                Ok(Registered::Sent)
            }
            Sent::Busy(reason)
            | Sent::WrongSequence(reason)
            | Sent::Refused(reason)
            | Sent::CannotPay(reason)
            | Sent::Failed(reason) => bail!(reason),
        }
    }
}

/// Who is to be paid on each chain, where that is configured.
fn payees(config: &Config) -> BTreeMap<ChainId, FeePayee> {
    let chains = config.chains.iter();
    let named = chains.filter_map(|chain| {
        let payee = chain.fee_payee.clone()?;
        Some((ChainId::from_string(&chain.id), payee))
    });
    named.collect()
}

/// The addresses of the accounts of each chain, the main one first.
fn accounts(chains: &[ServedChain]) -> BTreeMap<ChainId, Vec<String>> {
    let address = |account: &Arc<dyn Account>| account.address().to_owned();
    let chains = chains.iter().map(|served| {
        let accounts = served.accounts.iter().map(address);
        (served.chain.id().clone(), accounts.collect())
    });
    chains.collect()
}

/// What has to be registered, and on which chain, for packets on these paths.
fn wanted(
    paths: &[PathStatus],
    payees: &BTreeMap<ChainId, FeePayee>,
    accounts: &BTreeMap<ChainId, Vec<String>>,
) -> BTreeSet<(ChainId, Registration)> {
    let mut wanted = BTreeSet::new();
    let mut want = |role, end: &EndKey, relayer: &String, payee: &String| {
        let Some((port, channel)) = end.end.as_channel() else {
            return;
        };
        let registration = Registration {
            role,
            port: port.clone(),
            channel: channel.clone(),
            relayer: relayer.clone(),
            payee: payee.clone(),
        };
        wanted.insert((end.chain.clone(), registration));
    };
    let is_served = |path: &&PathStatus| {
        let is_held = path.not_admitted.is_some() || path.paused.is_some();
        path.has_fees && path.is_open && path.is_assigned && !is_held
    };
    for path in paths.iter().filter(is_served) {
        let on = |end: &EndKey| accounts.get(&end.chain).map(Vec::as_slice);
        let (own, others) = (on(&path.src), on(&path.dst));
        let (own, others) = (own.unwrap_or_default(), others.unwrap_or_default());
        let payee = match payees.get(&path.src.chain) {
            None => None,
            Some(FeePayee::Own) => own.first(),
            Some(FeePayee::Address(address)) => Some(address),
        };
        let Some(payee) = payee else {
            continue;
        };
        for relayer in others {
            want(PayeeRole::Counterparty, &path.dst, relayer, payee);
        }
        // An account that is to be paid itself is so without.
        for relayer in own.iter().filter(|relayer| *relayer != payee) {
            want(PayeeRole::Payee, &path.src, relayer, payee);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use tern_chains::Ordering;
    use tern_core::statistics::PathStatistics;

    use super::*;

    fn end(chain: &str) -> EndKey {
        let end = tern_chains::End::Channel {
            port_id: "transfer".parse().unwrap(),
            channel_id: format!("channel-{}", chain.len()).parse().unwrap(),
        };
        EndKey {
            chain: ChainId::from_string(chain),
            end,
        }
    }

    fn path(src: &str, dst: &str) -> PathStatus {
        PathStatus {
            src: end(src),
            dst: end(dst),
            client_on_src: "07-tendermint-0".parse().unwrap(),
            client_on_dst: None,
            connection_on_src: None,
            connection_on_dst: None,
            ordering: Ordering::Unordered,
            has_fees: true,
            is_open: true,
            is_assigned: true,
            not_admitted: None,
            paused: None,
            is_compared: true,
            open_packets: 0,
            oldest: None,
            statistics: PathStatistics::default(),
        }
    }

    /// What is registered for the paths between `a` and `long`: chain, relayer and payee.
    fn registered(paths: &[PathStatus], payee: FeePayee) -> Vec<[String; 3]> {
        let payees = [(ChainId::from_string("a"), payee)].into();
        let accounts = [("a", vec!["a1", "a2"]), ("long", vec!["long1"])];
        let accounts = accounts.map(|(chain, accounts)| {
            let accounts = accounts.into_iter().map(str::to_owned);
            (ChainId::from_string(chain), accounts.collect())
        });
        let wanted = wanted(paths, &payees, &accounts.into());
        let told = wanted.into_iter().map(|(chain, registration)| {
            assert_eq!(
                end(chain.as_str()).end.as_channel().unwrap().1,
                &registration.channel
            );
            [chain.to_string(), registration.relayer, registration.payee]
        });
        told.collect()
    }

    fn row(row: [&str; 3]) -> [String; 3] {
        row.map(str::to_owned)
    }

    #[test]
    fn the_own_account_is_payee_for_receipts_and_for_what_the_other_accounts_relay() {
        let both = [path("a", "long"), path("long", "a")];
        let expected = [row(["a", "a2", "a1"]), row(["long", "long1", "a1"])];
        assert_eq!(registered(&both, FeePayee::Own), expected);
    }

    #[test]
    fn another_address_is_payee_for_all_accounts() {
        let paths = [path("a", "long")];
        let expected = ["a1", "a2"].map(|relayer| row(["a", relayer, "a9"]));
        let mut expected = Vec::from(expected);
        expected.push(row(["long", "long1", "a9"]));
        assert_eq!(
            registered(&paths, FeePayee::Address("a9".to_owned())),
            expected
        );
    }

    #[test]
    fn nothing_is_registered_where_nobody_can_pay_or_nothing_is_relayed() {
        let mut without_fees = path("a", "long");
        without_fees.has_fees = false;
        let mut half_open = path("a", "long");
        half_open.is_open = false;
        let mut of_another = path("a", "long");
        of_another.is_assigned = false;
        let paths = [without_fees, half_open, of_another, path("long", "a")];
        assert!(registered(&paths, FeePayee::Own).is_empty());
    }
}
