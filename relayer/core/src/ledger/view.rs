//! The ledger in memory: records, and indexes derived from them.

use std::collections::BTreeMap;

use tern_chains::{
    BlockTime, ChainId, ChannelState, Encoded, End, PacketId, Sequence, TrustedHeader,
};

use super::packets::{Due, Held, Packets};
use super::{
    Change, ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey, ConnectionRecord,
    EndKey, Evidence, Failure, Fees, Head, Item, PacketKey, PacketRecord, PacketState, Path,
    Processed, SeenHeaderKey, TxKey, TxRecord,
};
use crate::admission::Admission;

/// Packets that wait fewer blocks stay in memory.
const PARKED_MIN: u64 = 16;

/// Most blocks of a chain whose time is remembered: for timeouts on connections with a delay
/// period, which is shorter than that.
const TIMES_MAX: usize = 2_048;

/// A snapshot of what is known. Changed only through [`View::commit`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    heads: BTreeMap<ChainId, Head>,
    clients: BTreeMap<ClientKey, ClientRecord>,
    connections: BTreeMap<ConnectionKey, ConnectionRecord>,
    channels: BTreeMap<ChannelKey, ChannelRecord>,
    packets: Packets,
    txs: BTreeMap<TxKey, TxRecord>,
    trusted: BTreeMap<ChainId, TrustedHeader>,
    revision_ends: BTreeMap<ChainId, u64>,
    fees: Fees,
    seen_headers: BTreeMap<SeenHeaderKey, Encoded>,
    evidence: BTreeMap<ClientKey, Evidence>,
    /// Not stored.
    processed: BTreeMap<ClientKey, Vec<Processed>>,
    /// The times of the newest blocks by their height. Not stored.
    times: BTreeMap<ChainId, BTreeMap<u64, BlockTime>>,
    /// Derived: which tx intends an item.
    intents: BTreeMap<Item, TxKey>,
    /// Not stored: a restart tries afresh.
    failures: BTreeMap<Item, Failure>,
}

impl View {
    pub fn head(&self, chain: &ChainId) -> Option<Head> {
        self.heads.get(chain).copied()
    }

    /// The time of a block, if it is one of the newest that were followed.
    pub fn time_of(&self, chain: &ChainId, height: u64) -> Option<BlockTime> {
        self.times.get(chain)?.get(&height).copied()
    }

    /// The consensus states that are remembered of a client under a connection with a delay
    /// period, the oldest first.
    pub fn processed(&self, client: &ClientKey) -> &[Processed] {
        self.processed.get(client).map_or(&[], Vec::as_slice)
    }

    pub fn client(&self, key: &ClientKey) -> Option<&ClientRecord> {
        self.clients.get(key)
    }

    pub fn clients(&self) -> impl Iterator<Item = (&ClientKey, &ClientRecord)> {
        self.clients.iter()
    }

    pub fn connection(&self, key: &ConnectionKey) -> Option<&ConnectionRecord> {
        self.connections.get(key)
    }

    pub fn connections(&self) -> impl Iterator<Item = (&ConnectionKey, &ConnectionRecord)> {
        self.connections.iter()
    }

    pub fn channel(&self, key: &ChannelKey) -> Option<&ChannelRecord> {
        self.channels.get(key)
    }

    pub fn channels(&self) -> impl Iterator<Item = (&ChannelKey, &ChannelRecord)> {
        self.channels.iter()
    }

    /// The channel ends that are over a client, on its host.
    pub fn channels_over<'a>(
        &'a self,
        client: &'a ClientKey,
    ) -> impl Iterator<Item = (&'a ChannelKey, &'a ChannelRecord)> {
        self.channels().filter(|(end, record)| {
            end.chain == client.chain && record.client_id == client.client_id
        })
    }

    /// The other end of a channel, if both ends' ids are known.
    pub fn counterparty(&self, key: &ChannelKey) -> Option<ChannelKey> {
        let record = self.channels.get(key)?;
        Some(ChannelKey {
            chain: record.counterparty_chain.clone(),
            port_id: record.counterparty_port_id.clone(),
            channel_id: record.counterparty_channel_id.clone()?,
        })
    }

    /// The end that packets sent from this one go to, once it is known.
    pub fn destination(&self, src: &EndKey) -> Option<EndKey> {
        match &src.end {
            End::Channel { .. } => Some(self.counterparty(&src.as_channel()?)?.into()),
            // Clients with a registered counterparty are not in the ledger yet.
            End::Client { .. } => None,
        }
    }

    /// The path of packets sent from this end, once both its ends are known by
    /// name. What its destination is comes from there only if its end names this one
    /// as its counterparty.
    pub fn path(&self, src: &EndKey) -> Option<Path> {
        let on_src = self.channel(&src.as_channel()?)?;
        let dst = self.destination(src)?;
        // An end that names another one as its counterparty is no destination.
        let is_mutual = self.destination(&dst).is_some_and(|back| back == *src);
        let on_dst = self.channel(&dst.as_channel()?).filter(|_| is_mutual);
        Some(Path {
            src: src.clone(),
            client_on_src: on_src.client_id.clone(),
            client_on_dst: on_dst.map(|end| end.client_id.clone()),
            ordering: on_src.ordering,
            is_open_on_src: takes_packets(on_src.state),
            is_open_on_dst: on_dst.is_some_and(|end| takes_packets(end.state)),
            dst,
        })
    }

    /// A packet's record, if it is in memory.
    pub fn packet(&self, key: &PacketKey) -> Option<&PacketRecord> {
        self.packets.get(key)
    }

    /// Source ends with packets in memory.
    pub fn ends_with_packets(&self) -> impl Iterator<Item = &EndKey> {
        self.packets.ends()
    }

    /// Packets of one source end that are in memory and not done, by sequence.
    pub fn open_packets_of(&self, src: &EndKey) -> impl Iterator<Item = (Sequence, &PacketRecord)> {
        self.packets.open_of(src)
    }

    /// Packets of one source end that only the store has and that are not done, parked
    /// ones included.
    pub fn evicted_packets_of(
        &self,
        src: &EndKey,
    ) -> impl Iterator<Item = (Sequence, PacketState)> + '_ {
        self.packets.evicted_of(src)
    }

    /// Whether packets of a source end are not done, wherever their records are.
    pub fn has_open_packets(&self, src: &EndKey) -> bool {
        self.open_packets_of(src).next().is_some() || self.evicted_packets_of(src).next().is_some()
    }

    /// How many packets are in memory.
    pub fn held(&self) -> Held {
        self.packets.held()
    }

    /// The record of a packet that the store has leaves memory; its name is kept. No-op for
    /// one that could not be relayed from its record.
    pub fn evict(&mut self, key: &PacketKey) {
        self.packets.evict(key);
    }

    /// Packets to be evicted so that no more than `max` that are not done stay
    /// in memory. Never one with an intent, or held for another reason.
    pub fn to_evict(&self, max: usize, is_held: impl Fn(&Item) -> bool) -> Vec<PacketKey> {
        self.packets.to_evict(max, |key| {
            let items = Item::of_packet(key);
            let is_busy = |item| is_held(item) || self.intents.contains_key(item);
            items.iter().any(is_busy)
        })
    }

    /// Packets that cannot be moved for now and leave memory, once half of `max` are in it,
    /// and until when. Never one with an intent, or held for another reason.
    pub fn to_park(
        &self,
        max: usize,
        admission: &Admission,
        is_held: impl Fn(&Item) -> bool,
    ) -> Vec<(PacketKey, Option<Due>)> {
        let is_held = |key: &PacketKey| {
            let items = Item::of_packet(key);
            let is_busy = |item| is_held(item) || self.intents.contains_key(item);
            items.iter().any(is_busy)
        };
        let stuck = |key: &PacketKey, record: &PacketRecord| self.stuck(admission, key, record);
        self.packets.to_park(max, is_held, stuck)
    }

    /// Whether a packet cannot be moved for now, and until when.
    fn stuck(
        &self,
        admission: &Admission,
        key: &PacketKey,
        record: &PacketRecord,
    ) -> Option<Option<Due>> {
        if record.state() == PacketState::Received {
            // The acknowledgement is not written.
            return Some(None);
        }
        let path = self.path(&key.src)?;
        let packet = record.packet.as_ref()?;
        if admission.packet(&path, packet, &record.recv_fees).is_err() {
            return Some(None);
        }
        let due = |item: &Item, chain: &ChainId| {
            let not_before = self.failure(item)?.not_before;
            let head = self.head(chain)?.height;
            (not_before > head + PARKED_MIN).then(|| (chain.clone(), not_before))
        };
        let [recv, ack, timeout] = Item::of_packet(key);
        let due = due(&recv, &record.dst)
            .or_else(|| due(&ack, &key.src.chain))
            .or_else(|| due(&timeout, &key.src.chain));
        due.map(Some)
    }

    /// Parks a packet.
    pub fn park(&mut self, key: &PacketKey, until: Option<Due>) {
        self.packets.park(key, until);
    }

    /// Parked packets whose time has come may be loaded.
    pub fn unpark(&mut self) {
        let heads = &self.heads;
        self.packets
            .unpark(|(chain, height)| heads.get(chain).is_some_and(|head| head.height >= *height));
    }

    /// Evicted packets that fit into memory again below `max`.
    pub fn to_load(&self, max: usize) -> Vec<PacketKey> {
        self.packets.to_load(max)
    }

    pub fn txs(&self) -> impl Iterator<Item = (&TxKey, &TxRecord)> {
        self.txs.iter()
    }

    /// The transactions in flight that an account signed.
    pub fn txs_of<'a>(
        &'a self,
        chain: &'a ChainId,
        signer: &'a str,
    ) -> impl Iterator<Item = (&'a TxKey, &'a TxRecord)> {
        let txs = self.txs.iter();
        txs.filter(move |(key, tx)| key.chain == *chain && tx.signer == signer)
    }

    pub fn tx(&self, key: &TxKey) -> Option<&TxRecord> {
        self.txs.get(key)
    }

    /// The newest header of a chain that is trusted.
    pub fn trusted(&self, chain: &ChainId) -> Option<&TrustedHeader> {
        self.trusted.get(chain)
    }

    /// Headers that were shown to clients and are to be compared with the chain's own.
    pub fn seen_headers(&self) -> impl Iterator<Item = (&SeenHeaderKey, &Encoded)> {
        self.seen_headers.iter()
    }

    pub fn seen_header(&self, key: &SeenHeaderKey) -> Option<&Encoded> {
        self.seen_headers.get(key)
    }

    /// Clients whose chain has forked, with the proof.
    pub fn evidence(&self) -> impl Iterator<Item = (&ClientKey, &Evidence)> {
        self.evidence.iter()
    }

    pub fn evidence_of(&self, client: &ClientKey) -> Option<&Evidence> {
        self.evidence.get(client)
    }

    /// The last height of a chain's revision, if the chain stands there: it goes on as
    /// another revision, or not before its nodes run another program.
    pub fn revision_end(&self, chain: &ChainId) -> Option<u64> {
        let end = self.planned_end(chain)?;
        let is_there = self.heads.get(chain).is_some_and(|head| head.height < end);
        is_there.then_some(end)
    }

    /// The last height that a chain has planned for its revision, whether or not it stands
    /// there.
    pub(super) fn planned_end(&self, chain: &ChainId) -> Option<u64> {
        self.revision_ends.get(chain).copied()
    }

    /// The newest earlier revision of a chain that is followed no more, if this one was
    /// never followed.
    pub fn earlier_revision(&self, chain: &ChainId) -> Option<&ChainId> {
        if self.heads.contains_key(chain) {
            return None;
        }
        let earlier = self.heads.keys();
        let earlier = earlier.filter(|earlier| chain.is_later_revision_of(earlier));
        earlier.max_by_key(|earlier| earlier.version())
    }

    /// What was paid.
    pub fn fees(&self) -> &Fees {
        &self.fees
    }

    pub fn intent(&self, item: &Item) -> Option<&TxKey> {
        self.intents.get(item)
    }

    /// Every item a transaction intends.
    pub fn intended(&self) -> impl Iterator<Item = &Item> {
        self.intents.keys()
    }

    pub fn failure(&self, item: &Item) -> Option<&Failure> {
        self.failures.get(item)
    }

    /// Every item that failed and was not done since.
    pub fn failures(&self) -> impl Iterator<Item = (&Item, &Failure)> {
        self.failures.iter()
    }

    /// The ledger key of a packet event seen on its source chain.
    pub fn key_on_src(src: &ChainId, id: &PacketId) -> PacketKey {
        PacketKey {
            src: EndKey {
                chain: src.clone(),
                end: id.src.clone(),
            },
            sequence: id.sequence,
        }
    }

    /// Makes one change visible. Idempotent.
    pub fn commit(&mut self, change: &Change) {
        match change.clone() {
            Change::Head(chain, head) => {
                let times = self.times.entry(chain.clone()).or_default();
                times.insert(head.height, head.time);
                while times.len() > TIMES_MAX {
                    times.pop_first();
                }
                self.heads.insert(chain, head);
            }
            Change::Processed(client, states) => {
                self.processed.insert(client, states);
            }
            Change::Client(key, record) => {
                self.clients.insert(key, record);
            }
            Change::Connection(key, record) => {
                self.connections.insert(key, record);
            }
            Change::Channel(key, record) => {
                self.channels.insert(key, record);
            }
            Change::Packet(key, record) => self.commit_packet(key, record.map(|boxed| *boxed)),
            Change::Tx(key, record) => self.commit_tx(key, record),
            Change::Trusted(chain, header) => {
                self.trusted.insert(chain, *header);
            }
            Change::RevisionEnd(chain, last_height) => {
                self.revision_ends.insert(chain, last_height);
            }
            Change::Fees(key, record) => self.fees.put_sum(key, record),
            Change::FeesDay(key, record) => self.fees.put_day(key, record),
            Change::Paid(chain, slot, amount) => self.fees.put_slot(chain, slot, amount),
            Change::SeenHeader(key, Some(header)) => {
                self.seen_headers.insert(key, header);
            }
            Change::SeenHeader(key, None) => {
                self.seen_headers.remove(&key);
            }
            Change::Evidence(client, Some(evidence)) => {
                self.evidence.insert(client, *evidence);
            }
            Change::Evidence(client, None) => {
                self.evidence.remove(&client);
            }
            Change::Failure(item, Some(failure)) => {
                self.failures.insert(item, failure);
            }
            Change::Failure(item, None) => {
                self.failures.remove(&item);
            }
        }
    }

    fn commit_packet(&mut self, key: PacketKey, record: Option<PacketRecord>) {
        if record.as_ref().is_none_or(|record| record.done.is_some()) {
            for item in Item::of_packet(&key) {
                self.failures.remove(&item);
            }
        }
        let Some(record) = record else {
            self.packets.remove(&key);
            return;
        };
        self.packets.put(key, record);
    }

    fn commit_tx(&mut self, key: TxKey, record: Option<TxRecord>) {
        if let Some(old) = self.txs.remove(&key) {
            for item in old.items {
                if self.intents.get(&item) == Some(&key) {
                    self.intents.remove(&item);
                }
            }
        }
        if let Some(record) = record {
            for item in &record.items {
                self.intents.insert(item.clone(), key.clone());
            }
            self.txs.insert(key, record);
        }
    }

    /// Packets of a source chain that ended before a height of it.
    pub(super) fn finished_before<'a>(
        &'a self,
        chain: &ChainId,
        height: u64,
    ) -> impl Iterator<Item = PacketKey> + 'a {
        self.packets.finished_before(chain, height)
    }
}

/// Whether packets that were sent are received and acknowledged: during an upgrade of the channel
/// they are, and it waits for them (ibc-go v8).
fn takes_packets(state: ChannelState) -> bool {
    matches!(
        state,
        ChannelState::Open | ChannelState::Flushing | ChannelState::FlushComplete
    )
}
