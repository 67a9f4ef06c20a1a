//! What stands before public nodes, and answers in their place: a rate limit, a gateway
//! without its node, somebody's web page.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{Network, Proxy};

const TOO_MANY_REQUESTS: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n\
     Content-Type: text/plain\r\nContent-Length: 18\r\nConnection: close\r\n\r\nRate limit \
     exceeded";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
     Connection: close\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 43\r\n\
     Connection: close\r\n\r\n<!DOCTYPE html><html><body>Hi</body></html>";

/// Requests to a node that answers none, all in all: each task that needs it pauses longer
/// and longer. Without pauses there would be thousands.
const ASKED_MAX: usize = 60;

#[test]
fn what_a_proxy_answers_in_place_of_the_node_is_told_and_waited_for() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let kava = fixture.kava();
    let proxies = [Proxy::open(kava.rpc_port)?, Proxy::open(kava.grpc_port)?];
    for (node, proxy) in [kava.rpc_port, kava.grpc_port].iter().zip(&proxies) {
        fixture.network.tern.redirect(*node, proxy.port)?;
    }
    let mut books = fixture.books()?;
    let mut daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    for (what, answer, told) in [
        ("429 with Retry-After", TOO_MANY_REQUESTS, "429"),
        ("503", UNAVAILABLE, "503"),
        ("an HTML page", PAGE, "the answer is not CometBFT's"),
    ] {
        let logged = daemon.log().len();
        // Some of it is under way when the answers change.
        fixture.send_both(10)?;
        proxies.iter().for_each(|proxy| proxy.answer(answer));
        fixture.send_both(10)?;
        fixture.goes_on(fixture.akash(), 12).context(what)?;
        let log = daemon.log().split_off(logged);
        ensure!(
            log.contains("kava-a") && log.contains(told),
            "{what}: not told: {log}"
        );
        fixture.told(&["health"], told).context(what)?;
        let asked = proxies[0].answered();
        ensure!(asked <= ASKED_MAX, "{what}: {asked} requests");
        proxies.iter().for_each(Proxy::pass);
        fixture.settled().context(what)?;
        books.close(&fixture.network.chains, what)?;
    }
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    fixture.balanced()?;
    fixture.passed()
}
