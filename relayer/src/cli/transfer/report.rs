//! Prints the progress and the result of a transfer.

use serde::Serialize;
use tern_chains::{ChainId, Sequence};

use super::preflight::Route;
use super::send::{GivenUp, Included};
use super::track::{Counts, Step, Tracker, What};
use super::TransferArgs;
use crate::ack::Ack;
use crate::output::{self, Outcome};
use crate::path::clear_command;

/// Up to this many packets are printed one by one. More packets are counted.
const ONE_BY_ONE_MAX: usize = 5;

pub struct Report {
    src: ChainId,
    dst: ChainId,
    /// The command that relays the packets.
    clear_command: String,
    /// The number of requested packets.
    packets: usize,
    wait: bool,
    json: bool,
    txs: Vec<Tx>,
    /// Transfers in no block or in a failed transaction.
    not_sent: usize,
    last_counts: Option<Counts>,
}

#[derive(Debug, Serialize)]
struct Tx {
    hash: String,
    height: u64,
    code: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    log: String,
}

/// The one document of `--json`. `packets` is the sum of the last five.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    packets: usize,
    sequences: Vec<Sequence>,
    txs: &'a [Tx],
    /// With success.
    acknowledged: usize,
    /// Acknowledged with an unknown result.
    #[serde(skip_serializing_if = "is_zero")]
    unknown: usize,
    timed_out: usize,
    /// Acknowledged with an error, or not sent.
    failed: usize,
    pending: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Report {
    pub fn new(args: &TransferArgs, route: &Route, json: bool) -> Self {
        Self {
            src: ChainId::from_string(&args.chain),
            dst: route.dst_id.clone(),
            clear_command: clear_command(&args.chain, &args.channel, &args.port),
            packets: args.count as usize,
            wait: args.wait,
            json,
            txs: Vec::new(),
            not_sent: 0,
            last_counts: None,
        }
    }

    /// What is waited for while transfers are sent.
    pub fn sending(&self, tracker: &Tracker) -> String {
        let (sent, packets) = (tracker.sequences().count(), self.packets);
        format!(
            "sending: {sent} of {packets} transfers are in blocks of {}",
            self.src
        )
    }

    /// What is waited for once all are sent.
    pub fn waiting(&self, tracker: &Tracker) -> String {
        let Counts {
            received, pending, ..
        } = tracker.counts();
        let packets = self.packets - self.not_sent;
        let done = packets.saturating_sub(pending);
        format!(
            "waiting: of {packets} packets {received} are received on {}, {done} are done",
            self.dst
        )
    }

    /// Prints our transactions in a block, and the packets in them.
    pub fn sent(&mut self, txs: &[Included], steps: &[Step]) -> anyhow::Result<()> {
        let sequences = steps.iter().filter(|step| step.what == What::Sent);
        let mut sequences = sequences.map(|step| step.sequence);
        for tx in txs {
            let outcome = &tx.outcome;
            self.txs.push(Tx {
                hash: outcome.hash.to_string(),
                height: tx.height,
                code: outcome.code,
                log: outcome.log.clone(),
            });
            let place = format!(
                "in block {} of {}, tx {}",
                tx.height, self.src, outcome.hash
            );
            if outcome.code != 0 {
                self.not_sent += tx.transfers;
                let why = format!(
                    "{} (codespace {}, code {})",
                    outcome.log, outcome.codespace, outcome.code
                );
                output::note(format!("error: transaction failed {place}: {why}"));
                continue;
            }
            // Packets have the order of their transactions in the block.
            let of_tx: Vec<_> = sequences.by_ref().take(tx.transfers).collect();
            self.print(format!("sent {} {place}", range(&of_tx)))?;
        }
        Ok(())
    }

    /// Prints the transfers that are in no block and will not be sent.
    pub fn not_sent(&mut self, given_up: &[GivenUp]) {
        for GivenUp { transfers, reason } in given_up {
            self.not_sent += transfers;
            output::note(format!("error: {transfers} transfers not sent: {reason}"));
        }
    }

    /// Prints the progress of the packets.
    pub fn progress(&mut self, steps: &[Step], tracker: &Tracker) -> anyhow::Result<()> {
        if self.packets <= ONE_BY_ONE_MAX {
            return steps.iter().try_for_each(|step| self.print_step(step));
        }
        let counts = tracker.counts();
        if self.last_counts == Some(counts) {
            return Ok(());
        }
        self.last_counts = Some(counts);
        let all = self.packets - self.not_sent;
        let mut line = format!("received {}/{all}, ", counts.received);
        line += &format!("acknowledged {}/{all}", counts.succeeded + counts.unknown);
        if counts.refused > 0 {
            line += &format!(", with an error {}", counts.refused);
        }
        if counts.timed_out > 0 {
            line += &format!(", timed out {}", counts.timed_out);
        }
        self.print(line)
    }

    fn print_step(&self, step: &Step) -> anyhow::Result<()> {
        let (sequence, height) = (step.sequence, step.height);
        let on_src = format!("in block {height} of {}", self.src);
        match &step.what {
            What::Sent => Ok(()),
            What::Received => self.print(format!(
                "received #{sequence} in block {height} of {}",
                self.dst
            )),
            What::Acknowledged(Some(Ack::Success)) => {
                self.print(format!("acknowledged #{sequence} {on_src}: success"))
            }
            What::Acknowledged(Some(Ack::Error(text))) => self.print(format!(
                "acknowledged #{sequence} {on_src}: refused and refunded: {text}"
            )),
            What::Acknowledged(None) => self.print(format!("acknowledged #{sequence} {on_src}")),
            What::TimedOut => self.print(format!("timed out #{sequence} {on_src}: refunded")),
        }
    }

    /// Prints a hint when there is no progress.
    pub fn hint_at_relayer(&self) {
        output::note(format!(
            "hint: no progress. Check that a relayer is running: `tern start` relays all \
             channels, `{}` relays this channel once",
            self.clear_command
        ));
    }

    /// Prints the summary. The outcome says whether all packets reached their goal.
    pub fn finish(self, tracker: &Tracker) -> anyhow::Result<Outcome> {
        let counts = tracker.counts();
        let failed = counts.refused + self.not_sent;
        if self.json {
            output::json(&Summary {
                packets: self.packets,
                sequences: tracker.sequences().collect(),
                txs: &self.txs,
                acknowledged: counts.succeeded,
                unknown: counts.unknown,
                timed_out: counts.timed_out,
                failed,
                pending: counts.pending,
            })?;
        }
        let reached = if self.wait {
            counts.succeeded
        } else {
            self.packets - self.not_sent
        };
        if reached == self.packets {
            return Ok(Outcome::Done);
        }
        let mut parts = vec![format!("{reached} of {} {}", self.packets, self.goal())];
        for (number, what) in [
            (self.not_sent, "not sent"),
            (counts.refused, "refused by the destination and refunded"),
            (counts.timed_out, "timed out and refunded"),
            (counts.unknown, "acknowledged with an unknown result"),
            (counts.pending, "still pending"),
        ] {
            if number > 0 && (self.wait || what == "not sent") {
                parts.push(format!("{number} {what}"));
            }
        }
        output::note(format!("error: {}", parts.join(", ")));
        Ok(Outcome::Failed)
    }

    fn goal(&self) -> &'static str {
        if self.wait {
            "acknowledged with success"
        } else {
            "sent"
        }
    }

    fn print(&self, text: String) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        output::line(text)
    }
}

/// `#7`, or `#7 to #9 (3 packets)`.
fn range(sequences: &[Sequence]) -> String {
    match sequences {
        [] => "nothing".to_owned(),
        [only] => format!("#{only}"),
        [first, .., last] => format!("#{first} to #{last} ({} packets)", sequences.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_a_transaction_are_printed_as_a_range() {
        assert_eq!(range(&[7.into()]), "#7");
        let many: Vec<Sequence> = (7..=9).map(Sequence::from).collect();
        assert_eq!(range(&many), "#7 to #9 (3 packets)");
    }
}
