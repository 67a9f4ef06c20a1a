//! A crash at any await point: the engine runs for a number of steps and is
//! then dropped.
//!
//! A step is a poll of the engine, or the moment before or after one of its
//! requests to a chain.

use std::future::{pending, poll_fn, Future};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Counts steps down to the crash. Clones share the counter.
#[derive(Clone, Default)]
pub struct CrashPoint(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Steps left; `None` never crashes.
    steps: Option<u64>,
    engine: Option<Waker>,
}

impl CrashPoint {
    pub fn of(steps: Option<u64>) -> Self {
        let state = State {
            steps,
            engine: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Runs a future until it is done or the crash point is reached. In a crash
    /// the future is dropped and `None` is returned.
    pub async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.0.lock().unwrap().engine = Some(context.waker().clone());
            match self.count_step() {
                true => Poll::Ready(None),
                false => future.as_mut().poll(context).map(Some),
            }
        })
        .await
    }

    /// Counts a step of one of the engine's tasks. After the crash point it
    /// never returns: the task is dropped with the engine.
    pub async fn step(&self) {
        if self.count_step() {
            if let Some(engine) = self.0.lock().unwrap().engine.take() {
                engine.wake();
            }
            pending().await
        }
    }

    /// Takes one step; true if the crash point is reached.
    fn count_step(&self) -> bool {
        let steps = &mut self.0.lock().unwrap().steps;
        match steps {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}
