//! A fuzzer for stable Rust: inputs are entries of a corpus with some changes, and a
//! failing one is made smaller by `proptest`.
//!
//! The targets are tests (`fuzz/tests/fuzz`). Without more, `cargo test` checks the
//! corpus; `TERN_FUZZ_SECONDS=60 cargo test -p tern-fuzz` changes its entries for a
//! minute each, always in the same way unless `TERN_FUZZ_SEED` is set. An input that fails
//! is written into the corpus, so that it stays checked.

mod mutation;

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::Index;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use sha2::{Digest, Sha256};

use mutation::Mutation;

/// Changes of one input.
const MUTATIONS_MAX: usize = 8;
/// Inputs between two looks at the clock.
const INPUTS_AT_ONCE: u32 = 256;
/// No input grows beyond this.
const INPUT_BYTES_MAX: usize = 256 * 1024;

/// Checks every entry of a target's corpus, and then changed ones for as long as
/// `TERN_FUZZ_SECONDS` says. A check fails by a panic.
///
/// # Panics
/// If a check fails, with the place where the input is; or if there is no corpus.
pub fn run(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let corpus = corpus(&folder);
    assert!(!corpus.is_empty(), "{} has no entry", folder.display());
    for (path, input) in &corpus {
        println!("{}", path.display());
        check(input);
    }
    let Some(time) = seconds() else {
        return;
    };
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    let (started, mut count) = (Instant::now(), 0u64);
    while started.elapsed() < time {
        if let Some((input, reason)) = failing(&inputs, &seed(target, count), &check) {
            let name = hex::encode(&Sha256::digest(&input)[..6]);
            let path = folder.join(format!("found-{name}"));
            let kept = fs::write(&path, &input);
            panic!(
                "{target}: {reason}\nthe input is in {} ({kept:?}): mend what it shows, and keep it",
                path.display()
            );
        }
        count += u64::from(INPUTS_AT_ONCE);
    }
    println!("{target}: {count} inputs in {} s", time.as_secs());
}

/// The smallest input that fails out of some, with the reason.
fn failing(
    corpus: &[Vec<u8>],
    seed: &[u8; 32],
    check: impl Fn(&[u8]),
) -> Option<(Vec<u8>, String)> {
    let changed = (any::<Index>(), vec(Mutation::any(), 1..=MUTATIONS_MAX));
    let changed = changed.prop_map(|(base, mutations)| {
        let mut input = base.get(corpus).clone();
        for mutation in &mutations {
            mutation.apply(&mut input, corpus);
            input.truncate(INPUT_BYTES_MAX);
        }
        Input(input)
    });
    let config = Config {
        cases: INPUTS_AT_ONCE,
        max_shrink_iters: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, seed);
    let checked = TestRunner::new_with_rng(config, rng).run(&changed, |input| {
        check(&input.0);
        Ok::<(), TestCaseError>(())
    });
    match checked {
        Ok(()) => None,
        Err(TestError::Fail(reason, input)) => Some((input.0, reason.to_string())),
        Err(error) => panic!("{error}"),
    }
}

/// What decides about the next inputs of a target. The same for every run, so that none
/// depends on luck, unless `TERN_FUZZ_SEED` is another one.
fn seed(target: &str, count: u64) -> [u8; 32] {
    let run = std::env::var("TERN_FUZZ_SEED").unwrap_or_default();
    Sha256::digest(format!("{run}/{target}/{count}")).into()
}

/// The bytes that a check is given.
#[derive(Clone)]
struct Input(Vec<u8>);

impl Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn corpus(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("cannot read the corpus {}: {error}", folder.display());
    });
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let input = fs::read(&path).expect("a file of the corpus");
        (path, input)
    };
    paths.into_iter().map(read).collect()
}

/// How long entries are changed; `None` if not at all.
fn seconds() -> Option<Duration> {
    let text = std::env::var("TERN_FUZZ_SECONDS").ok()?;
    let seconds = text.parse().expect("TERN_FUZZ_SECONDS is a number");
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_found_and_made_small() {
        let corpus = [br#"{"height":"12","more":[1,2,3]}"#.to_vec()];
        let no_large_number = |input: &[u8]| {
            let text = String::from_utf8_lossy(input);
            assert!(!text.contains("18446744073709551615"), "too large");
        };
        let found =
            (0..1000).find_map(|count| failing(&corpus, &seed("test", count), no_large_number));
        let (input, reason) = found.expect("a number is replaced now and then");
        assert!(String::from_utf8_lossy(&input).contains("18446744073709551615"));
        assert!(reason.contains("too large"), "{reason}");
    }
}
