//! Where the ledger and the two chains differ about the packets of one end.

use std::collections::BTreeSet;

use tern_chains::Sequence;

use super::{Pending, Snapshot};

/// What has to be looked up before the ledger is as both chains are.
#[derive(Debug, PartialEq, Eq)]
pub struct Differences {
    /// In the ledger, and not in the chains' lists: perhaps they have ended.
    pub not_open: BTreeSet<Sequence>,
    /// Open, and their data or their sending is not known.
    pub sends: BTreeSet<Sequence>,
    /// Received, and their acknowledgement is not known.
    pub acks: BTreeSet<Sequence>,
    /// Received as far as the ledger knows, and not received by the chains' lists, or never
    /// sent.
    pub unreceived: BTreeSet<Sequence>,
}

pub fn differences(pending: &Pending, known: &Snapshot) -> Differences {
    let open: BTreeSet<Sequence> = &pending.unreceived | &pending.unacknowledged;
    let is_not_open = |sequence: &&Sequence| !open.contains(*sequence);
    let no_send = |sequence: &&Sequence| {
        let known = known.get(*sequence);
        known.is_none_or(|known| !known.has_data || !known.is_sent)
    };
    let no_ack = |sequence: &&Sequence| known.get(*sequence).is_none_or(|known| !known.has_ack);
    Differences {
        not_open: known.keys().filter(is_not_open).copied().collect(),
        sends: open.iter().filter(no_send).copied().collect(),
        acks: pending
            .unacknowledged
            .iter()
            .filter(no_ack)
            .copied()
            .collect(),
        unreceived: known
            .iter()
            .filter(|(sequence, known)| {
                let is_doubtful = pending.unreceived.contains(sequence) || !known.is_sent;
                known.is_received && is_doubtful
            })
            .map(|(sequence, _)| *sequence)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Known;
    use super::*;

    const SENT: Known = Known {
        is_sent: true,
        is_received: false,
        has_data: true,
        has_ack: false,
    };
    const ACKNOWLEDGED: Known = Known {
        is_received: true,
        has_ack: true,
        ..SENT
    };

    fn set(sequences: &[u64]) -> BTreeSet<Sequence> {
        sequences.iter().copied().map(Sequence::from).collect()
    }

    fn of(
        (unreceived, unacknowledged): (&[u64], &[u64]),
        known: &[(u64, Known)],
    ) -> [BTreeSet<Sequence>; 3] {
        let pending = Pending {
            height: 9,
            unreceived: set(unreceived),
            unacknowledged: set(unacknowledged),
        };
        let known = known
            .iter()
            .map(|(sequence, known)| ((*sequence).into(), *known));
        let Differences {
            not_open,
            sends,
            acks,
            unreceived: _,
        } = differences(&pending, &known.collect());
        [not_open, sends, acks]
    }

    #[test]
    fn a_packet_that_the_ledger_has_as_received_and_the_destination_does_not_is_looked_at() {
        let pending = Pending {
            height: 9,
            unreceived: set(&[1, 2, 3]),
            unacknowledged: set(&[4]),
        };
        let never_sent = Known {
            is_sent: false,
            has_data: false,
            has_ack: false,
            is_received: true,
        };
        let known = [
            (1, ACKNOWLEDGED),
            (2, SENT),
            (4, ACKNOWLEDGED),
            (9, never_sent),
        ];
        let known = known.map(|(sequence, known)| (sequence.into(), known));
        let differences = differences(&pending, &known.into());
        assert_eq!(differences.unreceived, set(&[1, 9]));
    }

    #[test]
    fn an_empty_ledger_looks_for_every_open_packet() {
        let expected = [set(&[]), set(&[1, 2, 3]), set(&[2])];
        assert_eq!(of((&[1, 3], &[2]), &[]), expected);
    }

    #[test]
    fn nothing_is_looked_for_when_the_ledger_is_as_the_chains_are() {
        let known = [(1, SENT), (2, ACKNOWLEDGED)];
        assert_eq!(of((&[1], &[2]), &known), [set(&[]), set(&[]), set(&[])]);
    }

    #[test]
    fn a_packet_in_no_list_may_have_ended() {
        let known = [(1, SENT), (2, ACKNOWLEDGED), (3, SENT)];
        let expected = [set(&[1, 2]), set(&[]), set(&[])];
        assert_eq!(of((&[3], &[]), &known), expected);
    }

    #[test]
    fn a_received_packet_without_its_acknowledgement_is_looked_for_at_the_destination() {
        let expected = [set(&[]), set(&[]), set(&[1])];
        assert_eq!(of((&[], &[1]), &[(1, SENT)]), expected);
    }

    #[test]
    fn a_packet_known_by_its_acknowledgement_only_is_looked_for_at_the_source() {
        // An acknowledgement's event came first, and has the data, but not the sending.
        let known = Known {
            is_sent: false,
            ..ACKNOWLEDGED
        };
        let expected = [set(&[]), set(&[1]), set(&[])];
        assert_eq!(of((&[], &[1]), &[(1, known)]), expected);
    }
}
