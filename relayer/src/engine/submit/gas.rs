//! A lane's knowledge of gas: the table, the margin, and which of its transactions will
//! show whether they were right.

use std::collections::BTreeMap;

use tern_chains::TxHash;
use tern_core::plan::gas::{Ended, GasTable, Shape};
use tern_core::plan::gas_margin::GasMargin;

/// More transactions than a lane has in flight. Those whose end was not seen
/// make room.
const IN_FLIGHT_MAX: usize = 1_000;

#[derive(Default)]
pub struct Gas {
    pub table: GasTable,
    pub margin: GasMargin,
    in_flight: BTreeMap<TxHash, Made>,
}

/// How the gas limit of a transaction was found.
struct Made {
    /// `None`: it is like no other.
    shape: Option<Shape>,
    margin_percent: u64,
}

impl Gas {
    pub fn sent(&mut self, hash: TxHash, shape: Option<Shape>) {
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            self.in_flight.clear();
        }
        let margin_percent = self.margin.percent();
        let made = Made {
            shape,
            margin_percent,
        };
        self.in_flight.insert(hash, made);
    }

    /// It is in a block, or was refused by the node.
    pub fn ended(&mut self, hash: TxHash, ended: Ended) {
        let Some(made) = self.in_flight.remove(&hash) else {
            return;
        };
        self.margin.ended(made.margin_percent, ended);
        if let Some(shape) = made.shape {
            self.table.ended(&shape, ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use tern_core::plan::gas::{Class, Size};

    use super::*;

    fn hash(number: u8) -> TxHash {
        TxHash([number; 32])
    }

    #[test]
    fn gas_that_a_node_has_refused_is_simulated_again() {
        let size = Size::of([(Some(Class::UpdateClient), 100)]).unwrap();
        let mut gas = Gas::default();
        gas.table.simulated(&size, 80_000);
        for number in 1..=4 {
            gas.sent(hash(number), Some(size.shape.clone()));
        }
        for number in 1..=3 {
            gas.ended(hash(number), Ended::Succeeded { all_taken: true });
        }
        assert_eq!(gas.table.predict(&size), Some(80_000));
        gas.ended(hash(4), Ended::Failed);
        assert_eq!(gas.table.predict(&size), None);
    }

    #[test]
    fn of_transactions_that_were_made_together_one_widens_the_margin() {
        let mut gas = Gas::default();
        gas.sent(hash(1), None);
        gas.sent(hash(2), None);
        gas.ended(hash(1), Ended::OutOfGas);
        gas.ended(hash(2), Ended::OutOfGas);
        assert_eq!(gas.margin.on(80_000), 100_000);
        gas.sent(hash(3), None);
        gas.ended(hash(3), Ended::OutOfGas);
        assert_eq!(gas.margin.on(80_000), 120_000);
    }
}
