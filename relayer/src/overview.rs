//! What a person or a program sees of a running relayer: one document, made from an
//! engine's status, the nodes' behaviour and the wallets.
//!
//! The command line, metrics and HTTP all show this and compute no state of their own.
//! Times are RFC 3339 in UTC; amounts are decimal strings in the smallest unit of their
//! denom, as they may be larger than what JSON numbers hold.

mod chain;
mod client;
mod event;
mod fees;
mod line;
mod money;
mod needs;
mod packet;
mod path;
mod path_cost;
mod reason;
mod tx;
mod wallet;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId, NodeStatus};
use utoipa::ToSchema;

use self::path_cost::Costs;
use crate::engine::status::{Status, Wallet};
use crate::words;

pub use chain::{ChainOverview, ChainState, NodeOverview};
pub use client::{used_clients, ClientOverview};
pub use event::{EventOverview, PacketName};
pub use fees::{purpose, DayFeesOverview, FeesOverview};
pub use line::LineOverview;
pub use money::{Money, UnitOverview};
pub use needs::{Need, NeedKind, Severity};
pub use packet::{PacketOverview, TransferOverview};
pub use path::{is_served, paths_by_trouble, EndOverview, OldestOverview, PathOverview};
pub use path_cost::CostOverview;
pub use tx::TxOverview;
pub use wallet::WalletOverview;

/// What an overview is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    pub status: &'a Status,
    pub nodes: &'a BTreeMap<ChainId, Vec<NodeStatus>>,
    /// As they were read last.
    pub wallets: &'a [Wallet],
    /// By the machine's clock.
    pub now: BlockTime,
    pub started: BlockTime,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// When this was so, and when the relayer was started.
    pub at: String,
    pub started: String,
    /// Of the relayer.
    pub version: String,
    /// One line: whether all is well.
    pub verdict: String,
    /// What a person has to know, the worst first.
    pub needs: Vec<Need>,
    pub chains: Vec<ChainOverview>,
    /// Those with trouble first, then those with most pending packets.
    pub paths: Vec<PathOverview>,
    pub wallets: Vec<WalletOverview>,
    /// Clients under served paths, the first to expire first.
    pub clients: Vec<ClientOverview>,
    /// The newest transactions, the last one first.
    pub txs: Vec<TxOverview>,
}

impl Overview {
    pub fn of(sources: &Sources<'_>) -> Self {
        let status = sources.status;
        let needs = needs::needs(sources);
        let clients = used_clients(status).into_iter();
        let paths = paths_by_trouble(status, sources.now).into_iter();
        let costs = Costs::of(status, sources.wallets);
        Self {
            at: words::rfc3339(sources.now),
            started: words::rfc3339(sources.started),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: needs::verdict(&needs),
            chains: ChainOverview::all(sources),
            paths: paths
                .map(|path| PathOverview::with_costs(path, &costs, sources.now))
                .collect(),
            wallets: wallet::wallets(status, sources.wallets),
            clients: clients
                .map(|client| ClientOverview::of(client, sources.now))
                .collect(),
            txs: status.txs.iter().map(TxOverview::of).collect(),
            needs,
        }
    }

    /// Whether something needs a person.
    pub fn needs_a_person(&self) -> bool {
        let mut needs = self.needs.iter();
        needs.any(|need| need.severity == Severity::Act)
    }
}
