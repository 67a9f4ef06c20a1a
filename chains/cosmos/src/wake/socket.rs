//! One WebSocket connection subscribed to new block headers, read as notifications.

use std::time::Duration;

use async_tungstenite::tokio::{connect_async_with_config, ConnectStream};
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::WebSocketStream;
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::time::timeout;

use crate::rpc::Rpc;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// CometBFT pings every 27 s: silence for longer than two of them is a dead
/// connection.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The largest message that is read. Until CometBFT 0.38 what happened at the end of
/// the block comes with its header.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Headers are the smallest event that comes with every block.
const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"query":"tm.event='NewBlockHeader'"}}"#;

pub(super) struct Socket(WebSocketStream<ConnectStream>);

/// Connects and subscribes. The error is the reason, in words.
pub(super) async fn open(rpc: &Rpc) -> Result<Socket, String> {
    let limits = WebSocketConfig {
        max_message_size: Some(MESSAGE_BYTES_MAX),
        max_frame_size: Some(MESSAGE_BYTES_MAX),
        ..WebSocketConfig::default()
    };
    let connecting = connect_async_with_config(rpc.socket_url.clone(), Some(limits));
    let connecting = timeout(CONNECT_TIMEOUT, connecting).await;
    let (mut stream, _) = connecting
        .map_err(|_| "connecting takes too long".to_owned())?
        .map_err(|error| error.to_string())?;
    let subscribe = Message::Text(SUBSCRIBE.to_owned());
    stream
        .send(subscribe)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Socket(stream))
}

impl Socket {
    /// The next notification, with the block's height if it says one.
    pub async fn notification(&mut self) -> Result<Option<u64>, String> {
        loop {
            let message = timeout(SILENCE_MAX, self.0.next())
                .await
                .map_err(|_| format!("silent for {} s", SILENCE_MAX.as_secs()))?
                .ok_or("closed by the node")?
                .map_err(|error| error.to_string())?;
            match message {
                Message::Text(text) => return read(&text),
                Message::Close(_) => return Err("closed by the node".to_owned()),
                // Pings are answered by the library.
                _ => {}
            }
        }
    }
}

/// Height of a header event; `None` for any other message. An error is the
/// node's refusal to subscribe us.
fn read(text: &str) -> Result<Option<u64>, String> {
    #[derive(Deserialize)]
    struct Envelope {
        result: Option<Result_>,
        error: Option<serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Result_ {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        value: Value,
    }
    #[derive(Deserialize)]
    struct Value {
        header: Header,
    }
    #[derive(Deserialize)]
    struct Header {
        height: String,
    }
    let Ok(envelope) = serde_json::from_str::<Envelope>(text) else {
        return Ok(None);
    };
    if let Some(error) = envelope.error {
        return Err(error.to_string());
    }
    let height = envelope
        .result
        .map(|result| result.data.value.header.height);
    Ok(height.and_then(|height| height.parse().ok()))
}

#[cfg(test)]
mod tests {
    use async_tungstenite::tokio::accept_async;
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::light_chain;
    use crate::CosmosSettings;

    #[tokio::test]
    async fn a_message_above_the_limit_ends_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let url: url::Url = url.parse().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            socket.next().await.unwrap().unwrap();
            let size = |bytes| Message::Text("x".repeat(bytes));
            socket.send(size(MESSAGE_BYTES_MAX)).await.unwrap();
            // The client goes away in the middle of it.
            let _ = socket.send(size(MESSAGE_BYTES_MAX + 1)).await;
        });
        let id = tern_chains::ChainId::from_string(light_chain::ID);
        let price = "0stake".parse().unwrap();
        let settings = CosmosSettings::new(id, url.clone(), url.clone(), "cosmos", price);
        let rpc = Rpc::new(&settings, &url, Default::default()).unwrap();
        let mut socket = open(&rpc).await.unwrap();
        assert_eq!(socket.notification().await, Ok(None));
        let error = socket.notification().await.unwrap_err();
        assert!(error.contains("too long"), "{error}");
    }

    #[test]
    fn a_header_event_gives_its_height() {
        let event = r#"{"jsonrpc":"2.0","id":1,"result":{"query":"tm.event='NewBlockHeader'",
            "data":{"type":"tendermint/event/NewBlockHeader","value":{"header":{
            "version":{"block":"11"},"chain_id":"a-1","height":"42"}}},"events":{}}}"#;
        assert_eq!(read(event), Ok(Some(42)));
    }

    #[test]
    fn anything_else_is_a_notification_without_a_height() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"result":{"data":{"value":{"header":{"height":"many"}}}}}"#,
            "not json",
            "",
        ] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_refusal_is_an_error() {
        let refusal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",
            "data":"max_subscriptions_per_client 5 reached"}}"#;
        assert!(read(refusal).unwrap_err().contains("max_subscriptions"));
    }
}
