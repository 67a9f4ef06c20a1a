//! Which open packets fit what somebody asks for. Pure, and bounded in work.

use std::collections::BTreeSet;

use tern_chains::{ChainId, ChannelId, Packet, PortId, Sequence};
use tern_core::ledger::{EndKey, PacketKey, PacketState};
use tern_core::transfer::Transfer;

use super::{PacketStatus, Snapshot, PACKETS_MAX};

/// Data that is larger is not read. ibc-go takes a memo of 32,768 bytes.
const DATA_BYTES_MAX: usize = 128 * 1024;
/// What a chain's user chose is kept up to so many characters.
const CHARS_MAX: usize = 128;

/// Which open packets are wanted: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketSearch {
    /// The chain they were sent from, and their channel and port on it.
    pub chain: Option<ChainId>,
    pub channel: Option<ChannelId>,
    pub port: Option<PortId>,
    pub sequence: Option<Sequence>,
    pub state: Option<PacketState>,
    /// Only these, such as those of a transaction.
    pub keys: Option<BTreeSet<PacketKey>>,
    pub transfer: TransferSearch,
    /// Of those that fit, so many are left out first, and so many are told.
    pub offset: usize,
    pub limit: usize,
}

/// What the data of a transfer has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferSearch {
    pub sender: Option<String>,
    pub receiver: Option<String>,
    pub denom: Option<String>,
}

/// Open packets that fit, by path and sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundPackets {
    /// How many fit.
    pub fitting: usize,
    /// The part of them that was asked for.
    pub packets: Vec<FoundPacket>,
    /// How many open packets of the paths that fit were looked at.
    pub looked_at: usize,
    /// How many were not: there are too many, or the store alone has the data that is
    /// asked for.
    pub left_out: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FoundPacket {
    pub status: PacketStatus,
    /// Of a transfer whose record is in memory.
    pub transfer: Option<TransferStatus>,
}

/// What a transfer says, shortened: its sender chose most of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferStatus {
    pub sender: String,
    pub receiver: String,
    pub amount: String,
    pub denom: String,
}

impl Snapshot<'_> {
    /// The open packets that fit.
    pub fn search(&self, search: &PacketSearch) -> FoundPackets {
        let waits = self.waits();
        let mut found = FoundPackets::default();
        for src in self.paths.iter().filter(|src| search.fits_end(src)) {
            let mut packets: Vec<PacketStatus> = self.packets(src, &waits).collect();
            packets.sort_by_key(|status| status.packet.sequence);
            for status in packets {
                if found.looked_at == PACKETS_MAX {
                    found.left_out += 1;
                    continue;
                }
                if !search.fits_status(&status) {
                    found.looked_at += 1;
                    continue;
                }
                let record = self.view.packet(&status.packet);
                let packet = record.and_then(|record| record.packet.as_ref());
                if packet.is_none() && !search.transfer.is_empty() {
                    found.left_out += 1;
                    continue;
                }
                found.looked_at += 1;
                let transfer = packet.and_then(transfer);
                if search.transfer.fits(transfer.as_ref()) {
                    found.take(search, status, transfer.as_ref());
                }
            }
        }
        found
    }
}

impl FoundPackets {
    fn take(&mut self, search: &PacketSearch, status: PacketStatus, transfer: Option<&Transfer>) {
        let is_wanted = self.fitting >= search.offset && self.packets.len() < search.limit;
        self.fitting += 1;
        if is_wanted {
            self.packets.push(FoundPacket {
                status,
                transfer: transfer.map(TransferStatus::of),
            });
        }
    }
}

impl PacketSearch {
    fn fits_end(&self, src: &EndKey) -> bool {
        let channel = src.end.as_channel();
        let fits_port = |port: &PortId| channel.is_some_and(|(of, _)| of == port);
        let fits_channel = |id: &ChannelId| channel.is_some_and(|(_, of)| of == id);
        self.chain.as_ref().is_none_or(|chain| *chain == src.chain)
            && self.port.as_ref().is_none_or(fits_port)
            && self.channel.as_ref().is_none_or(fits_channel)
            && match &self.keys {
                None => true,
                Some(keys) => keys.iter().any(|key| key.src == *src),
            }
    }

    fn fits_status(&self, status: &PacketStatus) -> bool {
        let (packet, state) = (&status.packet, status.state);
        self.state.is_none_or(|wanted| wanted == state)
            && self.sequence.is_none_or(|of| of == packet.sequence)
            && self.keys.as_ref().is_none_or(|keys| keys.contains(packet))
    }
}

impl TransferSearch {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn fits(&self, transfer: Option<&Transfer>) -> bool {
        let Some(transfer) = transfer else {
            return self.is_empty();
        };
        let fits = |wanted: &Option<String>, given: &str| {
            let wanted = wanted.as_ref();
            wanted.is_none_or(|wanted| wanted == given)
        };
        fits(&self.sender, &transfer.sender)
            && fits(&self.receiver, &transfer.receiver)
            && fits(&self.denom, &transfer.denom)
    }
}

impl TransferStatus {
    fn of(transfer: &Transfer) -> Self {
        Self {
            sender: shortened(&transfer.sender),
            receiver: shortened(&transfer.receiver),
            amount: shortened(&transfer.amount),
            denom: shortened(&transfer.denom),
        }
    }
}

fn transfer(packet: &Packet) -> Option<Transfer> {
    let data = packet.data();
    (data.len() <= DATA_BYTES_MAX).then(|| Transfer::read(data))?
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
