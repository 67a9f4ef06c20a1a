//! A pending packet, as shown.

use serde::{Deserialize, Serialize};
use tern_chains::BlockTime;
use tern_core::ledger::PacketState;
use utoipa::ToSchema;

use super::path::EndOverview;
use super::reason::plain;
use crate::engine::status::{FoundPacket, PacketStatus, TransferStatus};
use crate::words::{rfc3339, seconds_between};

/// One packet that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PacketOverview {
    pub src: EndOverview,
    pub dst: EndOverview,
    pub sequence: u64,
    /// `sent`, `received`, `ack_written` or `unseen`.
    pub state: String,
    /// Height on the source, where it is known.
    pub sent_height: Option<u64>,
    pub sent_at: Option<String>,
    pub age_seconds: Option<u64>,
    pub waits_for: String,
    /// What is sent, where it is a token transfer whose data is in memory.
    #[serde(default)]
    pub transfer: Option<TransferOverview>,
}

/// What a token transfer says, as its sender wrote it; long texts are cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferOverview {
    pub sender: String,
    pub receiver: String,
    /// In the smallest unit of the denom.
    pub amount: String,
    /// With the channels that the tokens came over.
    pub denom: String,
}

impl PacketOverview {
    pub fn of(status: &PacketStatus, now: BlockTime) -> Self {
        let state = match status.state {
            PacketState::Unseen => "unseen",
            PacketState::Sent => "sent",
            PacketState::Received => "received",
            PacketState::AckWritten => "ack_written",
            PacketState::Done => "done",
        };
        Self {
            src: EndOverview::of(&status.packet.src),
            dst: EndOverview::of(&status.dst),
            sequence: status.packet.sequence.as_u64(),
            state: state.to_owned(),
            sent_height: status.sent,
            sent_at: status.sent_at.map(rfc3339),
            age_seconds: status.sent_at.map(|sent| seconds_between(sent, now)),
            waits_for: plain(&status.waits_for.to_string()),
            transfer: None,
        }
    }

    /// With what it transfers.
    pub fn found(found: &FoundPacket, now: BlockTime) -> Self {
        Self {
            transfer: found.transfer.clone().map(TransferOverview::of),
            ..Self::of(&found.status, now)
        }
    }
}

impl TransferOverview {
    fn of(transfer: TransferStatus) -> Self {
        let TransferStatus {
            sender,
            receiver,
            amount,
            denom,
        } = transfer;
        Self {
            sender,
            receiver,
            amount,
            denom,
        }
    }
}
