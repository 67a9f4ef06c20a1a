//! Packets of a world: sent, received, acknowledged, timed out.

use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::channel::v1 as chan;
use tern_chains::{Block, Event, Packet, StorePath};
use tern_devnet::mock;

use super::{any, raw, World, PORT, START};

impl World {
    /// Sends tokens from `on`; with a timeout `seconds` from now.
    pub async fn transfer(&mut self, on: usize, denom: &str, amount: u128, seconds: i64) -> Packet {
        let message = self.transfer_message(on, denom, amount, seconds);
        let block = self.submit(on, vec![message]).await;
        sent(&block)
    }

    pub fn transfer_message(&self, on: usize, denom: &str, amount: u128, seconds: i64) -> Any {
        let (end, other) = (&self.ends[on], &self.ends[1 - on]);
        let message = MsgTransfer {
            source_port: PORT.to_owned(),
            source_channel: end.channel.clone(),
            token: Some(Coin {
                denom: denom.to_owned(),
                amount: amount.to_string(),
            }),
            sender: end.address.clone(),
            receiver: other.address.clone(),
            timeout_height: None,
            timeout_timestamp: (START + self.clock + seconds) as u64 * 1_000_000_000,
            memo: String::new(),
        };
        any("/ibc.applications.transfer.v1.MsgTransfer", &message)
    }

    /// The message that receives this packet on `on`.
    pub async fn recv_messages(&mut self, on: usize, packet: &Packet) -> Vec<Any> {
        let path = StorePath::Commitment {
            src: packet.src.clone(),
            sequence: packet.sequence,
        };
        self.relay_messages(on, path, |world, proof_commitment, proof_height| {
            let message = chan::MsgRecvPacket {
                packet: raw(packet),
                proof_commitment,
                proof_height,
                signer: world.ends[on].address.clone(),
            };
            any("/ibc.core.channel.v1.MsgRecvPacket", &message)
        })
        .await
    }

    pub async fn recv(&mut self, on: usize, packet: &Packet) -> Vec<u8> {
        let messages = self.recv_messages(on, packet).await;
        let block = self.submit(on, messages).await;
        let ack = block.events.iter().find_map(|event| match event {
            Event::WriteAcknowledgement { packet: of, ack } if of == packet => Some(ack.clone()),
            _ => None,
        });
        ack.expect("an acknowledgement")
    }

    pub async fn ack(&mut self, on: usize, packet: &Packet, acknowledgement: Vec<u8>) -> Block {
        let path = StorePath::Acknowledgement {
            dst: packet.dst.clone(),
            sequence: packet.sequence,
        };
        self.relay(on, path, |world, proof_acked, proof_height| {
            let message = chan::MsgAcknowledgement {
                packet: raw(packet),
                acknowledgement,
                proof_acked,
                proof_height,
                signer: world.ends[on].address.clone(),
            };
            any("/ibc.core.channel.v1.MsgAcknowledgement", &message)
        })
        .await
    }

    pub fn balance(&self, on: usize, denom: &str) -> u128 {
        let end = &self.ends[on];
        end.node.read(|chain| chain.balance(&end.address, denom))
    }

    /// Times a packet out on `on`; `next` is the next sequence to be received.
    pub async fn time_out(&mut self, on: usize, packet: &Packet, next: u64) -> Block {
        let messages = self.time_out_messages(on, packet, next).await;
        self.submit(on, messages).await
    }

    pub async fn time_out_messages(&mut self, on: usize, packet: &Packet, next: u64) -> Vec<Any> {
        let path = match self.kind.ordering {
            chan::Order::Ordered => StorePath::NextSequenceRecv(packet.dst.clone()),
            _ => StorePath::Receipt {
                dst: packet.dst.clone(),
                sequence: packet.sequence,
            },
        };
        self.relay_messages(on, path, |world, proof_unreceived, proof_height| {
            let message = chan::MsgTimeout {
                packet: raw(packet),
                proof_unreceived,
                proof_height,
                next_sequence_recv: next,
                signer: world.ends[on].address.clone(),
            };
            any("/ibc.core.channel.v1.MsgTimeout", &message)
        })
        .await
    }

    /// Sends this data from the mock port; with a timeout `seconds` from now.
    pub async fn send_mock(&mut self, on: usize, data: &[u8], seconds: i64) -> Packet {
        let message = mock::MsgSend {
            sender: self.ends[on].address.clone(),
            channel: self.ends[on].channel.clone(),
            data: data.to_vec(),
            timeout_timestamp: (START + self.clock + seconds) as u64 * 1_000_000_000,
            ..Default::default()
        };
        let message = any(mock::SEND_URL, &message);
        let block = self.submit(on, vec![message]).await;
        sent(&block)
    }
}

fn sent(block: &Block) -> Packet {
    let sent = block.events.iter().find_map(|event| match event {
        Event::SendPacket(packet) => Some(packet.clone()),
        _ => None,
    });
    sent.expect("a packet")
}
