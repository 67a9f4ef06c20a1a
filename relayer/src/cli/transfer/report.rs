//! Telling what happens to a transfer, and how it ended.

use serde::Serialize;
use tern_chains::{ChainId, Sequence};

use super::preflight::Route;
use super::send::{GivenUp, Landed};
use super::track::{Counts, Step, Tracker, What};
use super::TransferArgs;
use crate::cli::ack::Ack;
use crate::cli::path::clear_command;
use crate::output::{self, Outcome};

/// Up to so many packets are told of one by one, more are counted.
const ONE_BY_ONE_MAX: usize = 5;

pub struct Report {
    src: ChainId,
    dst: ChainId,
    /// The command that would carry the packets.
    clear_command: String,
    /// The packets asked for.
    packets: usize,
    wait: bool,
    json: bool,
    txs: Vec<Tx>,
    /// Transfers that came into no block, or in a transaction that failed.
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
    /// With a success.
    acknowledged: usize,
    /// Acknowledged, without our having seen how.
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

    /// Transactions of ours in a block, and the packets in them.
    pub fn sent(&mut self, txs: &[Landed], steps: &[Step]) -> anyhow::Result<()> {
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
                output::note(format!("error: failed {place}: {why}"));
                continue;
            }
            // Packets are listed as their transactions are in the block.
            let of_tx: Vec<_> = sequences.by_ref().take(tx.transfers).collect();
            self.tell(format!("sent {} {place}", range(&of_tx)))?;
        }
        Ok(())
    }

    /// Transfers that were given up before they were in a block.
    pub fn not_sent(&mut self, given_up: &[GivenUp]) {
        for GivenUp { transfers, reason } in given_up {
            self.not_sent += transfers;
            output::note(format!("error: {transfers} not sent: {reason}"));
        }
    }

    /// Packets that got on.
    pub fn moved(&mut self, steps: &[Step], tracker: &Tracker) -> anyhow::Result<()> {
        if self.packets <= ONE_BY_ONE_MAX {
            return steps.iter().try_for_each(|step| self.one(step));
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
        self.tell(line)
    }

    fn one(&self, step: &Step) -> anyhow::Result<()> {
        let (sequence, height) = (step.sequence, step.height);
        let on_src = format!("in block {height} of {}", self.src);
        match &step.what {
            What::Sent => Ok(()),
            What::Received => self.tell(format!(
                "received #{sequence} in block {height} of {}",
                self.dst
            )),
            What::Acknowledged(Some(Ack::Success)) => {
                self.tell(format!("acknowledged #{sequence} {on_src}: success"))
            }
            What::Acknowledged(Some(Ack::Error(text))) => self.tell(format!(
                "acknowledged #{sequence} {on_src}: refused and refunded: {text}"
            )),
            What::Acknowledged(None) => self.tell(format!("acknowledged #{sequence} {on_src}")),
            What::TimedOut => self.tell(format!("timed out #{sequence} {on_src}: refunded")),
        }
    }

    /// Nothing has moved for a while.
    pub fn ask_for_relayer(&self) {
        output::note(format!(
            "hint: nothing moves. Is a relayer running? `tern start` relays everything, `{}` what \
             waits on this channel",
            self.clear_command
        ));
    }

    /// The end: the summary, and whether it is what was asked for.
    pub fn end(self, tracker: &Tracker) -> anyhow::Result<Outcome> {
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
        let reached = match self.wait {
            true => counts.succeeded,
            false => self.packets - self.not_sent,
        };
        if reached == self.packets {
            return Ok(Outcome::Done);
        }
        let mut parts = vec![format!("{reached} of {} {}", self.packets, self.goal())];
        for (number, what) in [
            (self.not_sent, "not sent"),
            (counts.refused, "refused by the destination and refunded"),
            (counts.timed_out, "timed out and refunded"),
            (counts.unknown, "acknowledged, it cannot be seen how"),
            (counts.pending, "still under way"),
        ] {
            if number > 0 && (self.wait || what == "not sent") {
                parts.push(format!("{number} {what}"));
            }
        }
        output::note(format!("error: {}", parts.join(", ")));
        Ok(Outcome::Failed)
    }

    fn goal(&self) -> &'static str {
        match self.wait {
            true => "acknowledged with success",
            false => "sent",
        }
    }

    fn tell(&self, text: String) -> anyhow::Result<()> {
        match self.json {
            true => Ok(()),
            false => output::line(text),
        }
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
    fn packets_of_a_transaction_are_told_as_a_range() {
        assert_eq!(range(&[7.into()]), "#7");
        let many: Vec<Sequence> = (7..=9).map(Sequence::from).collect();
        assert_eq!(range(&many), "#7 to #9 (3 packets)");
    }
}
