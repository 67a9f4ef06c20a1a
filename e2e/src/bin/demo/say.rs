//! What is shown: each line with the time since the start.

use std::time::Instant;

pub struct Say {
    start: Instant,
}

impl Say {
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The headline of a step.
    pub fn step(&self, what: &str) {
        println!("\n{:6.1} s  {what}", self.seconds());
    }

    /// Something that happened in it.
    pub fn line(&self, what: &str) {
        println!("{:6.1} s    {}", self.seconds(), short(what));
    }
}

/// Hashes take room and say nothing: their beginning is enough.
fn short(text: &str) -> String {
    let is_long_hex = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = text.split(' ').map(|word| match word.rsplit_once('/') {
        None if is_long_hex(word) => format!("{}...", &word[..8]),
        Some((head, hash)) if is_long_hex(hash) => format!("{head}/{}...", &hash[..8]),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
