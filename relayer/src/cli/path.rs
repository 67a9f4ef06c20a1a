//! A path of packets, given by its source end.

use anyhow::{bail, Context as _};
use clap::Args;
use tern::engine::channel_end;
use tern_chains::{Chain, ChannelId, PortId};
use tern_core::ledger::ChannelKey;

use super::parse;
use crate::connect::Context;

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
    ) -> anyhow::Result<(ChannelKey, ChannelKey)> {
        let src_end = ChannelKey {
            chain: src.id().clone(),
            port_id: self.port.clone(),
            channel_id: self.channel.clone(),
        };
        let Some(channel) = channel_end(src, &src_end).await? else {
            bail!(
                "there is no channel {src_end}: `tern query channels {}` lists the channels",
                self.chain
            );
        };
        let dst = channel.counterparty_chain;
        context.chain_config(dst.as_str()).with_context(|| {
            format!("the other end of channel {src_end} is on {dst}: add a [[chain]] section")
        })?;
        let Some(channel_id) = channel.counterparty_channel_id else {
            bail!("channel {src_end} is not open yet: its counterparty channel is not known");
        };
        let dst_end = ChannelKey {
            chain: dst,
            port_id: channel.counterparty_port_id,
            channel_id,
        };
        Ok((src_end, dst_end))
    }
}

/// The command that relays the packets of a channel.
pub fn clear_command(chain: &str, channel: &ChannelId, port: &PortId) -> String {
    match port.as_str() {
        "transfer" => format!("tern packet clear {chain} {channel}"),
        port => format!("tern packet clear {chain} {channel} --port {port}"),
    }
}

/// A channel end in JSON output.
pub fn end_json(end: &ChannelKey) -> serde_json::Value {
    serde_json::json!({
        "chain_id": end.chain.as_str(),
        "port_id": end.port_id.as_str(),
        "channel_id": end.channel_id.as_str(),
    })
}
