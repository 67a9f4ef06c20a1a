//! A value that tasks can wait on.
//!
//! `tokio::sync::watch` wakes its waiters in a random order. Here they wake in the
//! order they began to wait, so that a simulation replays.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

#[derive(Default)]
pub struct Watched<T> {
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

    /// Sets the value and wakes all waiters.
    pub fn set(&self, value: T) {
        *self.lock() = value;
        self.changed.notify_waiters();
    }

    /// Waits until the value satisfies `is_wanted`, and returns it.
    pub async fn when(&self, is_wanted: impl Fn(&T) -> bool) -> T {
        loop {
            // Registered before the value is read, so that no change is missed.
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
