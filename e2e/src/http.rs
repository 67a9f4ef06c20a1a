//! The few questions the harness asks by HTTP: of a node's RPC, and of Tern.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(5);

/// The `result` of a CometBFT RPC method called with GET.
pub fn get(port: u16, path: &str) -> Result<Value> {
    let doing = || format!("GET {path} at port {port}");
    let (_, body) = ask(port, path)?;
    let mut body: Value = serde_json::from_str(&body).with_context(doing)?;
    match body.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => anyhow::bail!("{}: {body}", doing()),
    }
}

/// Status code and body of an answer to GET.
pub fn ask(port: u16, path: &str) -> Result<(u16, String)> {
    answer(port, "GET", path, "", "")
}

/// The body of an answer to POST of a JSON document.
pub fn post(port: u16, path: &str, document: &Value) -> Result<Value> {
    let body = document.to_string();
    let length = body.len();
    let header = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    let (_, answer) = answer(port, "POST", path, &header, &body)?;
    serde_json::from_str(&answer).with_context(|| format!("POST {body} at port {port}: {answer}"))
}

/// Status code and body of an answer to POST, with a bearer token.
pub fn act(port: u16, path: &str, token: &str) -> Result<(u16, String)> {
    let header = format!("Authorization: Bearer {token}\r\nContent-Length: 0\r\n");
    answer(port, "POST", path, &header, "")
}

fn answer(port: u16, method: &str, path: &str, header: &str, body: &str) -> Result<(u16, String)> {
    let doing = || format!("{method} {path} at port {port}");
    let mut stream = request(port, method, path, header).with_context(doing)?;
    stream.write_all(body.as_bytes()).with_context(doing)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(doing)?;
    let (header, body) = answer.split_once("\r\n\r\n").with_context(doing)?;
    let code = header.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((code.with_context(doing)?, body.to_owned()))
}

/// The lines of an answer that goes on, while none is longer in coming than some seconds.
pub fn lines(port: u16, path: &str) -> Result<impl Iterator<Item = String>> {
    let stream =
        request(port, "GET", path, "").with_context(|| format!("GET {path} at port {port}"))?;
    Ok(BufReader::new(stream).lines().map_while(|line| line.ok()))
}

fn request(port: u16, method: &str, path: &str, header: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\n{header}\r\n"
    )?;
    Ok(stream)
}
