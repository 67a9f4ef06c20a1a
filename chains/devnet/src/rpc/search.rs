//! `tx_search` and `block_search`, and the query language they share with
//! subscriptions: conditions joined by AND.

use std::sync::Arc;

use serde_json::{json, Value};

use super::params::Params;
use super::txs::{attributes, value};
use super::{blocks::block_value, Answer, RpcError};
use crate::block::Committed;
use crate::node::Node;

const PER_PAGE_DEFAULT: u64 = 30;
const PER_PAGE_MAX: u64 = 100;

/// A query: all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<Condition>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    key: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
    Contains,
    Exists,
}

/// Longer operators first, because `>=` contains `>`.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Equal),
    (" CONTAINS ", Operator::Contains),
];

impl Query {
    pub fn parse(text: &str) -> Result<Self, RpcError> {
        let conditions = text.split(" AND ").map(|condition| {
            if let Some(key) = condition.trim().strip_suffix("EXISTS") {
                return Ok(Condition {
                    key: key.trim().to_owned(),
                    operator: Operator::Exists,
                    value: String::new(),
                });
            }
            let mut operators = OPERATORS.iter();
            let parts = operators.find_map(|(sign, operator)| {
                let (key, value) = condition.split_once(sign)?;
                Some((key, *operator, value))
            });
            let wrong = || RpcError::params(format!("failed to parse query `{text}`"));
            let (key, operator, value) = parts.ok_or_else(wrong)?;
            Ok(Condition {
                key: key.trim().to_owned(),
                operator,
                value: value.trim().trim_matches('\'').to_owned(),
            })
        });
        conditions.collect::<Result<_, _>>().map(Self)
    }

    pub fn matches(&self, attributes: &[(String, String)]) -> bool {
        self.0.iter().all(|condition| {
            let mut values = attributes.iter().filter(|(key, _)| *key == condition.key);
            values.any(|(_, value)| condition.holds(value))
        })
    }
}

impl Condition {
    fn holds(&self, value: &str) -> bool {
        let numbers = || {
            Some((
                value.parse::<u128>().ok()?,
                self.value.parse::<u128>().ok()?,
            ))
        };
        let compare = |holds: fn(u128, u128) -> bool| {
            numbers().is_some_and(|(left, right)| holds(left, right))
        };
        match self.operator {
            Operator::Exists => true,
            Operator::Equal => value == self.value,
            Operator::Contains => value.contains(&self.value),
            Operator::AtLeast => compare(|left, right| left >= right),
            Operator::AtMost => compare(|left, right| left <= right),
            Operator::Above => compare(|left, right| left > right),
            Operator::Below => compare(|left, right| left < right),
        }
    }
}

/// Every kept block.
fn history(node: &Node) -> Vec<Arc<Committed>> {
    node.read(|chain| chain.blocks_from(0).cloned().collect())
}

pub(super) fn txs(node: &Node, params: &Params) -> Answer {
    let query = Query::parse(&params.text("query"))?;
    let mut found = Vec::new();
    for block in &history(node) {
        for index in 0..block.results.len() {
            if query.matches(&attributes(block, index)) {
                found.push((block.clone(), index));
            }
        }
    }
    let (shown, total) = cut(found, params)?;
    let txs: Result<Vec<Value>, _> = shown.iter().map(|(block, i)| value(block, *i)).collect();
    Ok(json!({"txs": txs?, "total_count": total}))
}

/// Blocks are indexed by height alone: they have no block events here.
pub(super) fn blocks(node: &Node, params: &Params) -> Answer {
    let query = Query::parse(&params.text("query"))?;
    let found = history(node)
        .into_iter()
        .filter(|block| query.matches(&[("block.height".to_owned(), block.height().to_string())]));
    let (shown, total) = cut(found.collect(), params)?;
    let blocks: Result<Vec<Value>, _> = shown.iter().map(|block| block_value(block)).collect();
    Ok(json!({"blocks": blocks?, "total_count": total}))
}

/// The requested page in the requested order, and the total count.
fn cut<T>(mut found: Vec<T>, params: &Params) -> Result<(Vec<T>, String), RpcError> {
    let total = found.len();
    let page = params.number("page")?.unwrap_or(1);
    let per_page = params.number("per_page")?.unwrap_or(PER_PAGE_DEFAULT);
    let per_page = per_page.min(PER_PAGE_MAX);
    if params.text("order_by") == "desc" {
        found.reverse();
    }
    let skipped = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    if skipped > 0 && skipped >= total {
        let log = format!("page should be within range, given {page}");
        return Err(RpcError::internal(log));
    }
    let shown = found.into_iter().skip(skipped).take(per_page as usize);
    Ok((shown.collect(), total.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(query: &str) -> bool {
        let attributes = [
            ("tm.event", "Tx"),
            ("tx.height", "12"),
            ("send_packet.packet_sequence", "7"),
            ("send_packet.packet_sequence", "8"),
        ];
        let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Query::parse(query).unwrap().matches(&attributes)
    }

    #[test]
    fn all_conditions_must_hold() {
        assert!(matches("tm.event='Tx'"));
        assert!(matches(
            "tm.event = 'Tx' AND send_packet.packet_sequence = '8'"
        ));
        assert!(matches(
            "tx.height >= 12 AND tx.height <= 12 AND tx.height>11"
        ));
        assert!(matches("tx.height EXISTS"));
        assert!(!matches("tm.event='Tx' AND tx.height<12"));
        assert!(!matches("tm.event='NewBlock'"));
        assert!(Query::parse("nothing at all").is_err());
    }
}
