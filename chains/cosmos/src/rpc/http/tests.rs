//! A node on a loopback socket that answers with bytes which a test chooses.

use tendermint_rpc::dialect::LatestDialect;
use tendermint_rpc::endpoint::{block, status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::testing::node;

const LIMITS: Limits = Limits {
    block_answer: 64 * 1024,
    answer: 16 * 1024,
    node: 96 * 1024,
};

/// Serves connections with `answer`, which is given the request's head.
async fn serve<F>(answer: impl Fn(TcpStream, String) -> F + Send + 'static) -> Url
where
    F: std::future::Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            tokio::spawn(answer(stream, head));
        }
    });
    format!("http://user:secret@127.0.0.1:{port}/private/path?key=private")
        .parse()
        .unwrap()
}

/// One answer, and the connection is closed.
async fn serve_text(head: &str, body: &str) -> Url {
    let answer = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n{body}");
    serve(move |mut stream, _| {
        let answer = answer.clone();
        async move {
            // The client may have gone away, having seen enough.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await
}

fn http(url: &Url) -> Http {
    Http::new(url, Duration::from_secs(30), LIMITS, Arc::default()).unwrap()
}

async fn ask_status(http: &Http) -> Result<status::Response, Fault> {
    http.ask(status::Request, LatestDialect, Size::Small).await
}

fn text(fault: &Fault) -> String {
    let text = fault.to_string();
    for secret in ["private", "secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    text
}

fn status_body() -> String {
    let result = node::status(1, 7);
    serde_json::json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()
}

#[tokio::test]
async fn an_answer_is_read_and_its_bytes_are_given_back() {
    let url = serve_text("200 OK", &status_body()).await;
    let http = http(&url);
    let status = ask_status(&http).await.unwrap();
    assert_eq!(status.sync_info.latest_block_height.value(), 7);
    assert_eq!(http.in_memory.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn credentials_of_the_address_are_sent_as_a_header() {
    let url = serve(|mut stream, head| async move {
        let known = head
            .to_lowercase()
            .contains("authorization: basic dxnlcjpzzwnyzxq=");
        let status = if known { "200 OK" } else { "401 Unauthorized" };
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{}",
            status_body()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    ask_status(&http(&url)).await.unwrap();
}

#[tokio::test]
async fn an_answer_without_an_end_is_left_at_the_limit_of_its_kind() {
    let url = serve(|mut stream, _| async move {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut sent = stream.write_all(head.as_bytes()).await;
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        // Until the client closes the connection.
        while sent.is_ok() {
            sent = stream.write_all(chunk.as_bytes()).await;
        }
    })
    .await;
    let http = http(&url);
    let small = ask_status(&http).await.unwrap_err();
    assert_eq!(
        text(&small),
        "the answer is larger than 16384 bytes, the limit for `status`"
    );
    let request = block::Request::new(1u32.into());
    let block = http.ask(request, LatestDialect, Size::Block).await;
    assert_eq!(
        text(&block.unwrap_err()),
        "the answer is larger than 65536 bytes, the limit for `block`"
    );
    assert_eq!(http.in_memory.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_length_above_the_limit_is_refused_before_anything_is_read() {
    let head = "200 OK\r\ncontent-length: 9000000000000";
    // Not one byte of the body is sent: waiting for it would be a timeout.
    let url = serve(move |mut stream, _| async move {
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let error = ask_status(&http(&url)).await.unwrap_err();
    assert!(text(&error).contains("the limit for `status`"), "{error}");
}

#[tokio::test]
async fn answers_that_are_small_alone_have_a_limit_together() {
    let url = serve_text("200 OK", &" ".repeat(15 * 1024)).await;
    let http = http(&url);
    // What answers hold that are being decoded.
    http.in_memory.store(90 * 1024, Ordering::Relaxed);
    let error = ask_status(&http).await.unwrap_err();
    assert!(
        text(&error).contains("larger than 98304 bytes together"),
        "{error}"
    );
    assert_eq!(http.in_memory.load(Ordering::Relaxed), 90 * 1024);
}

#[tokio::test]
async fn a_redirect_is_said_and_not_followed() {
    let target = serve(|_, _| async { panic!("nobody may be asked here") }).await;
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let head = format!("{status}\r\nlocation: {target}");
        let url = serve_text(&head, "").await;
        let error = ask_status(&http(&url)).await.unwrap_err();
        let port = target.port().unwrap();
        let expected = format!("redirects to http://127.0.0.1:{port}, which is not followed");
        assert!(text(&error).contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let url = serve_text(
        "200 OK\r\ncontent-encoding: gzip",
        "\u{1f}\u{8b} packed bytes",
    )
    .await;
    let error = ask_status(&http(&url)).await.unwrap_err();
    // It is read as it is, and is not JSON.
    assert!(matches!(error, Fault::Transport(_)), "{error}");
    assert!(text(&error).contains("expected value"), "{error}");
}

#[tokio::test]
async fn what_a_node_says_is_kept_short_and_its_address_apart() {
    let long = "x".repeat(10_000);
    let refusal = serde_json::json!({"jsonrpc": "2.0", "id": 1, "error":
        {"code": -32603, "message": "Internal error", "data": long}});
    let url = serve_text("200 OK", &refusal.to_string()).await;
    let error = ask_status(&http(&url)).await.unwrap_err();
    assert!(matches!(&error, Fault::Answer(said) if said.len() < 2_100));
    let nobody: Url = "http://user:secret@127.0.0.1:1/private?key=private"
        .parse()
        .unwrap();
    let error = ask_status(&http(&nobody)).await.unwrap_err();
    assert!(text(&error).contains("refused"), "{error}");
    let unavailable = serve_text("503 Service Unavailable", "<html>private</html>").await;
    let error = ask_status(&http(&unavailable)).await.unwrap_err();
    assert_eq!(text(&error), "HTTP status 503 Service Unavailable");
}

#[tokio::test]
async fn a_node_that_is_asked_too_much_is_left_alone_as_long_as_it_says() {
    let url = serve_text("429 Too Many Requests\r\nretry-after: 20", "").await;
    let http = http(&url);
    let error = ask_status(&http).await.unwrap_err();
    assert_eq!(text(&error), "HTTP status 429 Too Many Requests");
    let left = http.throttle.left(Instant::now()).unwrap();
    assert!(left > Duration::from_secs(10), "{left:?}");
    let error = ask_status(&http).await.unwrap_err();
    assert!(text(&error).contains("it is not asked for"), "{error}");
}
