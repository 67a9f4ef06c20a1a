//! Who is asked what a pending packet waits for.

use tern::engine::status::PacketWait;
use tern_core::ledger::EndKey;

use super::error::TraceError;
use super::packet_trace::PacketTrace;
use crate::connect::Context;
use crate::daemon::{DaemonClient, Observed};

/// An engine that may relay the packet.
pub enum Engine {
    /// That of the daemon in the home folder, if one runs.
    OfDaemon,
    /// That of this process.
    Here(Observed),
}

impl Engine {
    /// What a packet waits for; `None` if nobody knows.
    pub async fn wait_of(
        &self,
        context: &Context,
        trace: &PacketTrace,
    ) -> Result<Option<PacketWait>, TraceError> {
        let src = EndKey::from(trace.src.clone());
        let status = match self {
            Self::OfDaemon => match DaemonClient::find(&context.home).await? {
                Some(daemon) => daemon.status(Some(src)).await?,
                None => return Ok(None),
            },
            Self::Here(observed) => observed.path(src).await?.0,
        };
        let mut packets = status.packets.into_iter();
        let packet = packets.find(|status| status.packet.sequence == trace.sequence);
        Ok(packet.map(|status| status.waits_for))
    }
}
