//! What a lying node says of packets and times.

use tern_chains::{Block, Event, PacketId, Sequence};

use super::chaos::Chaos;
use super::fault_counts::Fault;

/// A block as a lying node gives it: with events that did not happen, or a time that
/// has not come.
pub fn falsified(chaos: &Chaos, mut block: Block) -> Block {
    let events = block.events.iter();
    let forged: Vec<Event> = events.filter_map(|event| forged(chaos, event)).collect();
    if !forged.is_empty() && chaos.occurs(Fault::LiedEvent, 30) {
        block.events.extend(forged);
    }
    if chaos.occurs(Fault::LiedTime, 2) {
        const TEN_YEARS_NS: u64 = 10 * 365 * 24 * 3_600 * 1_000_000_000;
        block.time.0 += TEN_YEARS_NS;
    }
    block
}

/// What did not happen, told beside what did.
fn forged(chaos: &Chaos, event: &Event) -> Option<Event> {
    match event {
        Event::SendPacket(packet) => Some(match chaos.rng.chance(50) {
            true => Event::AcknowledgePacket(packet.id()),
            false => Event::TimeoutPacket(packet.id()),
        }),
        Event::RecvPacket(id) => Some(Event::RecvPacket(PacketId {
            sequence: (id.sequence.as_u64() + 1 + chaos.rng.below(3)).into(),
            ..id.clone()
        })),
        _ => None,
    }
}

/// A list as a lying node gives it.
pub fn shortened(chaos: &Chaos, mut list: Vec<Sequence>) -> Vec<Sequence> {
    if !list.is_empty() && chaos.occurs(Fault::LiedList, 40) {
        list.retain(|_| chaos.rng.chance(50));
    }
    list
}
