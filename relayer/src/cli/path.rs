//! A path of packets, given by its source end.

use clap::Args;
use tern_chains::{Chain, ChainId, ChannelId, PortId};
use tern_core::ledger::ChannelKey;

use super::parse;
use crate::connect::Context;
use crate::path::{other_end, PathError};

/// The source end of a path.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PathArgs {
    /// Source chain of the packets
    #[arg(value_name = "SRC-CHAIN")]
    pub chain: String,
    /// Channel on the source chain
    #[arg(value_parser = parse::channel)]
    pub channel: ChannelId,
    /// Port on the source chain
    #[arg(long, default_value = "transfer", value_parser = parse::port)]
    pub port: PortId,
}

impl PathArgs {
    /// Both ends of the path, read from the source chain.
    pub async fn ends(
        &self,
        context: &Context,
        src: &dyn Chain,
    ) -> Result<(ChannelKey, ChannelKey), PathError> {
        let src_end = ChannelKey {
            chain: ChainId::from_string(&self.chain),
            port_id: self.port.clone(),
            channel_id: self.channel.clone(),
        };
        let dst_end = other_end(context, src, &src_end).await?;
        Ok((src_end, dst_end))
    }
}
