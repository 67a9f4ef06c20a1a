//! Randomness from a seed: the same numbers on every machine.

use std::sync::{Arc, Mutex};

/// xorshift64*, shared by everything that happens in one world.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Seeds are small numbers: spread them first.
        Self(Arc::new(Mutex::new(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        )))
    }

    /// A number below `sides`.
    pub fn roll(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    /// True `percent` times out of a hundred.
    pub fn chance(&self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    pub fn pick<T: Copy>(&self, among: &[T]) -> T {
        among[self.roll(among.len() as u64) as usize]
    }
}
