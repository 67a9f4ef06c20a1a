//! A crash at any await point: an engine lives for a number of steps and is
//! then dropped where it stands.
//!
//! A step is a poll of the engine, or a moment before or after one of its
//! questions to a chain.

use std::future::{pending, poll_fn, Future};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Burns down step by step. Clones are the same fuse.
#[derive(Clone, Default)]
pub struct Fuse(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// `None` never burns.
    steps: Option<u64>,
    engine: Option<Waker>,
}

impl Fuse {
    pub fn of(steps: Option<u64>) -> Self {
        let state = State {
            steps,
            engine: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Runs a future until it is done or the fuse has burnt down: then it is
    /// dropped, and `None` comes back.
    pub async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.0.lock().unwrap().engine = Some(context.waker().clone());
            match self.burn() {
                true => Poll::Ready(None),
                false => future.as_mut().poll(context).map(Some),
            }
        })
        .await
    }

    /// A step of one of the engine's tasks: whoever comes after the end stays
    /// here until the engine takes it along.
    pub async fn step(&self) {
        if self.burn() {
            if let Some(engine) = self.0.lock().unwrap().engine.take() {
                engine.wake();
            }
            pending().await
        }
    }

    /// True once it has burnt down.
    fn burn(&self) -> bool {
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
