//! A line of the log, as shown while it is said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineOverview {
    pub time: String,
    /// `error`, `warn` or `info`.
    pub level: String,
    /// The chain that it is about, if it is about one.
    pub chain: Option<String>,
    pub message: String,
    /// Whatever else it says, by name.
    pub fields: BTreeMap<String, String>,
}
