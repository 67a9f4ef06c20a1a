//! How far `tern packet clear` is, from the status of the engine that does it.

use tern::engine::status::Status;
use tern_chains::ChainId;
use tern_core::ledger::{ChannelKey, EndKey};

use crate::cli::not_ready::not_ready;

/// The packets of one path while they are relayed.
pub struct Clearing {
    src: EndKey,
    dst: ChainId,
    /// The most packets that were seen open at a time.
    most: usize,
}

impl Clearing {
    pub fn new(src: &ChannelKey, dst: &ChannelKey) -> Self {
        Self {
            src: src.clone().into(),
            dst: dst.chain.clone(),
            most: 0,
        }
    }

    /// What is being done, as of this status.
    pub fn at(&mut self, status: &Status) -> String {
        if let Some(reading) = not_ready(status, [&self.src.chain, &self.dst]) {
            return reading;
        }
        let path = status.paths.iter().find(|path| path.src == self.src);
        match path {
            Some(path) if path.is_compared => self.relaying(path.open_packets),
            _ => format!("comparing the packets of {} with both chains", self.src),
        }
    }

    /// `open`: packets that are not finished.
    fn relaying(&mut self, open: usize) -> String {
        self.most = self.most.max(open);
        let (done, all) = (self.most - open, self.most);
        format!("relaying: {done} of {all} packets are done")
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, End, PortId};

    use super::*;

    #[test]
    fn packets_are_counted_from_the_most_that_were_open() {
        let mut clearing = Clearing {
            src: EndKey {
                chain: ChainId::from_string("a-1"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            },
            dst: ChainId::from_string("b-1"),
            most: 0,
        };
        let text = [300, 500, 120].map(|open| clearing.relaying(open));
        assert_eq!(text[1], "relaying: 0 of 500 packets are done");
        assert_eq!(text[2], "relaying: 380 of 500 packets are done");
    }
}
