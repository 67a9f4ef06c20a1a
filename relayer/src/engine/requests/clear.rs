//! A path whose packets are to be relayed now.

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Event, PacketId};
use tern_core::ledger::{EndKey, Entry, Fact, Item, PacketKey};
use tern_core::plan::{Plan, Wait, Why};
use tokio::sync::oneshot;

use super::Situation;

/// What became of the packets of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// Packets that were received, acknowledged and timed out since the request,
    /// by whatever relayer.
    pub received: usize,
    pub acknowledged: usize,
    pub timed_out: usize,
    /// Packets that cannot be relayed now, and why.
    pub left: Vec<Wait>,
}

/// A request and who waits for it.
pub struct Clear {
    pub src: EndKey,
    reply: oneshot::Sender<Result<Cleared, String>>,
    /// The destination end, once both chains were ready: what comes now is new.
    dst: Option<EndKey>,
    done: Cleared,
}

impl Clear {
    pub fn new(src: EndKey, reply: oneshot::Sender<Result<Cleared, String>>) -> Self {
        Self {
            src,
            reply,
            dst: None,
            done: Cleared::default(),
        }
    }

    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn answer(self, outcome: Result<Cleared, String>) {
        let _ = self.reply.send(outcome);
    }

    pub fn begin(&mut self, dst: EndKey) {
        self.dst = Some(dst);
    }

    pub fn observe(&mut self, entry: &Entry) {
        let (Some(dst), Entry::Fact(Fact::Event { chain, event, .. })) = (&self.dst, entry) else {
            return;
        };
        let is_of_path = |id: &PacketId, at: &ChainId| {
            chain == at && id.src == self.src.end && id.dst == dst.end
        };
        match event {
            Event::RecvPacket(id) if is_of_path(id, &dst.chain) => self.done.received += 1,
            Event::AcknowledgePacket(id) if is_of_path(id, &self.src.chain) => {
                self.done.acknowledged += 1;
            }
            Event::TimeoutPacket(id) if is_of_path(id, &self.src.chain) => self.done.timed_out += 1,
            _ => {}
        }
    }

    /// Packets whose blocks were not found.
    fn not_located<'a>(&'a self, now: &'a Situation<'_>) -> impl Iterator<Item = Wait> + 'a {
        let missing = now.reconciling.not_located(&self.src);
        missing.map(|(sequence, reason)| {
            let packet = PacketKey {
                src: self.src.clone(),
                sequence,
            };
            let record = now.view.packet(&packet);
            let is_received = record.is_some_and(|record| record.received.is_some());
            Wait {
                item: match is_received {
                    true => Item::Ack(packet),
                    false => Item::Recv(packet),
                },
                why: Why::NotLocated(reason.to_owned()),
            }
        })
    }

    /// `Some` when nothing is in flight and all that is left waits for others.
    pub fn outcome(&self, plan: &Plan, now: &Situation<'_>) -> Option<Result<Cleared, String>> {
        if now.readiness.is_ready(&self.src.chain) {
            let Some(path) = now.view.path(&self.src) else {
                return Some(Err(format!("there is no open channel {}", self.src)));
            };
            if let Err(why) = now.policy.admission.path(now.view, &path) {
                return Some(Err(format!("{} is not served: {why}", self.src)));
            }
        }
        self.dst.as_ref()?;
        let is_ours = |item: &Item| item.packet().is_some_and(|packet| packet.src == self.src);
        let is_retried = |item: &Item| {
            let failure = now.view.failure(item);
            failure.is_some_and(|failure| !failure.is_given_up(now.policy))
        };
        let waits = plan.waits.iter().filter(|wait| is_ours(&wait.item));
        let is_busy = !now.reconciling.is_done(&self.src)
            || plan
                .batches
                .iter()
                .flat_map(|batch| &batch.work)
                .any(|work| is_ours(&work.item))
            || now.in_progress.iter().any(is_ours)
            || waits
                .clone()
                .any(|wait| passes(&wait.why, || is_retried(&wait.item)));
        let cleared = || Cleared {
            left: waits.cloned().chain(self.not_located(now)).collect(),
            ..self.done.clone()
        };
        (!is_busy).then(|| Ok(cleared()))
    }
}

/// Whether this wait ends by itself soon.
pub(super) fn passes(why: &Why, is_retried: impl FnOnce() -> bool) -> bool {
    match why {
        Why::InFlight
        | Why::Full(_)
        | Why::AwaitingBatch
        | Why::NotReady(_)
        | Why::Unreconciled
        | Why::SendNotSeen => true,
        Why::Failed { .. } => is_retried(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, End, PortId};
    use tern_core::ledger::Head;

    use super::*;

    fn end(chain: &str, channel: u64) -> EndKey {
        EndKey {
            chain: ChainId::from_string(chain),
            end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
        }
    }

    fn event(chain: &str, event: Event) -> Entry {
        Entry::Fact(Fact::Event {
            chain: ChainId::from_string(chain),
            head: Head {
                height: 7,
                time: BlockTime(0),
            },
            event,
        })
    }

    fn packet(src: u64) -> PacketId {
        PacketId {
            src: end("a-1", src).end,
            dst: end("b-1", 9).end,
            sequence: 1.into(),
        }
    }

    #[test]
    fn only_packets_of_the_path_are_counted_and_only_after_it_has_begun() {
        let (reply, _waiting) = oneshot::channel();
        let mut clear = Clear::new(end("a-1", 0), reply);
        clear.observe(&event("b-1", Event::RecvPacket(packet(0))));
        clear.begin(end("b-1", 9));
        for entry in [
            event("b-1", Event::RecvPacket(packet(0))),
            event("a-1", Event::AcknowledgePacket(packet(0))),
            event("a-1", Event::TimeoutPacket(packet(0))),
            // Another channel, and the same identifiers on the other chain.
            event("b-1", Event::RecvPacket(packet(1))),
            event("a-1", Event::RecvPacket(packet(0))),
            event("b-1", Event::AcknowledgePacket(packet(0))),
        ] {
            clear.observe(&entry);
        }
        let Cleared {
            received,
            acknowledged,
            timed_out,
            ..
        } = clear.done;
        assert_eq!((received, acknowledged, timed_out), (1, 1, 1));
    }

    #[test]
    fn a_failed_packet_is_waited_for_while_it_is_retried() {
        let failed = Why::Failed {
            tries: 1,
            not_before: 9,
            reason: String::new(),
        };
        assert!(passes(&failed, || true));
        assert!(!passes(&failed, || false));
        assert!(passes(&Why::InFlight, || false));
        assert!(!passes(&Why::AckNotWritten, || true));
    }
}
