//! How a batch becomes transactions that the chain takes: cut by size first, then by
//! what simulation says of each part. Pure.
//!
//! A chain that refuses a transaction often does not name the message: one that uses up
//! the gas, panics, or is too large. So a refused part is cut in two until the message is
//! found, and all others go.

use std::collections::BTreeSet;
use std::ops::Range;

use tern_chains::{Blame, ChainError, ChainId};

/// How often the parts of one batch may be cut in two because the chain refused one
/// and named no message. Default 48: one culprit among a hundred messages takes seven,
/// and an account that cannot pay must not be simulated for ever.
const SPLITS_MAX: usize = 48;

/// Messages of a batch that make one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub range: Range<usize>,
    /// The gas limit, once it is known.
    pub gas: Option<u64>,
}

/// Messages that go into no transaction now.
#[derive(Debug)]
pub struct Refused {
    pub range: Range<usize>,
    pub error: ChainError,
}

/// A batch cut into parts. The messages are elsewhere; those that are refused must be
/// taken out of them.
#[derive(Debug)]
pub struct Cutting {
    pub parts: Vec<Part>,
    /// Client updates before the first message of each part.
    updates: usize,
    /// All in one transaction.
    atomic: bool,
    gas: GasLimits,
    splits_left: usize,
}

/// The most gas that transactions may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasLimits {
    /// By the chain or `max_gas`.
    pub tx: u64,
    /// By the budget of an hour or a day.
    pub budget: u64,
    /// By the budget of a packet, for each message.
    pub message: u64,
}

impl GasLimits {
    /// The limit for so many messages, and what it comes from.
    fn of(&self, messages: usize) -> (u64, &'static str) {
        let messages = self.message.saturating_mul(messages as u64);
        let limits = [
            (self.tx, "of a transaction (`max_gas`, or the block's maximum)"),
            (self.budget, "that a quarter of the chain's budget pays for (`hour` and `day` in `[chain.budget]`)"),
            (messages, "that the budget of a packet pays for (`packet` in `[chain.budget]`)"),
        ];
        let [first, others @ ..] = limits;
        let less = |least: (u64, _), other: (u64, _)| if other.0 < least.0 { other } else { least };
        others.into_iter().fold(first, less)
    }
}

impl Cutting {
    pub fn new(ranges: Vec<Range<usize>>, updates: usize, atomic: bool, gas: GasLimits) -> Self {
        let parts = ranges.into_iter().map(|range| Part { range, gas: None });
        Self {
            parts: parts.collect(),
            updates,
            atomic,
            gas,
            splits_left: SPLITS_MAX,
        }
    }

    pub fn is_done(&self) -> bool {
        self.parts.iter().all(|part| part.gas.is_some())
    }

    /// Takes what simulations say of the parts, one for each. Returns what is refused,
    /// in the order of the messages: it must be taken out of them, and closed.
    ///
    /// # Errors
    /// What concerns the batch as a whole: a node's fault, an account that cannot pay,
    /// anything about an atomic batch.
    pub fn learn(
        &mut self,
        chain: &ChainId,
        answers: Vec<Result<u64, ChainError>>,
    ) -> Result<Vec<Refused>, ChainError> {
        let (mut parts, mut refused) = (Vec::new(), Vec::new());
        for (part, answer) in std::mem::take(&mut self.parts).into_iter().zip(answers) {
            match self.judge(chain, &part.range, answer) {
                Verdict::Fits(gas) => parts.push(Part {
                    gas: Some(gas),
                    ..part
                }),
                Verdict::Split => {
                    let Range { start, end } = part.range;
                    let middle = start + (end - start) / 2;
                    parts.extend([start..middle, middle..end].map(unknown));
                }
                Verdict::Without(at, error) => {
                    refused.push(Refused {
                        range: at..at + 1,
                        error,
                    });
                    parts.push(unknown(part.range));
                }
                Verdict::Nothing(error) => {
                    refused.push(Refused {
                        range: part.range.clone(),
                        error,
                    });
                    parts.push(unknown(part.range));
                }
                Verdict::Fails(error) => return Err(error),
            }
        }
        self.parts = parts;
        Ok(refused)
    }

    /// These messages are gone, in ascending order: those after them move down.
    pub fn close(&mut self, gone: &BTreeSet<usize>) {
        let before = |place: usize| gone.range(..place).count();
        for Part { range, gas } in &mut self.parts {
            if gone.range(range.clone()).next().is_some() {
                *gas = None;
            }
            *range = range.start - before(range.start)..range.end - before(range.end);
        }
        self.parts.retain(|part| !part.range.is_empty());
    }

    fn judge(
        &mut self,
        chain: &ChainId,
        range: &Range<usize>,
        answer: Result<u64, ChainError>,
    ) -> Verdict {
        let (gas_max, of) = self.gas.of(self.updates + range.len());
        let error = match answer {
            Ok(gas) if gas <= gas_max || self.atomic => return Verdict::Fits(gas),
            Ok(gas) => ChainError::Rejected {
                chain: chain.clone(),
                doing: "simulation".to_owned(),
                codespace: "tern".to_owned(),
                code: 1,
                log: format!("it takes {gas} gas, more than the {gas_max} {of}"),
                blame: Blame::Unnamed,
            },
            Err(error) => error,
        };
        let ChainError::Rejected { blame, .. } = &error else {
            return Verdict::Fails(error);
        };
        match (*blame, range.len()) {
            _ if self.atomic => Verdict::Fails(error),
            (Blame::Sequence | Blame::Funds, _) => Verdict::Fails(error),
            (Blame::Message(index), _) => {
                let at = index.checked_sub(self.updates).map(|at| at + range.start);
                match at.filter(|at| range.contains(at)) {
                    Some(at) if range.len() > 1 => Verdict::Without(at, error),
                    Some(_) => Verdict::Nothing(error),
                    // The client update itself.
                    None => Verdict::Fails(error),
                }
            }
            (Blame::Unnamed, 0 | 1) => Verdict::Nothing(error),
            (Blame::Unnamed, _) if self.splits_left == 0 => Verdict::Nothing(error),
            (Blame::Unnamed, _) => {
                self.splits_left -= 1;
                Verdict::Split
            }
        }
    }
}

enum Verdict {
    Fits(u64),
    Split,
    /// All but this message may fit.
    Without(usize, ChainError),
    Nothing(ChainError),
    Fails(ChainError),
}

fn unknown(range: Range<usize>) -> Part {
    Part { range, gas: None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain() -> ChainId {
        ChainId::from_string("kava-a")
    }

    fn gas_max(tx: u64) -> GasLimits {
        GasLimits {
            tx,
            budget: u64::MAX,
            message: u64::MAX,
        }
    }

    fn refusal(blame: Blame) -> ChainError {
        ChainError::Rejected {
            chain: chain(),
            doing: "simulation".into(),
            codespace: "sdk".into(),
            code: 11,
            log: "no".into(),
            blame,
        }
    }

    /// The parts that go, and what is refused together.
    type Cut = (Vec<Vec<usize>>, Vec<Vec<usize>>);

    /// Simulates until all is known; `simulate` says of the numbers of a part's messages
    /// what the chain says. Each part has one client update before it.
    fn cut(
        mut messages: Vec<usize>,
        ranges: Vec<Range<usize>>,
        mut simulate: impl FnMut(&[usize]) -> Result<u64, ChainError>,
    ) -> Result<Cut, ChainError> {
        let mut cutting = Cutting::new(ranges, 1, false, gas_max(100));
        let mut refused = Vec::new();
        while !cutting.is_done() {
            let answers = cutting.parts.iter().map(|part| match part.gas {
                Some(gas) => Ok(gas),
                None => simulate(&messages[part.range.clone()]),
            });
            let answers = answers.collect();
            let mut gone = BTreeSet::new();
            for Refused { range, .. } in cutting.learn(&chain(), answers)? {
                refused.push(messages[range.clone()].to_vec());
                gone.extend(range);
            }
            for at in gone.iter().rev() {
                messages.remove(*at);
            }
            cutting.close(&gone);
        }
        let parts = cutting.parts.into_iter();
        let parts = parts.map(|part| messages[part.range].to_vec());
        Ok((parts.collect(), refused))
    }

    fn numbers(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    #[test]
    fn one_message_that_the_chain_does_not_name_is_found_and_the_others_go() {
        let poison = 17;
        let simulate = |part: &[usize]| match part.contains(&poison) {
            true => Err(refusal(Blame::Unnamed)),
            false => Ok(1),
        };
        let all = std::iter::once(0..30).collect();
        let (parts, refused) = cut(numbers(30), all, simulate).unwrap();
        assert_eq!(refused, [[poison]]);
        assert_eq!(parts.concat().len(), 29);
    }

    #[test]
    fn what_takes_more_gas_than_a_transaction_may_have_is_cut_again() {
        let simulate = |part: &[usize]| Ok(part.len() as u64 * 30);
        let all = std::iter::once(0..8).collect();
        let (parts, refused) = cut(numbers(8), all, simulate).unwrap();
        assert_eq!(parts.concat(), numbers(8));
        assert!(parts.iter().all(|part| part.len() * 30 <= 100), "{parts:?}");
        assert!(refused.is_empty());
    }

    #[test]
    fn a_message_that_takes_more_gas_than_any_transaction_is_refused_alone() {
        let simulate = |part: &[usize]| Ok(if part.contains(&3) { 101 } else { 1 });
        let all = std::iter::once(0..4).collect();
        let (parts, refused) = cut(numbers(4), all, simulate).unwrap();
        assert_eq!(refused, [[3]]);
        assert_eq!(parts.concat(), [0, 1, 2]);
    }

    #[test]
    fn a_message_that_takes_more_than_a_packets_budget_is_refused_alone_and_says_so() {
        let limits = GasLimits {
            tx: 1_000,
            budget: 500,
            message: 20,
        };
        let one = |gas| {
            let mut cutting = Cutting::new(std::iter::once(0..1).collect(), 1, false, limits);
            cutting.learn(&chain(), vec![Ok(gas)]).unwrap()
        };
        assert!(one(40).is_empty());
        let refused = one(41);
        let said = refused[0].error.to_string();
        assert!(
            said.contains("more than the 40 that the budget of a packet"),
            "{said}"
        );
        assert_eq!(limits.of(30).0, 500);
        assert!(limits.of(30).1.contains("`hour` and `day`"));
    }

    #[test]
    fn a_named_message_is_left_out_and_the_parts_after_it_stay_whole() {
        let simulate = |part: &[usize]| match part.iter().position(|number| number % 5 == 2) {
            Some(at) => Err(refusal(Blame::Message(at + 1))),
            None => Ok(1),
        };
        let (parts, mut refused) = cut(numbers(10), vec![0..4, 4..6, 6..10], simulate).unwrap();
        refused.sort();
        assert_eq!(refused, [[2], [7]]);
        assert_eq!(parts, [vec![0, 1, 3], vec![4, 5], vec![6, 8, 9]]);
    }

    #[test]
    fn a_refused_client_update_or_account_concerns_all_messages() {
        let fails = |blame| {
            let all = std::iter::once(0..4).collect();
            cut(numbers(4), all, |_| Err(refusal(blame))).is_err()
        };
        assert!(fails(Blame::Message(0)));
        assert!(fails(Blame::Funds));
        assert!(fails(Blame::Sequence));
    }

    #[test]
    fn a_chain_that_refuses_everything_is_not_simulated_for_ever() {
        let mut simulations = 0;
        let all = std::iter::once(0..500).collect();
        let (parts, refused) = cut(numbers(500), all, |_| {
            simulations += 1;
            Err(refusal(Blame::Unnamed))
        })
        .unwrap();
        assert!(parts.is_empty());
        assert_eq!(refused.concat().len(), 500);
        assert!(simulations <= 2 * SPLITS_MAX + 1, "{simulations}");
    }

    #[test]
    fn messages_that_belong_together_are_never_cut() {
        let atomic = || Cutting::new(std::iter::once(0..3).collect(), 0, true, gas_max(100));
        let refused = atomic().learn(&chain(), vec![Err(refusal(Blame::Unnamed))]);
        assert!(refused.is_err());
        let mut large = atomic();
        assert!(large.learn(&chain(), vec![Ok(1_000)]).unwrap().is_empty());
        assert!(large.is_done());
    }

    proptest! {
        #[test]
        fn every_message_goes_or_is_refused_and_only_culprits_are(
            count in 1usize..120,
            culprits in proptest::collection::btree_set(0usize..120, 0..4),
            named in any::<bool>(),
        ) {
            let simulate = |part: &[usize]| match part.iter().position(|n| culprits.contains(n)) {
                Some(at) if named => Err(refusal(Blame::Message(at + 1))),
                Some(_) => Err(refusal(Blame::Unnamed)),
                None => Ok(1),
            };
            let all = std::iter::once(0..count).collect();
            let (parts, refused) = cut(numbers(count), all, simulate).unwrap();
            let mut refused = refused.concat();
            refused.sort();
            let expected: Vec<usize> =
                culprits.iter().copied().filter(|number| *number < count).collect();
            prop_assert_eq!(refused, expected);
            let gone: Vec<usize> = parts.concat();
            prop_assert!(gone.is_sorted());
            prop_assert_eq!(gone.len(), count - culprits.iter().filter(|n| **n < count).count());
        }
    }
}
