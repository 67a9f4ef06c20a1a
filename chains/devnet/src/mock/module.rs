//! The ICS-26 callbacks: every channel is accepted, and the packet's data decides
//! its acknowledgement, and whether it is *poison*: a packet that costs whoever relays it.

use ibc::core::channel::types::acknowledgement::Acknowledgement;
use ibc::core::channel::types::channel::{Counterparty, Order};
use ibc::core::channel::types::error::ChannelError;
use ibc::core::channel::types::packet::Packet;
use ibc::core::channel::types::Version;
use ibc::core::host::types::identifiers::{ChannelId, ConnectionId, PortId};
use ibc::core::primitives::Signer;
use ibc::core::router::module::Module;
use ibc::core::router::types::module::ModuleExtras;

use super::{HEAVY, HEAVY_GAS, PANICS, PANICS_IN_BLOCKS, VERSION};
use crate::gas::Gas;

/// Data that gets an error acknowledgement, and data that gets none.
const FAILS: &[u8] = b"mock failed packet data";
const UNANSWERED: &[u8] = b"mock async packet data";

const SUCCESS: &str = r#"{"result":"bW9jayBhY2tub3dsZWRnZW1lbnQ="}"#;
const ERROR: &str = r#"{"error":"ABCI code: 1: error handling packet: see events for details"}"#;

/// The application during one message.
#[derive(Debug)]
pub(crate) struct Mock {
    pub gas: Gas,
    /// Whether the message is executed in a block, or only simulated.
    pub is_in_block: bool,
    /// A panic, which is no error of the message: the caller makes the transaction fail.
    pub has_panicked: bool,
}

fn version_or_own(version: &Version) -> Version {
    if version.is_empty() {
        Version::new(VERSION.to_owned())
    } else {
        version.clone()
    }
}

impl Module for Mock {
    fn on_chan_open_init_validate(
        &self,
        _: Order,
        _: &[ConnectionId],
        _: &PortId,
        _: &ChannelId,
        _: &Counterparty,
        version: &Version,
    ) -> Result<Version, ChannelError> {
        Ok(version_or_own(version))
    }

    fn on_chan_open_init_execute(
        &mut self,
        _: Order,
        _: &[ConnectionId],
        _: &PortId,
        _: &ChannelId,
        _: &Counterparty,
        version: &Version,
    ) -> Result<(ModuleExtras, Version), ChannelError> {
        Ok((ModuleExtras::empty(), version_or_own(version)))
    }

    fn on_chan_open_try_validate(
        &self,
        _: Order,
        _: &[ConnectionId],
        _: &PortId,
        _: &ChannelId,
        _: &Counterparty,
        version: &Version,
    ) -> Result<Version, ChannelError> {
        Ok(version.clone())
    }

    fn on_chan_open_try_execute(
        &mut self,
        _: Order,
        _: &[ConnectionId],
        _: &PortId,
        _: &ChannelId,
        _: &Counterparty,
        version: &Version,
    ) -> Result<(ModuleExtras, Version), ChannelError> {
        Ok((ModuleExtras::empty(), version.clone()))
    }

    fn on_recv_packet_execute(
        &mut self,
        packet: &Packet,
        _: &Signer,
    ) -> (ModuleExtras, Option<Acknowledgement>) {
        if packet.data.starts_with(HEAVY) {
            self.gas.charge(HEAVY_GAS);
        }
        self.has_panicked |= match packet.data.as_slice() {
            PANICS => true,
            PANICS_IN_BLOCKS => self.is_in_block,
            _ => false,
        };
        let answer = match packet.data.as_slice() {
            FAILS => Some(ERROR),
            UNANSWERED => None,
            _ => Some(SUCCESS),
        };
        let ack = answer.and_then(|text| text.as_bytes().to_vec().try_into().ok());
        (ModuleExtras::empty(), ack)
    }

    fn on_acknowledgement_packet_validate(
        &self,
        _: &Packet,
        _: &Acknowledgement,
        _: &Signer,
    ) -> Result<(), ChannelError> {
        Ok(())
    }

    fn on_acknowledgement_packet_execute(
        &mut self,
        _: &Packet,
        _: &Acknowledgement,
        _: &Signer,
    ) -> (ModuleExtras, Result<(), ChannelError>) {
        (ModuleExtras::empty(), Ok(()))
    }

    fn on_timeout_packet_validate(&self, _: &Packet, _: &Signer) -> Result<(), ChannelError> {
        Ok(())
    }

    fn on_timeout_packet_execute(
        &mut self,
        _: &Packet,
        _: &Signer,
    ) -> (ModuleExtras, Result<(), ChannelError>) {
        (ModuleExtras::empty(), Ok(()))
    }
}
