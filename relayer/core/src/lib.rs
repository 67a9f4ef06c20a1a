//! The deciding part of Tern: pure functions on plain data.
//!
//! ```text
//! Fact ──ledger::apply──▶ Changes ──▶ View ──plan::plan──▶ Plan { batches, waits }
//! ```
//!
//! The operator's rules ([`admission`]) say what is served, and the [`budget`]s what may be
//! spent. The [`ledger`] turns what chains stated ([`Fact`](ledger::Fact)s) into changes of a
//! [`View`](ledger::View); the [`plan`]ners read the view and say what to do next. The
//! [`statistics`] count what happened, for whoever looks. Nothing here does I/O, reads a clock or draws random
//! numbers: no direct dependency could. Time comes in as block time, the
//! network as facts. So a decision is tested by value, and the same decisions
//! run in the daemon, in commands and in simulation.

pub mod admission;
pub mod budget;
pub mod ledger;
pub mod plan;
pub mod policy;
pub mod statistics;
pub mod transfer;
