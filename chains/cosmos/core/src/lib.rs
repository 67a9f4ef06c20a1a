//! Formats and rules of Cosmos SDK chains, without I/O: what needs no node.
//!
//! Whoever is such a chain, talks to one or pretends to be one uses the same:
//! `block`, `events` and `client_messages` turn blocks, ABCI events and transactions into facts; `codec` and `convert` read what the chain
//! stores; `msg` encodes datagrams; `proof` checks a value against a root (ICS-23);
//! `light`, `verify`, `first_client`, `client_flaws` and `upgrade` are the light client (ICS-07); `key`, `key_type`, `gas`
//! and `tx` make signed transactions; `fee_market` and `asked_price` read what is asked for gas, and `fee_grant`
//! lets another account pay; `armor` and `hermes_key` read keys of other programs. No clock is read and nothing is sent here.

pub mod armor;
pub mod asked_price;
pub mod block;
pub mod block_time;
pub mod client_flaws;
pub mod client_messages;
pub mod codec;
pub mod convert;
pub mod errors;
pub mod events;
pub mod fee_grant;
pub mod fee_market;
pub mod first_client;
pub mod gas;
pub mod hermes_key;
pub mod key;
pub mod key_type;
pub mod light;
pub mod msg;
pub mod outcome;
pub mod proof;
pub mod proposer;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tx;
pub mod upgrade;
pub mod verify;

pub use asked_price::asked_price;
pub use block_time::{block_time, tendermint_time};
pub use codec::{store_of, CosmosCodec, HEIGHT_RULES, STORE_PREFIX};
pub use errors::Origin;
pub use events::decode_or_warn;
pub use fee_market::FeeMarket;
pub use first_client::first_client;
pub use gas::{Decimal, DecimalError, GasPrice, GasPriceError};
pub use key::{check_address, Key, KeyError, PublicKey, DEFAULT_HD_PATH};
pub use key_type::{AccountFormat, KeyType};
pub use msg::{encode, NotEncodable};
pub use outcome::outcome;
pub use proof::{encode as encode_proof, verify as verify_proof};
pub use tx::{body, document, sign, Document, SignError, Terms, Unsigned};
pub use upgrade::{client_upgrade, upgrade_paths};
pub use verify::LightBlock;
