//! A path of packets, given by its source end: its other end, and how commands and JSON
//! name it.

use tern::engine::channel_end;
use tern_chains::{Chain, ChainError, ChainId, ChannelId, PortId};
use tern_config::UnknownChain;
use tern_core::ledger::ChannelKey;

use crate::connect::Context;

/// Why the other end of a path is not known.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    #[error("there is no channel {src}: `tern query channels {}` lists the channels", .src.chain)]
    NoChannel { src: ChannelKey },
    #[error("the other end of channel {src} is on {dst}: add a [[chain]] section")]
    NotConfigured {
        src: ChannelKey,
        dst: ChainId,
        #[source]
        source: UnknownChain,
    },
    #[error("channel {src} is not open yet: its counterparty channel is not known")]
    NotOpen { src: ChannelKey },
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// The destination end of a path, read from the source chain.
pub async fn other_end(
    context: &Context,
    chain: &dyn Chain,
    src: &ChannelKey,
) -> Result<ChannelKey, PathError> {
    let end = || src.clone();
    let Some(channel) = channel_end(chain, src).await? else {
        return Err(PathError::NoChannel { src: end() });
    };
    let dst = channel.counterparty_chain;
    if let Err(source) = context.chain_config(dst.as_str()) {
        let src = end();
        return Err(PathError::NotConfigured { src, dst, source });
    }
    let Some(channel_id) = channel.counterparty_channel_id else {
        return Err(PathError::NotOpen { src: end() });
    };
    Ok(ChannelKey {
        chain: dst,
        port_id: channel.counterparty_port_id,
        channel_id,
    })
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
