//! One step of a handshake by itself.

use clap::ValueEnum;
use serde_json::json;
use tern::engine::StepDone;
use tern_core::ledger::HandshakeStep;

use crate::connect::Context;
use crate::output;

/// A step of opening a connection or channel (ICS-03, ICS-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpenStep {
    /// On chain A
    Init,
    /// On chain B
    Try,
    /// On chain A
    Ack,
    /// On chain B
    Confirm,
}

/// A step of closing a channel (ICS-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CloseStep {
    /// Where both ends are open
    Init,
    /// Where the other end is closed
    Confirm,
}

impl OpenStep {
    pub fn of_connection(self) -> HandshakeStep {
        match self {
            Self::Init => HandshakeStep::ConnOpenInit,
            Self::Try => HandshakeStep::ConnOpenTry,
            Self::Ack => HandshakeStep::ConnOpenAck,
            Self::Confirm => HandshakeStep::ConnOpenConfirm,
        }
    }

    pub fn of_channel(self) -> HandshakeStep {
        match self {
            Self::Init => HandshakeStep::ChanOpenInit,
            Self::Try => HandshakeStep::ChanOpenTry,
            Self::Ack => HandshakeStep::ChanOpenAck,
            Self::Confirm => HandshakeStep::ChanOpenConfirm,
        }
    }
}

impl From<CloseStep> for HandshakeStep {
    fn from(step: CloseStep) -> Self {
        match step {
            CloseStep::Init => Self::ChanCloseInit,
            CloseStep::Confirm => Self::ChanCloseConfirm,
        }
    }
}

/// Says what was done, and how the ends are now.
pub fn print(context: &Context, done: &StepDone) -> anyhow::Result<()> {
    if context.json {
        let ends = done.ends.iter().map(|end| {
            json!({
                "chain": end.chain.as_str(),
                "end": end.end,
                "state": end.state,
            })
        });
        let ends: Vec<_> = ends.collect();
        return output::json(&json!({ "step": format!("{:?}", done.step), "ends": ends }));
    }
    output::line(format!("{:?} is done", done.step))?;
    for end in &done.ends {
        output::line(format!("  {}  {}  {}", end.chain, end.end, end.state))?;
    }
    Ok(())
}
