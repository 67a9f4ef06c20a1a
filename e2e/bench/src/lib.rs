//! Measures Tern, and Hermes beside it if asked, on the same chains in the same run.
//!
//! A [`scenario`] is a load and the figures that are taken of it. It runs in an
//! [`environment`]: two chains, accounts that send, and [`proxy`] servers before the nodes,
//! which count requests and delay them. A [`relayer::Relayer`] has a channel of its own; a
//! [`session`] starts it, sends the load and waits for the acknowledgements. What happened is
//! read from the chains' blocks ([`blocks`], [`packets`]). The figures are data ([`measure`]),
//! and the [`report`] is a pure function of them. [`in_process`] has scenarios that need no
//! environment.

pub mod blocks;
pub mod environment;
pub mod footprint;
pub mod in_process;
pub mod measure;
pub mod packets;
pub mod proxy;
pub mod relayer;
pub mod report;
pub mod scenario;
pub mod session;
