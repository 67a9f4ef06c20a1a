//! What may be spent on a chain.
//!
//! A relayer's key holds money, and strangers decide how much there is to relay. So each
//! chain has a budget for an hour and for a day, a limit for each packet, and a balance
//! that its accounts keep. What is paid is counted from blocks ([`Fees`]); what is signed
//! and in no block yet counts as paid. Whoever plans asks [`Budgets::pauses`], and nothing
//! is signed that [`Budgets::check`] does not allow. Time is the chain's block time.
//!
//! [`Fees`]: crate::ledger::Fees

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId};

use crate::ledger::{ClientKey, EndKey, FeeKind, FeesKey, Item, View};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The budgets of all chains. A chain without one is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    pub chains: BTreeMap<ChainId, Budget>,
}

/// The limits of one chain, in the smallest unit of `denom`. `u128::MAX` is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// What fees are paid in.
    pub denom: String,
    /// Most that is paid in an hour and in a day.
    pub hour_max: u128,
    pub day_max: u128,
    /// Most that is paid on this chain for one packet before it is given up.
    pub packet_max: u128,
    /// An account with less than this is used only to keep clients in use alive.
    pub wallet_min: u128,
}

impl Budget {
    /// Gas whose price is the default for an hour: some 100,000 packets, more than most
    /// channels have in a day.
    pub const HOUR_GAS: u64 = 20_000_000_000;
    /// As [`Budget::HOUR_GAS`], for a day.
    pub const DAY_GAS: u64 = 200_000_000_000;
    /// Gas whose price is the default for a packet: hundreds of times what one takes, and
    /// no more than a large block.
    pub const PACKET_GAS: u64 = 50_000_000;

    pub fn unlimited(denom: impl Into<String>) -> Self {
        Self {
            denom: denom.into(),
            hour_max: u128::MAX,
            day_max: u128::MAX,
            packet_max: u128::MAX,
            wallet_min: 0,
        }
    }

    /// Most that one transaction costs: a quarter of the hour, so that what others need is
    /// never far.
    pub fn tx_max(&self) -> u128 {
        match self.hour_max.min(self.day_max) {
            u128::MAX => u128::MAX,
            window => window / 4,
        }
    }
}

/// What money is spent on, the first to be paused first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Keeping a client from expiring under which no packet moved for a while.
    IdleRefresh,
    /// With the connections and channels that are opened and closed for them unasked.
    Packets,
    /// What a command asked for.
    Handshake,
    /// Keeping a client from expiring that packets need.
    Refresh,
}

impl Purpose {
    pub const ALL: [Self; 4] = [
        Self::IdleRefresh,
        Self::Packets,
        Self::Handshake,
        Self::Refresh,
    ];

    pub fn of(view: &View, item: &Item) -> Self {
        match item {
            Item::Recv(_) | Item::Ack(_) | Item::Timeout(_) => Self::Packets,
            Item::Connection { .. } | Item::Channel { .. } => Self::Packets,
            Item::Handshake { .. } => Self::Handshake,
            // It protects what the client is used for.
            Item::Misbehaviour(_) => Self::Refresh,
            Item::Refresh(client) if is_in_use(view, client) => Self::Refresh,
            Item::Refresh(_) => Self::IdleRefresh,
            // It cannot be done later.
            Item::Upgrade(_) => Self::Refresh,
        }
    }

    /// The share of a budget that is left to it once the others have used theirs.
    fn percent(self) -> u128 {
        match self {
            Self::IdleRefresh => 50,
            Self::Packets => 90,
            Self::Handshake | Self::Refresh => 100,
        }
    }

    /// Whether it stops at the balance that an account keeps.
    fn keeps_wallet(self) -> bool {
        matches!(self, Self::IdleRefresh | Self::Packets)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdleRefresh => "refreshes of clients without packets",
            Self::Packets => "packets",
            Self::Handshake => "handshakes",
            Self::Refresh => "refreshes of clients in use",
        })
    }
}

/// Whether packets moved under a client within its trusting period, or wait for it.
fn is_in_use(view: &View, client: &ClientKey) -> bool {
    let (Some(record), Some(head)) = (view.client(client), view.head(&client.chain)) else {
        return false;
    };
    let period = u64::try_from(record.summary.trusting_period.as_nanos()).unwrap_or(u64::MAX);
    let since = BlockTime(head.time.0.saturating_sub(period));
    let has_moved = |path: &EndKey| {
        let key = FeesKey {
            chain: client.chain.clone(),
            path: Some(path.clone()),
            kind: FeeKind::Packets,
        };
        let sum = view.fees().sum(&key);
        sum.is_some_and(|sum| sum.last >= since) || view.open_packets_of(path).next().is_some()
    };
    view.channels_over(client).any(|(end, _)| {
        let there = view.counterparty(end).map(EndKey::from);
        has_moved(&end.clone().into()) || there.is_some_and(|there| has_moved(&there))
    })
}

/// A span of time that a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    Hour,
    Day,
}

/// Why no more is spent now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OverBudget {
    #[error(
        "the budget of {chain} for {purpose} is used up: {paid} of at most {max}{denom} of fees \
         in {} (`{}` in its `[chain.budget]`)",
        .window.name(), .window.field()
    )]
    Window {
        chain: ChainId,
        window: Window,
        purpose: Purpose,
        paid: u128,
        max: u128,
        denom: String,
    },
    #[error(
        "no account on {chain} has more than {min}{denom} (`wallet_min` in its \
         `[chain.budget]`): the most is {balance}"
    )]
    Wallet {
        chain: ChainId,
        min: u128,
        balance: u128,
        denom: String,
    },
    #[error(
        "{paid}{denom} of fees were paid for it on {chain} without success, at most {max} are \
         (`packet` in its `[chain.budget]`)"
    )]
    Packet {
        chain: ChainId,
        paid: u128,
        max: u128,
        denom: String,
    },
}

impl Window {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "an hour",
            Self::Day => "a day",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// What was paid on a chain, with what is signed and in no block yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    pub hour: u128,
    pub day: u128,
}

impl Paid {
    pub fn on(view: &View, chain: &ChainId) -> Self {
        let txs = view.txs().filter(|(key, _)| key.chain == *chain);
        let in_flight = txs.fold(0, |sum: u128, (_, tx)| sum.saturating_add(tx.fee));
        let now = view.head(chain).map_or(BlockTime(0), |head| head.time);
        let within = |window| {
            let paid = view.fees().paid_within(chain, now, window);
            paid.saturating_add(in_flight)
        };
        Self {
            hour: within(HOUR),
            day: within(DAY),
        }
    }
}

/// What is not planned now, and why.
pub type Pauses = BTreeMap<(ChainId, Purpose), OverBudget>;

/// What is known beside the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The newest known balance of each account that has to keep something.
    pub wallets: BTreeMap<ChainId, BTreeMap<String, u128>>,
    /// The fee of a transaction that was too much for what is left.
    pub fees: BTreeMap<(ChainId, Purpose), u128>,
}

impl Budgets {
    /// Whether a fee may be paid on a chain for this, after what `paid` says.
    pub fn check(
        &self,
        chain: &ChainId,
        purpose: Purpose,
        paid: Paid,
        fee: u128,
    ) -> Result<(), OverBudget> {
        let Some(budget) = self.chains.get(chain) else {
            return Ok(());
        };
        let windows = [
            (Window::Hour, paid.hour, budget.hour_max),
            (Window::Day, paid.day, budget.day_max),
        ];
        for (window, paid, max) in windows {
            let share = share(max, purpose.percent());
            if paid.saturating_add(fee) > share {
                return Err(OverBudget::Window {
                    chain: chain.clone(),
                    window,
                    purpose,
                    paid,
                    max: share,
                    denom: budget.denom.clone(),
                });
            }
        }
        Ok(())
    }

    /// Everything that is paused by the budgets now.
    pub fn pauses(&self, view: &View, needs: &Needs) -> Pauses {
        let mut pauses = Pauses::new();
        for (chain, budget) in &self.chains {
            let paid = Paid::on(view, chain);
            let wallets = needs.wallets.get(chain);
            let most = wallets.and_then(|wallets| wallets.values().max());
            for purpose in Purpose::ALL {
                let key = (chain.clone(), purpose);
                let fee = needs.fees.get(&key).copied().unwrap_or_default();
                let too_low =
                    most.filter(|most| purpose.keeps_wallet() && **most < budget.wallet_min);
                let checked = match too_low {
                    Some(balance) => Err(OverBudget::Wallet {
                        chain: chain.clone(),
                        min: budget.wallet_min,
                        balance: *balance,
                        denom: budget.denom.clone(),
                    }),
                    None => self.check(chain, purpose, paid, fee),
                };
                if let Err(why) = checked {
                    pauses.insert(key, why);
                }
            }
        }
        pauses
    }

    /// Whether enough was paid on a chain for the packet of an item.
    pub fn packet(&self, view: &View, chain: &ChainId, item: &Item) -> Result<(), OverBudget> {
        let paid = || {
            let key = item.packet()?;
            let mut paid = view.packet(key)?.paid;
            Some(*paid.on(key, chain))
        };
        match (self.chains.get(chain), paid()) {
            (Some(budget), Some(paid)) if paid > 0 && paid >= budget.packet_max => {
                Err(OverBudget::Packet {
                    chain: chain.clone(),
                    paid,
                    max: budget.packet_max,
                    denom: budget.denom.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

fn share(max: u128, percent: u128) -> u128 {
    match max.checked_mul(percent) {
        Some(product) => product / 100,
        // Larger than any sum of fees, and no limit stays none.
        None => max,
    }
}
