//! Scenarios on real chains.
//!
//! A [`Network`] is one or more chains of `e2e/chain` (ibc-go, Cosmos SDK, CometBFT), or of
//! [another version](IbcGo), on free loopback ports in a temporary folder, with funded
//! accounts, and homes for `tern` beside them. Everything that is started is ended by its
//! process id when its owner is dropped, or killed. The binaries are built on first use.
//!
//! The scenarios in `tests/` call `tern` as an operator would, and look at what
//! the chains say.

mod binaries;
mod books;
mod browser;
mod chain;
mod contracts;
pub mod ethereum;
mod follower;
mod guard;
mod hermes;
mod history;
pub mod http;
pub mod interrupt;
mod network;
pub mod ports;
mod process;
mod proxy;
mod settings;
mod state;
mod tern;
mod token;
pub mod wait;

pub use binaries::{chaind, tern as tern_binary};
pub use books::{Books, Counts};
pub use browser::{Browser, Look};
pub use chain::{token_of, ChainSpec, IbcGo, TestChain, CONSUMER_ID, ICS20_CONTRACT};
pub use contracts::uniswap_v2;
pub use hermes::{create_channel, Hermes, HermesChain, HermesConfig, Relaying};
pub use history::attribute;
pub use network::{Network, Setup};
pub use ports::free_ports;
pub use process::{run, tail, Process, Signal};
pub use proxy::Proxy;
pub use settings::ConfigFile;
pub use tern::{Daemon, Output, Running, Tern};
pub use token::voucher;

/// Accounts every test chain has. The mnemonics are the test vectors of BIP-39:
/// never use them for anything of value.
pub const RELAYER: (&str, &str) = (
    "relayer",
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
);
pub const USER: (&str, &str) = (
    "user",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
);
/// A second relayer, for what must not be the first one's doing.
pub const OTHER: (&str, &str) = (
    "other",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
);
/// A valid mnemonic whose accounts have nothing.
pub const POOR: (&str, &str) = ("poor", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong");
