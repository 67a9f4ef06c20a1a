//! The feature `otel`: the steps arrive at a collector as spans.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;

/// A request to the collector: its first line and its body.
type Request = (String, Vec<u8>);

/// Answers requests until the test ends. Returns its address and what it was sent.
fn collector() -> (String, mpsc::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The test may have ended.
            let _ = sender.send(read(&stream));
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, requests)
}

fn read(stream: &TcpStream) -> Request {
    let mut from = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut length = 0;
    loop {
        let header = line().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    (first, body)
}

#[test]
fn the_steps_of_a_packet_arrive_as_spans_before_the_program_ends() {
    let (address, requests) = collector();
    let demo = Command::new(env!("CARGO_BIN_EXE_tern"))
        .args(["demo", "--packets", "2", "--block-time", "100ms"])
        .env_remove("TERN_LOG")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        // Nothing goes by itself: what arrives was sent at the end.
        .env("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .output()
        .unwrap();
    assert!(demo.status.success(), "{demo:?}");
    let mut sent = Vec::new();
    for (first, body) in requests.try_iter() {
        assert_eq!(first, "POST /v1/traces HTTP/1.1");
        sent.extend(body);
    }
    let has = |text: &str| sent.windows(text.len()).any(|part| part == text.as_bytes());
    for text in [
        "service.name",
        "follow",
        "prove",
        "submit",
        "broadcast",
        "akash-dev",
    ] {
        assert!(has(text), "no {text} in {} bytes", sent.len());
    }
}
