//! The requests in a stream of HTTP/1.1, by what they ask of CometBFT.

use serde_json::Value;

use super::websocket::find;

/// Reads requests of a known length, as JSON-RPC clients send them. After an
/// upgrade, or anything it cannot read, it reads no more.
#[derive(Default)]
pub struct Http1 {
    pending: Vec<u8>,
    state: State,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    Http,
    WebSocket,
    Unreadable,
}

impl Http1 {
    /// The methods of the requests that end in these bytes; the calls of a batch
    /// one by one.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut methods = Vec::new();
        if self.state != State::Http {
            return methods;
        }
        self.pending.extend_from_slice(bytes);
        while let Some(end) = find(&self.pending, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&self.pending[..end]).into_owned();
            let body = end + 4;
            if header(&head, "transfer-encoding").is_some() {
                self.state = State::Unreadable;
                methods.push("a request in chunks".to_owned());
                return methods;
            }
            let length = header(&head, "content-length");
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if self.pending.len() < body + length {
                return methods;
            }
            if header(&head, "upgrade").is_some() {
                self.state = State::WebSocket;
                self.pending.clear();
                methods.push("websocket".to_owned());
                return methods;
            }
            methods.extend(asked(&head, &self.pending[body..body + length]));
            self.pending.drain(..body + length);
        }
        methods
    }

    pub fn is_websocket(&self) -> bool {
        self.state == State::WebSocket
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(is, _)| is.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

fn asked(head: &str, body: &[u8]) -> Vec<String> {
    if let Ok(body) = serde_json::from_slice::<Value>(body) {
        return match &body {
            Value::Array(calls) => calls.iter().map(method).collect(),
            call => vec![method(call)],
        };
    }
    let target = head.split_whitespace().nth(1).unwrap_or("?");
    let path = target.split('?').next().unwrap_or(target);
    vec![path.trim_start_matches('/').to_owned()]
}

/// A JSON-RPC method; of `abci_query`, with what it is about.
fn method(call: &Value) -> String {
    let method = call["method"].as_str().unwrap_or("?");
    if method != "abci_query" {
        return method.to_owned();
    }
    match call["params"]["path"].as_str() {
        Some(path) if path.ends_with("/key") && call["params"]["prove"] == true => {
            format!("{method} with proof")
        }
        Some(path) if path.ends_with("/key") => method.to_owned(),
        Some(path) => format!("{method} {path}"),
        None => method.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(body: &str) -> String {
        let length = body.len();
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
    }

    fn read(stream: &str, size: usize) -> Vec<String> {
        let mut http = Http1::default();
        let chunks = stream.as_bytes().chunks(size);
        chunks.flat_map(|chunk| http.read(chunk)).collect()
    }

    #[test]
    fn requests_are_named_however_the_bytes_are_cut() {
        let stream = [
            post(r#"{"method":"block_results","params":{"height":"7"}}"#),
            "GET /status?a=b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            post(r#"[{"method":"commit"},{"method":"validators"}]"#),
        ];
        for size in [1, 3, 64, 10_000] {
            let methods = read(&stream.concat(), size);
            assert_eq!(
                methods,
                ["block_results", "status", "commit", "validators"],
                "in chunks of {size}"
            );
        }
    }

    #[test]
    fn queries_are_told_apart() {
        let query = |path: &str, prove: bool| {
            let params = format!(r#"{{"path":"{path}","prove":{prove}}}"#);
            read(
                &post(&format!(r#"{{"method":"abci_query","params":{params}}}"#)),
                100,
            )
        };
        assert_eq!(query("store/ibc/key", true), ["abci_query with proof"]);
        assert_eq!(query("/store/ibc/key", false), ["abci_query"]);
        assert_eq!(query("/app/version", false), ["abci_query /app/version"]);
    }

    #[test]
    fn after_an_upgrade_nothing_is_a_request() {
        let mut http = Http1::default();
        let upgrade = "GET /websocket HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(http.read(upgrade.as_bytes()), ["websocket"]);
        assert!(http.is_websocket());
        assert!(http.read(post("{}").as_bytes()).is_empty());
    }
}
