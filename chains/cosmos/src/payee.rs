//! Who is paid for what a relayer does, as the fee middleware has it in its state (ICS-29; ibc-go
//! `modules/apps/29-fee`, which v10 no longer has).

use tern_chains::ChannelId;

/// The store of the middleware: `types/keys.go`.
pub(crate) const STORE: &str = "feeibc";

/// For which steps of a packet somebody is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PayeeRole {
    /// For its acknowledgement or timeout, on the chain where these are relayed to.
    Payee,
    /// For its receipt, on the counterparty of the chain where that is relayed to.
    Counterparty,
}

impl PayeeRole {
    /// Where the state has who is paid for what `relayer` does on a channel: `KeyPayee` and
    /// `KeyCounterpartyPayee` of `types/keys.go`.
    pub(crate) fn key(self, relayer: &str, channel: &ChannelId) -> String {
        let prefix = match self {
            Self::Payee => "payee",
            Self::Counterparty => "counterpartyPayee",
        };
        format!("{prefix}/{relayer}/{channel}")
    }
}
