//! Whom a server that only this machine can reach answers.
//!
//! A page of another site can make a browser ask this server by a name that it lets point to
//! the loopback address (DNS rebinding), and read the answer. So a request has to name this
//! machine.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

pub async fn check(request: Request, next: Next) -> Response {
    let named = request.headers().get(HOST);
    let named = named.map(|host| host.to_str().unwrap_or_default());
    match named {
        Some(host) if !is_this_machine(host) => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "ask for it as localhost or 127.0.0.1; other names need `allow_remote = true` in \
             the section [http] of config.toml",
        )
        .into_response(),
        _ => next.run(request).await,
    }
}

/// Whether a `Host` header names this machine, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or_default();
    let address = name.parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in [
            "localhost",
            "LocalHost:7676",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]:7676",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:7676",
            "127.0.0.1.evil.example",
            "10.0.0.1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
