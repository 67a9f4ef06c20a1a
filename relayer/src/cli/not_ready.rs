//! What an engine does before a command's work can begin, from its status.

use tern::engine::status::{ChainStatus, Following, Status};
use tern_chains::ChainId;

/// What is read or waited for before there can be work between these chains; `None` if
/// both are followed.
pub fn not_ready(status: &Status, chains: [&ChainId; 2]) -> Option<String> {
    let of_these = |chain: &&ChainStatus| chains.contains(&&chain.chain);
    let mut waits = status.chains.iter().filter(of_these).filter_map(reading);
    waits.next()
}

fn reading(status: &ChainStatus) -> Option<String> {
    let chain = &status.chain;
    match (&status.following, status.head) {
        (Following::Ready, _) => None,
        (Following::Down { reason, .. }, _) => Some(format!("waiting for {chain}: {reason}")),
        (Following::CatchingUp, Some(head)) => {
            Some(format!("reading {chain}, at block {}", head.height))
        }
        (Following::CatchingUp, None) => Some(format!(
            "reading the clients, connections and channels of {chain}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::BlockTime;
    use tern_core::ledger::Head;
    use tern_core::statistics::ChainCounts;

    use super::*;

    fn text(following: Following, height: Option<u64>) -> Option<String> {
        reading(&ChainStatus {
            chain: ChainId::from_string("akash-1"),
            head: height.map(|height| Head {
                height,
                time: BlockTime(0),
            }),
            following,
            paused: None,
            counts: ChainCounts::default(),
            budget: None,
        })
    }

    #[test]
    fn a_chain_that_is_followed_is_not_waited_for() {
        assert_eq!(text(Following::Ready, Some(7)), None);
    }

    #[test]
    fn a_chain_says_what_is_read_of_it_or_why_nothing_is() {
        let known = text(Following::CatchingUp, Some(7)).unwrap();
        assert_eq!(known, "reading akash-1, at block 7");
        let new = text(Following::CatchingUp, None).unwrap();
        assert_eq!(
            new,
            "reading the clients, connections and channels of akash-1"
        );
        let reason = "no answer".to_owned();
        let since = BlockTime(5);
        let down = text(Following::Down { reason, since }, Some(7)).unwrap();
        assert_eq!(down, "waiting for akash-1: no answer");
    }
}
