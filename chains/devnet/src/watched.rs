//! A value somebody waits for.
//!
//! `tokio::sync::watch` wakes those who wait in an order it draws by lot. Here
//! they wake in the order they came, so that a simulation replays.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Notify,
}

impl<T: Clone> Watched<T> {
    pub fn new(value: T) -> Self {
        Self {
            value: Mutex::new(value),
            changed: Notify::new(),
        }
    }

    pub fn get(&self) -> T {
        self.lock().clone()
    }

    /// Changes it and wakes who waits.
    pub fn set(&self, value: T) {
        *self.lock() = value;
        self.changed.notify_waiters();
    }

    /// Returns the first value that is as wanted, at once if it is so already.
    pub async fn when(&self, is_wanted: impl Fn(&T) -> bool) -> T {
        loop {
            // Registered before looking: a change between the two is not missed.
            let changed = self.changed.notified();
            let value = self.get();
            if is_wanted(&value) {
                return value;
            }
            changed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
