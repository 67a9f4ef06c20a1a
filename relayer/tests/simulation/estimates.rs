//! Which transactions have a gas limit from an answer that was wrong: of a node that is
//! behind, or that says too little.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tern_chains::{Message, TxHash};

/// The wrong estimates of one relayer. Clones share them.
#[derive(Clone, Default)]
pub struct Estimates(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Messages whose last estimate was wrong, encoded.
    wrong: BTreeSet<Vec<u8>>,
    signed: BTreeSet<TxHash>,
}

impl Estimates {
    pub fn estimated(&self, messages: &[Message], is_wrong: bool) {
        let mut state = self.0.lock().unwrap();
        for message in messages {
            let bytes = &message.encoded.bytes;
            match is_wrong {
                true => state.wrong.insert(bytes.clone()),
                false => state.wrong.remove(bytes),
            };
        }
    }

    pub fn signed(&self, messages: &[Message], hash: TxHash) {
        let mut state = self.0.lock().unwrap();
        let wrong = |message: &Message| state.wrong.contains(&message.encoded.bytes);
        if messages.iter().any(wrong) {
            state.signed.insert(hash);
        }
    }

    pub fn was_wrong(&self, hash: TxHash) -> bool {
        self.0.lock().unwrap().signed.contains(&hash)
    }
}
