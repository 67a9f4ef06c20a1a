//! What a running engine holds in memory, looked at every second, also under faults: it
//! stays within what its policy says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tern::engine::status::{MemoryStatus, Status};
use tern::engine::EngineHandle;
use tern_core::policy::Policy;
use tokio::time::sleep;

/// Watches the engines of one relayer. Clones share what was found.
#[derive(Clone)]
pub struct MemoryWatch {
    policy: Policy,
    found: Arc<Mutex<Option<String>>>,
    looks: Arc<Mutex<u64>>,
}

impl MemoryWatch {
    pub fn new(policy: &Policy) -> Self {
        Self {
            policy: policy.clone(),
            found: Arc::default(),
            looks: Arc::default(),
        }
    }

    /// Looks at an engine until it ends.
    pub fn start(&self, handle: EngineHandle) {
        let watch = self.clone();
        tokio::spawn(async move {
            while let Ok(status) = handle.status(None).await {
                *watch.looks.lock().unwrap() += 1;
                if let Some(excess) = excess(&status, &watch.policy) {
                    watch.found.lock().unwrap().get_or_insert(excess);
                }
                sleep(Duration::from_secs(1)).await;
            }
        });
    }

    /// What was above its limit, if anything ever was.
    pub fn result(&self) -> Result<(), String> {
        if *self.looks.lock().unwrap() == 0 {
            return Err("no engine's memory was looked at".into());
        }
        let found = self.found.lock().unwrap().clone();
        found.map_or(Ok(()), Err)
    }
}

/// What is above its limit.
fn excess(status: &Status, policy: &Policy) -> Option<String> {
    let MemoryStatus {
        packets,
        failures,
        in_progress,
        not_located: _,
    } = status.memory;
    let chains = status.chains.len();
    let in_flight: usize = status.lanes.iter().map(|lane| lane.items_in_flight).sum();
    // What is on its way, and what is not all known, cannot be put aside.
    let held = in_progress + in_flight + packets.unseen;
    let known = packets.records + packets.evicted + packets.parked;
    let limits = [
        (
            "packets in memory",
            packets.records,
            // Each path may have one more than its share.
            policy.packets_in_memory_max + status.paths.len() + held,
        ),
        (
            "items between plan and signature",
            in_progress,
            chains * (policy.items_unsent_max + policy.batch_items_max),
        ),
        (
            "items in transactions",
            in_flight,
            chains * (policy.items_in_flight_max + policy.items_unsent_max),
        ),
        // Of each packet there are three, of clients one each.
        (
            "failures",
            failures,
            3 * known + status.clients.len() + HANDSHAKE_STEPS,
        ),
    ];
    let above = limits.into_iter().find(|(_, is, most)| is > most);
    above.map(|(what, is, most)| {
        format!(
            "{is} {what}, more than {most}: {:?}, {in_flight} in flight",
            status.memory
        )
    })
}

const HANDSHAKE_STEPS: usize = 10;
