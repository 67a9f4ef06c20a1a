//! What goes wrong, and when. Pure.

use std::fmt::{Display, Formatter};

/// Something that goes wrong for a while, or once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The relayer is ended with SIGKILL and started again.
    Kill,
    /// The relayer is asked to end, and started again.
    Stop,
    /// The relayer's process stands still (SIGSTOP).
    Suspend,
    /// A chain's process stands still: it takes connections and does not answer.
    ChainHangs(usize),
    /// All connections to a node are cut, and new ones closed.
    Cut(usize),
    /// A node's RPC gives this answer to everything; its gRPC closes.
    Answers(usize, Answer),
    /// The WebSockets of both nodes are closed once.
    WebSockets,
}

/// What stands before a node and answers in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Unavailable,
    TooMany,
    Html,
}

impl Answer {
    /// As it goes over the connection, which is closed after it.
    pub fn http(self) -> String {
        let (head, kind, body) = match self {
            Self::Unavailable => ("503 Service Unavailable", "text/plain", "no upstream"),
            Self::TooMany => (
                "429 Too Many Requests\r\nRetry-After: 2",
                "text/plain",
                "slow down",
            ),
            Self::Html => (
                "200 OK",
                "text/html",
                "<!doctype html><title>Welcome</title><p>It works.",
            ),
        };
        let length = body.len();
        format!(
            "HTTP/1.1 {head}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
    }
}

/// What ends the relayer's process; it is another one after it.
const RESTARTS: [Fault; 2] = [Fault::Kill, Fault::Stop];

/// Everything else, each on either chain.
const OTHERS: [Fault; 12] = [
    Fault::ChainHangs(0),
    Fault::Cut(1),
    Fault::Answers(0, Answer::Unavailable),
    Fault::WebSockets,
    Fault::Answers(1, Answer::Html),
    Fault::Suspend,
    Fault::Answers(0, Answer::TooMany),
    Fault::Cut(0),
    Fault::ChainHangs(1),
    Fault::Answers(1, Answer::Unavailable),
    Fault::Answers(0, Answer::Html),
    Fault::Answers(1, Answer::TooMany),
];

impl Fault {
    /// The fault with this number, from 0. While `may_restart`, every other one starts
    /// the relayer again; after that none does, so that one process is watched.
    pub fn nth(number: usize, may_restart: bool) -> Self {
        if !may_restart {
            OTHERS[number % OTHERS.len()]
        } else if number.is_multiple_of(2) {
            RESTARTS[number / 2 % RESTARTS.len()]
        } else {
            OTHERS[number / 2 % OTHERS.len()]
        }
    }
}

/// The names of the chains, by their index.
pub const CHAINS: [&str; 2] = ["akash", "kava"];

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kill => f.write_str("kill -9"),
            Self::Stop => f.write_str("stop, start"),
            Self::Suspend => f.write_str("tern hangs"),
            Self::ChainHangs(chain) => write!(f, "{} hangs", CHAINS[*chain]),
            Self::Cut(chain) => write!(f, "{} cut", CHAINS[*chain]),
            Self::Answers(chain, answer) => {
                let answer = match answer {
                    Answer::Unavailable => "503",
                    Answer::TooMany => "429",
                    Answer::Html => "HTML",
                };
                write!(f, "{} {answer}", CHAINS[*chain])
            }
            Self::WebSockets => f.write_str("no WebSocket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_fault_restarts_the_relayer_and_all_kinds_take_turns() {
        let seen: Vec<Fault> = (0..4).map(|number| Fault::nth(number, true)).collect();
        let expected = [RESTARTS[0], OTHERS[0], RESTARTS[1], OTHERS[1]];
        assert_eq!(seen, expected);
        let all: Vec<Fault> = (0..24).map(|number| Fault::nth(number, true)).collect();
        assert!(RESTARTS
            .iter()
            .chain(&OTHERS)
            .all(|kind| all.contains(kind)));
    }

    #[test]
    fn later_ones_leave_the_process_alone() {
        let seen: Vec<Fault> = (20..32).map(|number| Fault::nth(number, false)).collect();
        assert!(RESTARTS.iter().all(|kind| !seen.contains(kind)));
        assert!(OTHERS.iter().all(|kind| seen.contains(kind)));
    }

    #[test]
    fn an_answer_has_the_length_it_says() {
        for answer in [Answer::Unavailable, Answer::TooMany, Answer::Html] {
            let text = answer.http();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
        }
    }

    #[test]
    fn names_fit_their_column() {
        let all = RESTARTS.iter().chain(&OTHERS);
        assert!(all.into_iter().all(|fault| fault.to_string().len() <= 14));
    }
}
