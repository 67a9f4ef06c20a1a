//! What a chain's blocks say of the past: read one by one, without an index.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::chain::TestChain;

impl TestChain {
    /// Every event of a kind in the transactions that succeeded, so far.
    pub fn tx_events(&self, kind: &str) -> Result<Vec<Value>> {
        self.events(kind, |code| code == 0)
    }

    /// How many messages of a kind (ICS-04, such as `MsgRecvPacket`) succeeded so
    /// far: what was paid for, whether or not it had an effect.
    pub fn paid(&self, message: &str) -> Result<usize> {
        let action = format!("/ibc.core.channel.v1.{message}");
        let messages = self.tx_events("message")?;
        let of_kind = messages
            .iter()
            .filter(|event| attribute(event, "action") == Some(&action));
        Ok(of_kind.count())
    }

    /// What an account has paid in fees so far, and for how many transactions.
    /// Those that failed cost as well.
    pub fn fees(&self, payer: &str) -> Result<(u128, usize)> {
        let (mut sum, mut txs) = (0, 0);
        for event in self.events("tx", |_| true)? {
            if attribute(&event, "fee_payer") != Some(payer) {
                continue;
            }
            txs += 1;
            let fee = attribute(&event, "fee").unwrap_or_default();
            let amount = fee.strip_suffix(self.spec.denom);
            sum += match (fee, amount) {
                ("", _) => 0,
                (_, Some(amount)) => amount.parse::<u128>()?,
                _ => anyhow::bail!("a fee in another denom: {fee}"),
            };
        }
        Ok((sum, txs))
    }

    fn events(&self, kind: &str, counts: impl Fn(u64) -> bool) -> Result<Vec<Value>> {
        let mut events = Vec::new();
        for height in 1..=self.height()? {
            let mut results = self.rpc(&format!("/block_results?height={height}"))?;
            let Value::Array(txs) = results["txs_results"].take() else {
                continue;
            };
            for mut tx in txs {
                let code = tx["code"].as_u64().context("a result without a code")?;
                if let (true, Value::Array(of_tx)) = (counts(code), tx["events"].take()) {
                    events.extend(of_tx.into_iter().filter(|event| event["type"] == kind));
                }
            }
        }
        Ok(events)
    }
}

/// The value of an event's attribute.
pub fn attribute<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = event["attributes"].as_array()?;
    attributes
        .iter()
        .find(|attribute| attribute["key"] == key)?["value"]
        .as_str()
}
