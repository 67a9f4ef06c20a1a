//! Headers that others show to clients, compared with those of the clients' chain: one at a
//! time for each chain.
//!
//! A header that cannot be compared now waits for a block of its chain. Nothing else waits
//! for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{ChainError, ChainId, Class, HeaderCheck, Misbehaviour};
use tern_core::ledger::{ClientKey, Fact, Finding, SeenHeaderKey, View};
use tern_core::plan::{serves_client, Assignment};
use tern_core::policy::Policy;
use tokio::sync::mpsc;
use tracing::{debug, error, warn};

use super::follow::describe;
use super::input::Input;
use super::prove::Chains;
use super::tasks::{Task, Tasks};

/// Which headers are being compared, and which must wait.
#[derive(Default)]
pub struct SeenHeaders {
    /// By the chain they are of.
    running: BTreeMap<ChainId, SeenHeaderKey>,
    waiting: BTreeMap<SeenHeaderKey, Waiting>,
}

/// A header that could not be compared.
struct Waiting {
    tries: u32,
    /// Compared again once its chain is here.
    not_before: u64,
}

impl SeenHeaders {
    /// Starts what can be compared now.
    pub fn start(
        &mut self,
        view: &View,
        policy: &Policy,
        assignment: &Assignment,
        chains: &Chains,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut Tasks,
    ) {
        self.waiting
            .retain(|seen, _| view.seen_header(seen).is_some());
        for (seen, header) in view.seen_headers() {
            let Some((of, access)) =
                client_chain(view, seen).and_then(|of| Some((of, chains.get(of)?)))
            else {
                continue;
            };
            let head = view.head(of).map_or(0, |head| head.height);
            let must_wait = self
                .waiting
                .get(seen)
                .is_some_and(|waiting| head < waiting.not_before);
            if must_wait
                || self.running.contains_key(of)
                || !serves_client(view, policy, assignment, &seen.client)
            {
                continue;
            }
            self.running.insert(of.clone(), seen.clone());
            let (seen, header) = (seen.clone(), header.clone());
            let (light_client, inputs) = (Arc::clone(&access.light_client), inputs.clone());
            let task = Task::CheckHeader { chain: of.clone() };
            tasks.spawn(task, async move {
                let checked = light_client.check_header(&header).await;
                // The engine is gone when it stops.
                let _ = inputs.send(Input::HeaderChecked { seen, checked }).await;
            });
        }
    }

    /// A header was compared, or could not be. What is known of it now, if something is.
    pub fn checked(
        &mut self,
        view: &View,
        seen: SeenHeaderKey,
        checked: Result<HeaderCheck, ChainError>,
    ) -> Option<Fact> {
        self.running.retain(|_, running| *running != seen);
        let header = view.seen_header(&seen)?;
        let of = client_chain(view, &seen)?;
        let head = view.head(of).map_or(0, |head| head.height);
        let (chain, client) = (&seen.client.chain, &seen.client.client_id);
        let misbehaviour = match checked {
            Ok(HeaderCheck::Same) => {
                debug!(%chain, %client, %of, "a header that somebody has shown to the client is the chain's own");
                None
            }
            Ok(HeaderCheck::Conflicting { own }) => {
                error!(
                    %chain, %client, %of, height = seen.height, tx = %seen.tx,
                    "{of} has forked: its validators signed two headers that cannot both be so, and \
                     one was shown to the client. Unless the configuration says otherwise the client is \
                     being frozen: nothing moves over it until governance recovers it"
                );
                Some(Box::new(Misbehaviour {
                    seen: header.clone(),
                    own,
                }))
            }
            // The chain has not got so far, or the node that was asked is behind.
            Ok(HeaderCheck::NotYet { height }) => {
                let tries = self.tries(&seen);
                if tries < TRIES_MAX {
                    self.wait(seen, height.max(head + pause(tries)));
                    return None;
                }
                warn!(%chain, %client, %of, height, "a header that somebody has shown to the client cannot be compared: no node of {of} has got so far. See that its nodes follow the chain, then compare it by `tern client evidence`");
                None
            }
            Ok(HeaderCheck::Pruned { height }) => {
                warn!(%chain, %client, %of, height, "a header that somebody has shown to the client cannot be compared: no node has that height any more");
                None
            }
            Err(error) if error.class() == Class::Node => {
                let tries = self.tries(&seen);
                let reason = describe(&error);
                if tries < TRIES_MAX {
                    debug!(%chain, %client, %of, reason, "cannot compare a header now; trying again later");
                    self.wait(seen, head + pause(tries));
                    return None;
                }
                warn!(%chain, %client, %of, reason, "a header that somebody has shown to the client cannot be compared. When nodes of {of} answer again, compare it by `tern client evidence`");
                None
            }
            // The client has taken what does not verify here: it follows other rules, or the
            // header is of a revision of the chain that has ended.
            Err(error) => {
                warn!(%chain, %client, %of, tx = %seen.tx, reason = describe(&error), "the client has taken a header that is none of {of} as Tern sees it: look at the transaction, and freeze or replace the client if it is forged");
                None
            }
        };
        Some(Fact::Found {
            chain: chain.clone(),
            height: seen.height,
            finding: Finding::HeaderChecked { seen, misbehaviour },
        })
    }

    fn tries(&self, seen: &SeenHeaderKey) -> u32 {
        self.waiting.get(seen).map_or(0, |waiting| waiting.tries)
    }

    fn wait(&mut self, seen: SeenHeaderKey, not_before: u64) {
        let waiting = Waiting {
            tries: self.tries(&seen) + 1,
            not_before,
        };
        self.waiting.insert(seen, waiting);
    }
}

/// So often a header is compared that nodes do not answer for. Default 12: the last wait is
/// some thousand blocks.
const TRIES_MAX: u32 = 12;

/// Blocks until a header is compared once more.
fn pause(tries: u32) -> u64 {
    2u64.pow(tries)
}

/// Says of which clients headers are not compared because too many wait.
pub fn tell_left_out(left_out: &[(ClientKey, usize)]) {
    for (ClientKey { chain, client_id }, count) in left_out {
        warn!(%chain, client = %client_id, count, "headers that somebody has shown to the client are not compared: too many wait already. When the nodes of its chain answer again, compare them by `tern client evidence`");
    }
}

/// The chain that a client is of.
fn client_chain<'a>(view: &'a View, seen: &SeenHeaderKey) -> Option<&'a ChainId> {
    Some(&view.client(&seen.client)?.summary.chain_id)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tern_chains::{BlockTime, ClientSummary, Encoded, TxHash};
    use tern_core::ledger::{Change, ClientRecord, Head};

    use super::*;

    const HEAD: u64 = 50;

    fn seen() -> SeenHeaderKey {
        SeenHeaderKey {
            client: ClientKey {
                chain: ChainId::from_string("kava-1"),
                client_id: "07-tendermint-0".parse().unwrap(),
            },
            height: 12,
            tx: TxHash([9; 32]),
            index: 0,
        }
    }

    /// A header of akash, which is at `HEAD`, was shown to a client on kava.
    fn view() -> View {
        let akash = ChainId::from_string("akash-1");
        let record = ClientRecord {
            summary: ClientSummary {
                chain_id: akash.clone(),
                latest_height: 9,
                trusting_period: Duration::from_secs(60),
                frozen: false,
                flaws: vec![],
            },
            updated: BlockTime(0),
            seen: 1,
            is_ours: false,
        };
        let head = Head {
            height: HEAD,
            time: BlockTime(0),
        };
        let header = Encoded {
            type_name: "/header".to_owned(),
            bytes: vec![1],
        };
        let mut view = View::default();
        view.commit(&Change::Client(seen().client, record));
        view.commit(&Change::Head(akash, head));
        view.commit(&Change::SeenHeader(seen(), Some(header)));
        view
    }

    fn node_error() -> ChainError {
        ChainError::Node {
            chain: ChainId::from_string("akash-1"),
            node: "http://localhost".to_owned(),
            doing: "commit at 7".to_owned(),
            source: "refused".into(),
        }
    }

    /// The block of its chain that the header waits for after each comparison, until it is
    /// forgotten.
    fn waits(check: impl Fn() -> Result<HeaderCheck, ChainError>) -> Vec<u64> {
        let (view, mut headers) = (view(), SeenHeaders::default());
        let mut waits = Vec::new();
        while headers.checked(&view, seen(), check()).is_none() {
            waits.push(headers.waiting[&seen()].not_before);
            assert!(waits.len() < 100, "it waits for ever");
        }
        waits
    }

    #[test]
    fn what_is_ahead_of_the_chain_waits_for_its_height() {
        let height = HEAD + 100_000;
        let waits = waits(|| Ok(HeaderCheck::NotYet { height }));
        assert_eq!(waits, [height; TRIES_MAX as usize]);
    }

    #[test]
    fn what_a_node_that_is_behind_has_not_got_to_is_compared_again_ever_later() {
        let height = HEAD - 1;
        let lagging = waits(|| Ok(HeaderCheck::NotYet { height }));
        assert_eq!(lagging[..3], [HEAD + 1, HEAD + 2, HEAD + 4]);
        assert_eq!(lagging.len(), TRIES_MAX as usize);
        assert_eq!(waits(|| Err(node_error())), lagging);
    }

    #[test]
    fn what_is_known_or_cannot_be_known_is_forgotten_at_once() {
        assert_eq!(waits(|| Ok(HeaderCheck::Same)), [0; 0]);
        assert_eq!(waits(|| Ok(HeaderCheck::Pruned { height: 7 })), [0; 0]);
    }

    #[test]
    fn another_header_of_the_chain_is_evidence() {
        let own = Encoded {
            type_name: "/header".to_owned(),
            bytes: vec![2],
        };
        let check = HeaderCheck::Conflicting { own: own.clone() };
        let fact = SeenHeaders::default().checked(&view(), seen(), Ok(check));
        let Some(Fact::Found {
            finding: Finding::HeaderChecked { misbehaviour, .. },
            ..
        }) = fact
        else {
            panic!("{fact:?}")
        };
        let misbehaviour = misbehaviour.expect("misbehaviour");
        assert_eq!((misbehaviour.seen.bytes, misbehaviour.own), (vec![1], own));
    }
}
