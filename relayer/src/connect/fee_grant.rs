//! The messages with which an account pays the fees of others, and stops to.

pub use tern_cosmos_core::fee_grant::{grant, revoke, Allowance};
