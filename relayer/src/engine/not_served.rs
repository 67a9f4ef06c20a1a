//! Channels that have just been read and are not served, in the log: one line a rule.

use std::collections::BTreeMap;

use tern_core::admission::{Admission, NotAdmitted};
use tern_core::ledger::{EndKey, Fact, Finding, View};
use tracing::info;

/// The end of an open channel that was read.
pub fn open_channel_found(fact: &Fact) -> Option<EndKey> {
    match fact {
        Fact::Found {
            finding: Finding::Channel { key, end },
            ..
        } if end.state.is_open() => Some(key.clone().into()),
        _ => None,
    }
}

/// Says which rule keeps channels from being served.
pub fn log_not_served(admission: &Admission, view: &View, found: Vec<EndKey>) {
    let refused = found.into_iter().filter_map(|src| {
        let why = admission.path_from(view, &src).err()?;
        Some((src, why))
    });
    for (first, why, channels) in by_rule(refused) {
        if channels == 1 {
            info!(channel = %first, %why, "the channel is not served");
        } else {
            info!(%first, %why, channels, "channels are not served");
        }
    }
}

/// The first channel of each rule, and how many there are.
fn by_rule(
    refused: impl Iterator<Item = (EndKey, NotAdmitted)>,
) -> Vec<(EndKey, NotAdmitted, usize)> {
    let mut rules: BTreeMap<String, (EndKey, NotAdmitted, usize)> = BTreeMap::new();
    for (src, why) in refused {
        let rule = why.rule.clone();
        let (.., channels) = rules.entry(rule).or_insert((src, why, 0));
        *channels += 1;
    }
    rules.into_values().collect()
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChainId, ChannelId, End, PortId};

    use super::*;

    #[test]
    fn channels_that_one_rule_refuses_are_one_line() {
        let refused = |channel: u64, rule: &str| {
            let src = EndKey {
                chain: ChainId::from_string("a-1"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
            };
            let why = NotAdmitted {
                rule: rule.to_owned(),
                reason: format!("channel-{channel}"),
            };
            (src, why)
        };
        let all = [
            refused(3, "ports"),
            refused(7, "ports"),
            refused(9, "channels"),
        ];
        let lines = by_rule(all.into_iter()).into_iter();
        let lines: Vec<_> = lines
            .map(|(_, why, channels)| (why.reason, channels))
            .collect();
        let expected = [("channel-9".to_owned(), 1), ("channel-3".to_owned(), 2)];
        assert_eq!(lines, expected);
    }
}
