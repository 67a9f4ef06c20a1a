//! The two handshakes between a world's ends, step by step.

#![allow(deprecated)]

use ibc_proto::ibc::core::channel::v1 as chan;
use ibc_proto::ibc::core::commitment::v1::MerklePrefix;
use ibc_proto::ibc::core::connection::v1 as conn;
use tern_chains::{Block, Event};

use super::{any, World};

fn prefix() -> Option<MerklePrefix> {
    Some(MerklePrefix {
        key_prefix: b"ibc".to_vec(),
    })
}

impl World {
    pub async fn open_connection(&mut self) {
        let [a, b] = &self.ends;
        let counterparty = |client: &str, connection: &str| {
            Some(conn::Counterparty {
                client_id: client.to_owned(),
                connection_id: connection.to_owned(),
                prefix: prefix(),
            })
        };
        let version = conn::Version {
            identifier: "1".to_owned(),
            features: vec!["ORDER_ORDERED".to_owned(), "ORDER_UNORDERED".to_owned()],
        };
        let init = conn::MsgConnectionOpenInit {
            client_id: a.client.clone(),
            counterparty: counterparty(&b.client, ""),
            signer: a.address.clone(),
            ..Default::default()
        };
        let block = self
            .submit(
                0,
                vec![any("/ibc.core.connection.v1.MsgConnectionOpenInit", &init)],
            )
            .await;
        self.ends[0].connection = connection_of(&block);

        let path = self.connection_path(0);
        let block = self.relay(1, path, |world, proof_init, proof_height| {
            let [a, b] = &world.ends;
            let message = conn::MsgConnectionOpenTry {
                client_id: b.client.clone(),
                counterparty: counterparty(&a.client, &a.connection),
                counterparty_versions: vec![version.clone()],
                proof_init,
                proof_height,
                signer: b.address.clone(),
                ..Default::default()
            };
            any("/ibc.core.connection.v1.MsgConnectionOpenTry", &message)
        });
        let block = block.await;
        self.ends[1].connection = connection_of(&block);

        let path = self.connection_path(1);
        self.relay(0, path, |world, proof_try, proof_height| {
            let [a, b] = &world.ends;
            let message = conn::MsgConnectionOpenAck {
                connection_id: a.connection.clone(),
                counterparty_connection_id: b.connection.clone(),
                version: Some(version.clone()),
                proof_try,
                proof_height,
                signer: a.address.clone(),
                ..Default::default()
            };
            any("/ibc.core.connection.v1.MsgConnectionOpenAck", &message)
        })
        .await;

        let path = self.connection_path(0);
        self.relay(1, path, |world, proof_ack, proof_height| {
            let b = &world.ends[1];
            let message = conn::MsgConnectionOpenConfirm {
                connection_id: b.connection.clone(),
                proof_ack,
                proof_height,
                signer: b.address.clone(),
            };
            any("/ibc.core.connection.v1.MsgConnectionOpenConfirm", &message)
        })
        .await;
    }

    pub async fn open_channel(&mut self) {
        let kind = self.kind;
        let channel = |connection: &str, counterparty: &str, state: chan::State| {
            Some(chan::Channel {
                state: state.into(),
                ordering: kind.ordering.into(),
                counterparty: Some(chan::Counterparty {
                    port_id: kind.port.to_owned(),
                    channel_id: counterparty.to_owned(),
                }),
                connection_hops: vec![connection.to_owned()],
                version: kind.version.to_owned(),
                upgrade_sequence: 0,
            })
        };
        // Without a version: the application has a default.
        let mut init = channel(&self.ends[0].connection, "", chan::State::Init);
        if let Some(init) = &mut init {
            init.version.clear();
        }
        let init = chan::MsgChannelOpenInit {
            port_id: kind.port.to_owned(),
            channel: init,
            signer: self.ends[0].address.clone(),
        };
        let block = self
            .submit(
                0,
                vec![any("/ibc.core.channel.v1.MsgChannelOpenInit", &init)],
            )
            .await;
        self.ends[0].channel = channel_of(&block);

        let path = self.channel_path(0);
        let block = self.relay(1, path, |world, proof_init, proof_height| {
            let [a, b] = &world.ends;
            let message = chan::MsgChannelOpenTry {
                port_id: kind.port.to_owned(),
                channel: channel(&b.connection, &a.channel, chan::State::Tryopen),
                counterparty_version: kind.version.to_owned(),
                proof_init,
                proof_height,
                signer: b.address.clone(),
                ..Default::default()
            };
            any("/ibc.core.channel.v1.MsgChannelOpenTry", &message)
        });
        let block = block.await;
        self.ends[1].channel = channel_of(&block);

        let path = self.channel_path(1);
        self.relay(0, path, |world, proof_try, proof_height| {
            let [a, b] = &world.ends;
            let message = chan::MsgChannelOpenAck {
                port_id: kind.port.to_owned(),
                channel_id: a.channel.clone(),
                counterparty_channel_id: b.channel.clone(),
                counterparty_version: kind.version.to_owned(),
                proof_try,
                proof_height,
                signer: a.address.clone(),
            };
            any("/ibc.core.channel.v1.MsgChannelOpenAck", &message)
        })
        .await;

        let path = self.channel_path(0);
        self.relay(1, path, |world, proof_ack, proof_height| {
            let b = &world.ends[1];
            let message = chan::MsgChannelOpenConfirm {
                port_id: kind.port.to_owned(),
                channel_id: b.channel.clone(),
                proof_ack,
                proof_height,
                signer: b.address.clone(),
            };
            any("/ibc.core.channel.v1.MsgChannelOpenConfirm", &message)
        })
        .await;
    }
}

fn connection_of(block: &Block) -> String {
    let ids = block.events.iter().find_map(|event| match event {
        Event::ConnectionChanged { connection_id } => Some(connection_id.to_string()),
        _ => None,
    });
    ids.expect("a connection")
}

fn channel_of(block: &Block) -> String {
    let ids = block.events.iter().find_map(|event| match event {
        Event::ChannelChanged { channel_id, .. } => Some(channel_id.to_string()),
        _ => None,
    });
    ids.expect("a channel")
}
