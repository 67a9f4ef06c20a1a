//! What the operator has paused: nothing of it is planned until it is resumed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId};

use crate::ledger::{EndKey, Item, View};

/// What can be paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pausable {
    /// Nothing is sent to the chain, and no packet from or to it is relayed. Its clients on
    /// other chains are kept alive.
    Chain(ChainId),
    /// The packets that were sent from this end are not relayed. The clients under it are
    /// kept alive.
    Path(EndKey),
}

impl fmt::Display for Pausable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(chain) => write!(f, "{chain}"),
            Self::Path(src) => write!(f, "{src}"),
        }
    }
}

/// All that is paused, and since when by the machine's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Pause>", into = "Vec<Pause>")]
pub struct Paused(BTreeMap<Pausable, BlockTime>);

/// One of them, as it is written.
#[derive(Serialize, Deserialize)]
struct Pause {
    what: Pausable,
    since: BlockTime,
}

impl Paused {
    /// Pauses this. What is paused already stays so since then.
    pub fn pause(&mut self, what: Pausable, now: BlockTime) {
        self.0.entry(what).or_insert(now);
    }

    /// Whether it was paused.
    pub fn resume(&mut self, what: &Pausable) -> bool {
        self.0.remove(what).is_some()
    }

    /// What was paused of an earlier revision of this chain is paused of the chain.
    pub fn go_over(&mut self, to: &ChainId) {
        let over = |chain: &ChainId| match to.is_later_revision_of(chain) {
            true => to.clone(),
            false => chain.clone(),
        };
        let all = std::mem::take(&mut self.0).into_iter();
        let all = all.map(|(what, since)| match what {
            Pausable::Chain(chain) => (Pausable::Chain(over(&chain)), since),
            Pausable::Path(src) => {
                let chain = over(&src.chain);
                (Pausable::Path(EndKey { chain, ..src }), since)
            }
        });
        self.0 = all.collect();
    }

    /// Since when the chain is paused.
    pub fn chain(&self, chain: &ChainId) -> Option<BlockTime> {
        self.since(&Pausable::Chain(chain.clone()))
    }

    /// Since when the path is paused by itself.
    pub fn path(&self, src: &EndKey) -> Option<BlockTime> {
        self.since(&Pausable::Path(src.clone()))
    }

    fn since(&self, what: &Pausable) -> Option<BlockTime> {
        self.0.get(what).copied()
    }

    /// What keeps an item from being sent to `dst`.
    pub(super) fn holds(&self, view: &View, item: &Item, dst: &ChainId) -> Option<Pausable> {
        // Nearly always.
        if self.0.is_empty() {
            return None;
        }
        let packet = item.packet();
        let path = packet.map(|packet| Pausable::Path(packet.src.clone()));
        let record = packet.and_then(|packet| view.packet(packet));
        let ends = packet.map(|packet| &packet.src.chain).into_iter();
        let ends = ends.chain(record.map(|record| &record.dst)).chain([dst]);
        let chains = ends.cloned().map(Pausable::Chain);
        path.into_iter()
            .chain(chains)
            .find(|what| self.0.contains_key(what))
    }
}

impl From<Vec<Pause>> for Paused {
    fn from(pauses: Vec<Pause>) -> Self {
        let pauses = pauses.into_iter();
        Self(pauses.map(|pause| (pause.what, pause.since)).collect())
    }
}

impl From<Paused> for Vec<Pause> {
    fn from(paused: Paused) -> Self {
        let pauses = paused.0.into_iter();
        pauses.map(|(what, since)| Pause { what, since }).collect()
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, End, PortId};

    use super::*;
    use crate::ledger::{ClientKey, PacketKey};

    fn chain(id: &str) -> ChainId {
        ChainId::from_string(id)
    }

    fn end(id: &str) -> EndKey {
        EndKey {
            chain: chain(id),
            end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
        }
    }

    fn recv(src: &str) -> Item {
        Item::Recv(PacketKey {
            src: end(src),
            sequence: 1.into(),
        })
    }

    #[test]
    fn a_paused_path_holds_the_packets_that_were_sent_from_its_end_alone() {
        let mut paused = Paused::default();
        let path = Pausable::Path(end("a-1"));
        paused.pause(path.clone(), BlockTime(7));
        let view = View::default();
        let held = paused.holds(&view, &recv("a-1"), &chain("b-1"));
        assert_eq!(held, Some(path.clone()));
        assert_eq!(paused.holds(&view, &recv("b-1"), &chain("a-1")), None);
        assert!(paused.resume(&path));
        assert_eq!(paused.holds(&view, &recv("a-1"), &chain("b-1")), None);
    }

    #[test]
    fn what_is_paused_stays_so_when_a_chain_goes_on_as_its_next_revision() {
        let mut paused = Paused::default();
        paused.pause(Pausable::Chain(chain("a-1")), BlockTime(7));
        paused.pause(Pausable::Path(end("a-1")), BlockTime(8));
        paused.pause(Pausable::Path(end("b-1")), BlockTime(9));
        paused.go_over(&chain("a-2"));
        assert_eq!(paused.chain(&chain("a-2")), Some(BlockTime(7)));
        assert_eq!(paused.path(&end("a-2")), Some(BlockTime(8)));
        assert_eq!(paused.path(&end("b-1")), Some(BlockTime(9)));
        assert_eq!(paused.chain(&chain("a-1")), None);
    }

    #[test]
    fn a_paused_chain_holds_packets_both_ways_and_what_is_sent_to_it() {
        let mut paused = Paused::default();
        paused.pause(Pausable::Chain(chain("a-1")), BlockTime(7));
        let view = View::default();
        let refresh_on = |host: &str| {
            Item::Refresh(ClientKey {
                chain: chain(host),
                client_id: "07-tendermint-0".parse().unwrap(),
            })
        };
        for (item, dst) in [
            (recv("a-1"), "b-1"),
            (recv("b-1"), "a-1"),
            (refresh_on("a-1"), "a-1"),
        ] {
            let held = paused.holds(&view, &item, &chain(dst));
            assert_eq!(held, Some(Pausable::Chain(chain("a-1"))), "{item:?}");
        }
        let elsewhere = paused.holds(&view, &refresh_on("b-1"), &chain("b-1"));
        assert_eq!(elsewhere, None);
    }

    #[test]
    fn what_is_paused_is_read_as_it_was_written_and_stays_so_since_the_first_time() {
        let mut paused = Paused::default();
        paused.pause(Pausable::Path(end("a-1")), BlockTime(7));
        paused.pause(Pausable::Path(end("a-1")), BlockTime(8));
        paused.pause(Pausable::Chain(chain("b-1")), BlockTime(9));
        let text = serde_json::to_string(&paused).unwrap();
        let read: Paused = serde_json::from_str(&text).unwrap();
        assert_eq!(read, paused);
        assert_eq!(read.path(&end("a-1")), Some(BlockTime(7)));
        assert_eq!(read.chain(&chain("b-1")), Some(BlockTime(9)));
    }
}
