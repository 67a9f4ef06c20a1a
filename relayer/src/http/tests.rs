//! The routes, asked of an engine without chains.

use axum::body::{to_bytes, Body};
use axum::http::{Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::*;
use crate::connect::Context;
use crate::daemon::testing;

/// Two chains whose nodes are not there.
const CHAINS: &str = r#"
[[chain]]
id = "akash-a"
rpc = "http://127.0.0.1:9"
grpc = "http://127.0.0.1:9"
account_prefix = "akash"
gas_price = "0.025uakt"

[[chain]]
id = "kava-a"
rpc = "http://127.0.0.1:9"
grpc = "http://127.0.0.1:9"
account_prefix = "kava"
gas_price = "0.025ukava"
"#;
const TOKEN: &str = "0123456789abcdef";

struct Server {
    router: Router,
    _home: TempDir,
    _engine: JoinSet<()>,
}

impl Server {
    fn start(is_local: bool) -> Self {
        Self::of(Access {
            is_local,
            token: None,
        })
    }

    /// One where some may act.
    fn with_token() -> Self {
        Self::of(Access {
            is_local: true,
            token: Some(Token::of(TOKEN)),
        })
    }

    fn of(access: Access) -> Self {
        let (observed, engine) = testing::idle();
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config.toml");
        std::fs::write(&config, CHAINS).unwrap();
        let context = Context::load(home.path(), &config, true).unwrap();
        let daemon = testing::at_work(&observed, context);
        Self {
            router: router(daemon, &access),
            _home: home,
            _engine: engine,
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers().get(CONTENT_TYPE).cloned();
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        (status, kind.unwrap_or_default(), body)
    }

    async fn post(&self, path: &str, token: Option<&str>) -> (StatusCode, String, String) {
        let mut request = Request::post(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String, String) {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }
}

#[tokio::test]
async fn status_health_and_metrics_are_served() {
    let server = Server::start(true);
    let (code, kind, body) = server.get("/api/v1/status").await;
    assert_eq!((code, kind.as_str()), (StatusCode::OK, "application/json"));
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status["verdict"], "All well");
    for path in ["/", "/health", "/ready", "/api/v1/chains", "/api/v1/paths"] {
        assert_eq!(server.get(path).await.0, StatusCode::OK, "{path}");
    }
    let (code, kind, body) = server.get("/metrics").await;
    assert_eq!(
        (code, kind.as_str()),
        (StatusCode::OK, metrics::CONTENT_TYPE)
    );
    assert!(
        body.contains("tern_needs{kind=\"chain_down\",severity=\"act\"} 0.0"),
        "{body}"
    );
    assert!(body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_program_the_index() {
    let server = Server::start(true);
    let by_browser = |path: &str| {
        let request = Request::get(path).header("accept", "text/html,*/*;q=0.8");
        request.body(Body::empty()).unwrap()
    };
    for path in ["/", "/clients?page=2", "/fees", "/events", "/search?q=kava"] {
        let asked = server.router.clone().oneshot(by_browser(path));
        let response = asked.await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = response.headers()["content-security-policy"].to_str();
        assert!(policy.unwrap().contains("script-src 'self';"), "{path}");
    }
    for (path, kind) in [
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/assets/page.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        let (code, of, _) = server.get(path).await;
        assert_eq!((code, of.as_str()), (StatusCode::OK, kind), "{path}");
    }
    for (path, code) in [
        ("/nothing", StatusCode::NOT_FOUND),
        ("/paths/a/transfer/channel-7", StatusCode::NOT_FOUND),
        ("/paths/a/transfer/7", StatusCode::BAD_REQUEST),
        ("/packets/a/transfer/channel-7/x", StatusCode::BAD_REQUEST),
        ("/?page=x", StatusCode::BAD_REQUEST),
    ] {
        let (of, kind, body) = server.ask(by_browser(path)).await;
        assert_eq!((of, kind.as_str()), (code, "text/html; charset=utf-8"));
        assert!(body.contains("<h1>"), "{path}: {body}");
    }
    let (_, kind, body) = server.get("/").await;
    assert_eq!(kind, "application/json");
    assert!(body.contains("/api/v1/status"), "{body}");
}

#[tokio::test]
async fn what_cannot_be_met_is_a_problem_document_that_says_why() {
    let server = Server::start(true);
    for (path, code, said) in [
        (
            "/nothing",
            StatusCode::NOT_FOUND,
            "there is nothing at /nothing",
        ),
        (
            "/api/v1/nothing",
            StatusCode::NOT_FOUND,
            "there is nothing at",
        ),
        (
            "/api/v1/paths?limit=0",
            StatusCode::BAD_REQUEST,
            "`limit` is 0",
        ),
        (
            "/api/v1/paths?limit=x",
            StatusCode::BAD_REQUEST,
            "invalid digit",
        ),
        (
            "/api/v1/paths?lmit=1",
            StatusCode::BAD_REQUEST,
            "unknown field `lmit`",
        ),
        (
            "/api/v1/packets?state=lost",
            StatusCode::BAD_REQUEST,
            "unknown variant `lost`",
        ),
        (
            "/api/v1/packets?tx=7",
            StatusCode::BAD_REQUEST,
            "64 hexadecimal digits",
        ),
        (
            "/api/v1/trace",
            StatusCode::BAD_REQUEST,
            "give `chain`, `channel` and `sequence`",
        ),
        (
            "/api/v1/trace?chain=a&channel=channel-0&sequence=1",
            StatusCode::NOT_FOUND,
            "chain `a` is not in the configuration",
        ),
        (
            "/api/v1/trace?chain=akash-a&channel=channel-0&sequence=1",
            StatusCode::BAD_GATEWAY,
            "akash-a",
        ),
        (
            "/api/v1/packets?chain=a&channel=7",
            StatusCode::BAD_REQUEST,
            "`channel`",
        ),
        (
            "/api/v1/packets?chain=a&channel=channel-7",
            StatusCode::NOT_FOUND,
            "no path from",
        ),
    ] {
        let (status, kind, body) = server.get(path).await;
        assert_eq!(
            (status, kind.as_str()),
            (code, "application/problem+json"),
            "{path}"
        );
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], code.as_u16());
        assert!(problem["detail"].as_str().unwrap().contains(said), "{body}");
    }
    let post = Request::post("/api/v1/status").body(Body::empty()).unwrap();
    let (status, kind, _) = server.ask(post).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(kind, "application/problem+json");
}

#[tokio::test]
async fn a_local_server_answers_only_who_asks_for_this_machine() {
    let named = |host: &str| {
        let request = Request::get("/health").header("host", host);
        request.body(Body::empty()).unwrap()
    };
    let server = Server::start(true);
    assert_eq!(server.ask(named("127.0.0.1:7676")).await.0, StatusCode::OK);
    let (status, _, body) = server.ask(named("relayer.example")).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert!(body.contains("allow_remote"), "{body}");
    let open = Server::start(false);
    assert_eq!(open.ask(named("relayer.example")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_route_is_in_the_description() {
    let server = Server::start(true);
    let (_, _, body) = server.get("/api/v1/openapi.json").await;
    let description: Value = serde_json::from_str(&body).unwrap();
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/status", "/chains", "/paths", "/packets", "/trace", "/wallets", "/clients", "/txs",
        "/fees", "/events",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(description["components"]["schemas"]["Overview"].is_object());
    for (path, status) in [("/packets", "400"), ("/trace", "429"), ("/status", "421")] {
        let response = &paths[path]["get"]["responses"][status];
        let content = response["content"].as_object().unwrap();
        assert!(
            content.keys().eq(["application/problem+json"]),
            "{response}"
        );
        assert!(response["description"].as_str() > Some(""), "{response}");
    }
}

#[tokio::test]
async fn packets_of_all_paths_are_listed_and_what_was_looked_at() {
    let server = Server::start(true);
    let (code, _, body) = server
        .get("/api/v1/packets?state=sent&sender=akash1a")
        .await;
    assert_eq!(code, StatusCode::OK, "{body}");
    let packets: Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({
        "pending": 0, "looked_at": 0, "left_out": 0, "packets": [],
    });
    assert_eq!(packets, expected);
}

#[tokio::test]
async fn who_asks_the_chains_too_often_is_told_when_to_ask_again() {
    let server = Server::start(true);
    let ask = || {
        let trace = "/api/v1/trace?chain=none&channel=channel-0&sequence=1";
        let request = Request::get(trace).body(Body::empty()).unwrap();
        server.router.clone().oneshot(request)
    };
    let mut refused = None;
    for _ in 0..100 {
        let response = ask().await.unwrap();
        if response.status() != StatusCode::NOT_FOUND {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn only_so_many_listen_to_what_happens() {
    let server = Server::start(true);
    let listen = || Request::get("/api/v1/events").body(Body::empty()).unwrap();
    let mut listening = Vec::new();
    for _ in 0..events::LISTENERS_MAX {
        let response = server.router.clone().oneshot(listen()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        listening.push(response);
    }
    let (status, _, body) = server.ask(listen()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("16 others listen already"), "{body}");
    listening.pop();
    let response = server.router.clone().oneshot(listen()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "a place is free again");
}

#[tokio::test]
async fn nobody_acts_without_the_token() {
    let open = Server::start(true);
    let (code, kind, body) = open.post("/api/v1/drain", Some(TOKEN)).await;
    assert_eq!(code, StatusCode::FORBIDDEN);
    assert_eq!(kind, "application/problem+json");
    assert!(body.contains("token_file"), "{body}");
    let server = Server::with_token();
    for token in [None, Some("0123456789abcdeg"), Some("")] {
        let (code, _, body) = server.post("/api/v1/drain", token).await;
        assert_eq!(code, StatusCode::UNAUTHORIZED, "{body}");
    }
    let overview = server.get("/api/v1/status").await.2;
    assert!(!overview.contains("draining"), "{overview}");
    // Reading needs none, and what is not there is not there for those who have it, either.
    let (code, _, _) = server.post("/api/v1/nothing", Some(TOKEN)).await;
    assert_eq!(code, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_action_that_cannot_be_done_says_why() {
    let server = Server::with_token();
    for (path, code, said) in [
        (
            "/chains/akash-a/pause",
            StatusCode::CONFLICT,
            "chain akash-a is not in the configuration",
        ),
        (
            "/chains/akash-a/resume",
            StatusCode::CONFLICT,
            "akash-a is not paused",
        ),
        (
            "/paths/akash-a/transfer/channel-0/pause",
            StatusCode::CONFLICT,
            "there is no open channel akash-a transfer/channel-0",
        ),
        (
            "/paths/akash-a/transfer/channel-0/clear",
            StatusCode::CONFLICT,
            "chain akash-a is not in the configuration",
        ),
        (
            "/clients/akash-a/07-tendermint-0/refresh",
            StatusCode::CONFLICT,
            "chain akash-a is not in the configuration",
        ),
        (
            "/paths/akash-a/transfer/c/pause",
            StatusCode::BAD_REQUEST,
            "is not a channel identifier",
        ),
        (
            "/clients/akash-a/%00/refresh",
            StatusCode::BAD_REQUEST,
            "is not a client identifier",
        ),
    ] {
        let (found, _, body) = server.post(&format!("/api/v1{path}"), Some(TOKEN)).await;
        assert_eq!(found, code, "{path}: {body}");
        assert!(body.contains(said), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_drained_engine_ends() {
    let mut server = Server::with_token();
    let (code, _, body) = server.post("/api/v1/drain", Some(TOKEN)).await;
    assert_eq!(code, StatusCode::OK, "{body}");
    server._engine.join_next().await.unwrap().unwrap();
}
