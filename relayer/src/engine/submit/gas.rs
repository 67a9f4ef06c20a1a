//! A lane's knowledge of gas: the table, and which of its transactions will
//! show whether it was right.

use std::collections::BTreeMap;

use tern_chains::{Message, TxHash};
use tern_core::plan::gas::{GasTable, Shape, Size};

/// More transactions than a lane has in flight. Those whose end was not seen
/// make room.
const IN_FLIGHT_MAX: usize = 1_000;

#[derive(Default)]
pub struct Gas {
    pub table: GasTable,
    in_flight: BTreeMap<TxHash, Shape>,
}

impl Gas {
    pub fn sent(&mut self, hash: TxHash, shape: Shape) {
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            self.in_flight.clear();
        }
        self.in_flight.insert(hash, shape);
    }

    pub fn included(&mut self, hash: TxHash, succeeded: bool) {
        if let Some(shape) = self.in_flight.remove(&hash) {
            self.table.included(&shape, succeeded);
        }
    }
}

pub fn size(messages: &[Message]) -> Size {
    let messages = messages.iter();
    Size::of(messages.map(|message| (message.kind, message.encoded.bytes.len())))
}
