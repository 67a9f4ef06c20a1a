//! Which requests of a connection wait for a response.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Requests in flight: the last number given out, and the numbers without a
/// response yet.
#[derive(Default)]
pub struct InFlight(Mutex<(u64, BTreeSet<u64>)>);

impl InFlight {
    pub fn next(&self) -> Request<'_> {
        let (last, pending) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        pending.insert(*last);
        Request {
            number: *last,
            in_flight: self,
        }
    }
}

/// In flight until it is dropped.
pub struct Request<'a> {
    number: u64,
    in_flight: &'a InFlight,
}

impl Request<'_> {
    /// Whether an older request still waits for its response.
    pub fn overtakes(&self) -> bool {
        let (_, pending) = &*self
            .in_flight
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pending.first().is_some_and(|first| *first < self.number)
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let (_, pending) = &mut *self
            .in_flight
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pending.remove(&self.number);
    }
}
