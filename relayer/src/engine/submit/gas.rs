//! A lane's knowledge of gas: the table, and which of its transactions will
//! show whether it was right.

use std::collections::BTreeMap;

use tern_chains::TxHash;
use tern_core::plan::gas::{Ended, GasTable, Shape};

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

    /// It is in a block, or was refused by the node.
    pub fn ended(&mut self, hash: TxHash, ended: Ended) {
        if let Some(shape) = self.in_flight.remove(&hash) {
            self.table.ended(&shape, ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use tern_core::plan::gas::{Class, Size};

    use super::*;

    #[test]
    fn gas_that_a_node_has_refused_is_simulated_again() {
        let hash = |number: u8| TxHash([number; 32]);
        let size = Size::of([(Some(Class::UpdateClient), 100)]).unwrap();
        let mut gas = Gas::default();
        gas.table.simulated(&size, 80_000);
        for number in 1..=4 {
            gas.sent(hash(number), size.shape.clone());
        }
        for number in 1..=3 {
            gas.ended(hash(number), Ended::Succeeded { all_taken: true });
        }
        assert_eq!(gas.table.predict(&size), Some(80_000));
        gas.ended(hash(4), Ended::Failed);
        assert_eq!(gas.table.predict(&size), None);
    }
}
