//! The page: what people see of a running relayer in a browser.
//!
//! Views are pure functions from what is seen of the relayer to markup, and decide nothing.
//! They can be read without a script; the script (`assets/page.js`) asks for a view again
//! when something has happened, and asks before a button does something. Everything comes
//! from this server: no other address is in it, and the content security policy allows none,
//! and no script or style within the markup.

mod actions;
mod answer;
mod assets;
mod clients;
mod events;
mod fee_days;
mod fees;
mod layout;
mod overview;
mod packet;
mod parts;
mod path;
mod paths;
mod plots;
mod routes;
mod search;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod txs;

pub use routes::{is_for_people, not_found, router};
