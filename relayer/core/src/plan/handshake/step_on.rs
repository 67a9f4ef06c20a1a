//! A step of a handshake that proves the other end.

use crate::ledger::HandshakeStep;
use crate::plan::batch::Action;

pub(super) struct StepOn {
    pub on_a: bool,
    /// The height of the other end's chain from which on the proof exists.
    pub need: u64,
    pub step: (HandshakeStep, Action),
}
