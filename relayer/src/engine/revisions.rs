//! What the store has of a chain's earlier revision, when the chain goes on as another one.

use tern_chains::ChainId;
use tern_core::ledger::View;
use tern_core::plan::Paused;
use tracing::{info, warn};

use super::follow::describe;
use super::store::Store;

/// The ledger, with what is known of earlier revisions of these chains under their new ids,
/// and with what is paused.
/// Whatever cannot be taken over is read from the chains again.
pub fn go_over<'a>(
    store: &Store,
    mut view: View,
    paused: &mut Paused,
    chains: impl Iterator<Item = &'a ChainId> + Clone,
    packets_max: usize,
) -> View {
    for to in chains.clone() {
        let Some(from) = view.earlier_revision(to).cloned() else {
            continue;
        };
        if chains.clone().any(|chain| *chain == from) {
            continue;
        }
        paused.go_over(to);
        match store.go_over(&from, to, packets_max) {
            Ok(Some(over)) => {
                info!(chain = %to, before = %from, "what is known of the chain goes over to its new revision");
                view = over;
            }
            Ok(None) => {}
            Err(error) => {
                let reason = describe(&error);
                warn!(chain = %to, before = %from, reason, "what is known of the chain's revision before is left, and the chain is read anew");
            }
        }
    }
    view
}
