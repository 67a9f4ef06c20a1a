//! Tern measured, beside Hermes if asked, on the same chains in the same run.
//!
//! A [`scene`] is a load and what is looked at; a [`relayer::Contestant`] is a
//! relayer with a channel of its own. The [`stage`] has two real chains, an
//! account that sends, and [`proxy`] gates to the nodes that delay what passes and
//! count what is asked. What happened is read from the chains' blocks
//! ([`journal`], [`trip`]) and comes out as data ([`measure`]); the [`report`] is a
//! pure function of it. [`in_process`] has scenes that need no stage.
//!
//! ```text
//! scene ─load─▶ stage ─blocks─▶ journal ─▶ trips ─figures─▶ measures ─▶ report
//!                 └─gates─▶ tally ───────────────┘
//! ```

pub mod carry;
pub mod footprint;
pub mod in_process;
pub mod journal;
pub mod measure;
pub mod proxy;
pub mod relayer;
pub mod report;
pub mod scene;
pub mod stage;
pub mod trip;
