//! Why a transaction is refused: the SDK's codespaces and codes, which
//! relayers read.

use ibc::apps::transfer::types::error::TokenTransferError;
use ibc::core::handler::types::error::HandlerError;
use tern_chains::Blame;

/// A refused transaction or message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct Refusal {
    pub codespace: &'static str,
    pub code: u32,
    pub log: String,
    /// The index of the refused message, if it was one.
    pub message_index: Option<usize>,
}

pub(crate) const SDK: &str = "sdk";
/// `channeltypes.ErrRedundantTx`.
const REDUNDANT: u32 = 22;
/// For errors that ibc-rs does not distinguish.
const FAILED: u32 = 1;
/// `ErrPanic`: the SDK recovers from a panic and names no message.
const PANIC: u32 = 111_222;

impl Refusal {
    pub fn new(codespace: &'static str, code: u32, log: impl Into<String>) -> Self {
        Self {
            codespace,
            code,
            log: log.into(),
            message_index: None,
        }
    }

    /// Which part of the transaction is refused.
    pub fn blame(&self) -> Blame {
        match (self.message_index, self.codespace, self.code) {
            (Some(index), ..) => Blame::Message(index),
            (None, SDK, 32) => Blame::Sequence,
            (None, SDK, 5 | 13) => Blame::Funds,
            (None, ..) => Blame::Unnamed,
        }
    }

    fn sdk(code: u32, log: String) -> Self {
        Self::new(SDK, code, log)
    }

    pub(crate) fn undecodable(what: impl std::fmt::Display) -> Self {
        Self::sdk(2, format!("{what}: tx parse error"))
    }

    pub(crate) fn unauthorized(what: impl std::fmt::Display) -> Self {
        Self::sdk(4, format!("{what}: unauthorized"))
    }

    pub(crate) fn insufficient_funds(what: impl std::fmt::Display) -> Self {
        Self::sdk(5, format!("{what}: insufficient funds"))
    }

    pub(crate) fn unknown_request(what: impl std::fmt::Display) -> Self {
        Self::sdk(6, format!("{what}: unknown request"))
    }

    pub(crate) fn invalid_address(what: impl std::fmt::Display) -> Self {
        Self::sdk(7, format!("{what}: invalid address"))
    }

    pub(crate) fn unknown_address(what: impl std::fmt::Display) -> Self {
        Self::sdk(9, format!("{what}: unknown address"))
    }

    pub(crate) fn invalid_coins(what: impl std::fmt::Display) -> Self {
        Self::sdk(10, format!("{what}: invalid coins"))
    }

    pub(crate) fn out_of_gas(wanted: u64, used: u64) -> Self {
        let log = format!(
            "out of gas in location: message; gasWanted: {wanted}, gasUsed: {used}: out of gas"
        );
        Self::sdk(11, log)
    }

    pub(crate) fn memo_too_large(length: usize) -> Self {
        let log = format!("maximum number of characters is 256 but received {length} characters");
        Self::sdk(12, format!("{log}: memo too large"))
    }

    pub(crate) fn insufficient_fee(offered: u128, required: u128, denom: &str) -> Self {
        let log = format!("insufficient fees; got: {offered}{denom} required: {required}{denom}");
        Self::sdk(13, format!("{log}: insufficient fee"))
    }

    pub(crate) fn timed_out(now: u64, timeout: u64) -> Self {
        Self::sdk(
            30,
            format!("block height: {now}, timeout height: {timeout}: tx timeout height"),
        )
    }

    pub(crate) fn wrong_sequence(expected: u64, got: u64) -> Self {
        let log = format!("account sequence mismatch, expected {expected}, got {got}");
        Self::sdk(32, format!("{log}: incorrect account sequence"))
    }

    pub(crate) fn block_gas(wanted: u64, limit: u64) -> Self {
        let log = format!("tx gas limit {wanted} exceeds block max gas {limit}");
        Self::sdk(41, format!("{log}: invalid gas limit"))
    }

    pub(crate) fn redundant() -> Self {
        Self::new("channel", REDUNDANT, "packet messages are redundant")
    }

    pub(crate) fn panicked() -> Self {
        Self::sdk(PANIC, "recovered: a packet that panics: panic".to_owned())
    }

    /// Whether it says nothing of which message it is about.
    pub fn is_panic(&self) -> bool {
        (self.codespace, self.code) == (SDK, PANIC)
    }

    /// A message's refusal, as that of its transaction.
    pub(crate) fn of_message(self, index: usize) -> Self {
        if self.is_panic() {
            return self;
        }
        let log = format!(
            "failed to execute message; message index: {index}: {}",
            self.log
        );
        Self {
            log,
            message_index: Some(index),
            ..self
        }
    }
}

impl From<HandlerError> for Refusal {
    fn from(error: HandlerError) -> Self {
        let codespace = match &error {
            HandlerError::Client(_) => "client",
            HandlerError::Connection(_) => "connection",
            HandlerError::Channel(_) => "channel",
            HandlerError::Router(_) => "port",
        };
        Self::new(codespace, FAILED, error.to_string())
    }
}

impl From<TokenTransferError> for Refusal {
    fn from(error: TokenTransferError) -> Self {
        let log = error.to_string();
        // A host error is all ibc-rs can carry; the bank's own refusal is this.
        if log.contains("insufficient funds") {
            return Self::sdk(5, log);
        }
        Self::new("transfer", FAILED, log)
    }
}
