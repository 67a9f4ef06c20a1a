//! Who gave what: a proof that does not verify is held against the node it came
//! from, once another node's does.

use std::collections::VecDeque;

use tern_chains::{ChainError, Proven};
use tokio::time::Instant;

use super::last_failure::kept;
use super::Pool;

/// Proofs whose source is remembered: a few batches' worth.
const GIVEN_MAX: usize = 8192;

/// Which node each proof of late came from.
#[derive(Debug, Default)]
pub(super) struct ProofSources(VecDeque<(u64, String, usize)>);

impl ProofSources {
    fn gave(&mut self, node: usize, proven: &Proven) {
        if self.0.len() == GIVEN_MAX {
            self.0.pop_front();
        }
        self.0
            .push_back((proven.height, proven.path.to_string(), node));
    }

    fn of(&self, proven: &Proven) -> Option<usize> {
        let path = proven.path.to_string();
        let mut given = self.0.iter().rev();
        let found = given.find(|(height, known, _)| *height == proven.height && *known == path);
        found.map(|(_, _, node)| *node)
    }
}

impl Pool {
    /// A node gave this proof.
    pub fn gave(&self, node: usize, proven: &Proven) {
        if self.nodes.len() > 1 {
            self.board().proof_sources.gave(node, proven);
        }
    }

    /// A proof was checked. One that does not hold makes its source suspect; one
    /// that does shows that the suspects were wrong, or that the only node is right.
    pub fn checked(&self, proven: &Proven, error: Option<&ChainError>) {
        let mut board = self.board();
        if self.nodes.len() == 1 {
            board.records[0].suspicion = error.map(|error| kept(error));
            return;
        }
        let Some(source) = board.proof_sources.of(proven) else {
            return;
        };
        match error {
            Some(error) => {
                let suspicion = &mut board.records[source].suspicion;
                suspicion.get_or_insert_with(|| kept(error));
            }
            None => {
                board.records[source].suspicion = None;
                let records = board.records.iter().enumerate();
                let suspects: Vec<(usize, String)> = records
                    .filter_map(|(index, record)| Some((index, record.suspicion.clone()?)))
                    .collect();
                drop(board);
                for (node, reason) in suspects {
                    self.set_aside(node, &reason);
                }
            }
        }
    }

    /// Leaves a node out that lies or serves another chain, and says so.
    pub fn set_aside(&self, node: usize, reason: &dyn std::fmt::Display) {
        let mut board = self.board();
        board.records[node].suspicion = None;
        let news = board.records[node].set_aside(reason, Instant::now());
        drop(board);
        if news {
            let origin = &self.nodes[node].rpc.origin;
            let (chain, node) = (&origin.chain, &origin.node);
            tracing::warn!(%chain, node, %reason, "not asking this node for half an hour: its answers are not this chain's");
            self.ranking_changed
                .send_modify(|version| *version = version.wrapping_add(1));
        }
    }
}
