//! One change of an input: of its bytes, or of a number or a text in it.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::{select, Index};
use proptest::strategy::Strategy;

/// What parsers stumble over.
const TOKENS: [&[u8]; 30] = [
    b"",
    b"0",
    b"-1",
    b"1",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"340282366920938463463374607431768211456",
    b"0.1",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"",
    b"\"\"",
    b"\\u0000",
    b"\n",
    b"=",
    b"*",
    b"-",
    b"/",
    "\u{fffd}\u{202e}\u{1f680}".as_bytes(),
    b"\x00",
    b"\xff",
    // Variable-length numbers of protobuf: the largest, and one without an end.
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"9999-12-31T23:59:59.999999999Z",
];
const LENGTH_MAX: usize = 64;
const REPEATED_MAX: usize = 512;

#[derive(Clone, Debug)]
pub enum Mutation {
    FlipBit {
        at: Index,
        bit: u8,
    },
    Insert {
        at: Index,
        bytes: Vec<u8>,
    },
    InsertToken {
        at: Index,
        token: &'static [u8],
    },
    Remove {
        at: Index,
        length: usize,
    },
    Repeat {
        at: Index,
        length: usize,
        times: usize,
    },
    /// Bytes of another entry.
    Splice {
        at: Index,
        entry: Index,
        from: Index,
        length: usize,
    },
    ReplaceNumber {
        which: Index,
        token: &'static [u8],
    },
    /// What is between quotation marks.
    ReplaceText {
        which: Index,
        token: &'static [u8],
    },
    CutOff {
        at: Index,
    },
}

impl Mutation {
    pub fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        let token = || select(&TOKENS[..]);
        let length = || 1..LENGTH_MAX;
        prop_oneof![
            (at(), 0..8u8).prop_map(|(at, bit)| Self::FlipBit { at, bit }),
            (at(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Self::Insert { at, bytes }),
            (at(), token()).prop_map(|(at, token)| Self::InsertToken { at, token }),
            (at(), length()).prop_map(|(at, length)| Self::Remove { at, length }),
            (at(), length(), 1..REPEATED_MAX).prop_map(|(at, length, times)| Self::Repeat {
                at,
                length,
                times
            }),
            (at(), at(), at(), length()).prop_map(|(at, entry, from, length)| Self::Splice {
                at,
                entry,
                from,
                length
            }),
            (at(), token()).prop_map(|(which, token)| Self::ReplaceNumber { which, token }),
            (at(), token()).prop_map(|(which, token)| Self::ReplaceText { which, token }),
            at().prop_map(|at| Self::CutOff { at }),
        ]
    }

    pub fn apply(&self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        match self {
            Self::FlipBit { at, bit } => {
                if !input.is_empty() {
                    let at = at.index(input.len());
                    input[at] ^= 1 << bit;
                }
            }
            Self::Insert { at, bytes } => insert(input, *at, bytes),
            Self::InsertToken { at, token } => insert(input, *at, token),
            Self::Remove { at, length } => {
                let range = part(input, *at, *length);
                input.drain(range);
            }
            Self::Repeat { at, length, times } => {
                let part = part(input, *at, *length);
                let repeated = input[part.clone()].repeat(*times);
                input.splice(part, repeated);
            }
            Self::Splice {
                at,
                entry,
                from,
                length,
            } => {
                let entry = entry.get(corpus);
                let bytes = &entry[part(entry, *from, *length)];
                insert(input, *at, bytes);
            }
            Self::ReplaceNumber { which, token } => {
                replace(input, *which, token, numbers(input));
            }
            Self::ReplaceText { which, token } => replace(input, *which, token, texts(input)),
            Self::CutOff { at } => input.truncate(at.index(input.len() + 1)),
        }
    }
}

fn insert(input: &mut Vec<u8>, at: Index, bytes: &[u8]) {
    let at = at.index(input.len() + 1);
    input.splice(at..at, bytes.iter().copied());
}

fn part(input: &[u8], at: Index, length: usize) -> Range<usize> {
    let at = at.index(input.len() + 1);
    at..input.len().min(at + length)
}

fn replace(input: &mut Vec<u8>, which: Index, token: &[u8], places: Vec<Range<usize>>) {
    if !places.is_empty() {
        let place = which.get(&places).clone();
        input.splice(place, token.iter().copied());
    }
}

/// Where digits are.
fn numbers(input: &[u8]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for (at, _) in input
        .iter()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_digit())
    {
        match places.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => places.push(at..at + 1),
        }
    }
    places
}

/// What is between two quotation marks.
fn texts(input: &[u8]) -> Vec<Range<usize>> {
    let marks = input.iter().enumerate().filter(|(_, byte)| **byte == b'"');
    let marks: Vec<usize> = marks.map(|(at, _)| at).collect();
    marks.windows(2).map(|two| two[0] + 1..two[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_found() {
        let input = br#"{"a":12,"b":"3"}"#;
        let found = |places: Vec<Range<usize>>| -> Vec<String> {
            let text = |place: Range<usize>| String::from_utf8_lossy(&input[place]).into_owned();
            places.into_iter().map(text).collect()
        };
        assert_eq!(found(numbers(input)), ["12", "3"]);
        assert_eq!(found(texts(input)), ["a", ":12,", "b", ":", "3"]);
    }
}
