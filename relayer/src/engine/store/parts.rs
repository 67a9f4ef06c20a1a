//! Values in parts.
//!
//! sled writes a page of more than a quarter of its segment, 128 KiB, to a file of its own,
//! and never deletes that file if the page is written anew while it is all there is of it
//! (0.34.7, `mark_replace`). A page has up to 16 entries and is cut by their number alone, so
//! no entry may be large: signed transactions are hundreds of KiB. Pure.

/// Sixteen of them, and some that are not joined yet, are far below a quarter of a segment.
pub const PART_BYTES: usize = 4_096;
/// Between a key and the number of a part: below every character of a key, so that the
/// parts of a value follow its first one, which has the key itself.
const SEPARATOR: u8 = 1;

/// A value as it is stored: entries of at most [`PART_BYTES`].
pub fn split<'a>(key: &'a str, value: &'a [u8]) -> impl Iterator<Item = (Vec<u8>, &'a [u8])> {
    let rest = value.get(PART_BYTES..).unwrap_or_default();
    let first = (key.as_bytes().to_vec(), &value[..value.len() - rest.len()]);
    let numbered = (0u32..).zip(rest.chunks(PART_BYTES));
    let rest = numbered.map(move |(number, part)| {
        let mut name = prefix(key.as_bytes());
        name.extend(number.to_be_bytes());
        (name, part)
    });
    std::iter::once(first).chain(rest)
}

/// Whether more parts can follow the first one.
pub fn may_go_on(first: &[u8]) -> bool {
    first.len() == PART_BYTES
}

/// What the keys of all parts but the first begin with.
pub fn prefix(key: &[u8]) -> Vec<u8> {
    let mut prefix = key.to_vec();
    prefix.push(SEPARATOR);
    prefix
}

/// Whether an entry is a part, but not the first one, of the value with this key.
pub fn is_part_of(entry: &[u8], key: &[u8]) -> bool {
    entry
        .strip_prefix(key)
        .is_some_and(|rest| rest.first() == Some(&SEPARATOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys and lengths of the parts of a value.
    fn lengths(bytes: usize) -> Vec<usize> {
        let value = vec![7; bytes];
        split("tx/a", &value).map(|(_, part)| part.len()).collect()
    }

    #[test]
    fn a_small_value_is_one_entry() {
        assert_eq!(lengths(0), [0]);
        assert_eq!(lengths(PART_BYTES), [PART_BYTES]);
        assert_eq!(
            split("tx/a", &[7]).next(),
            Some((b"tx/a".to_vec(), &[7][..]))
        );
    }

    #[test]
    fn a_large_value_is_cut_and_its_parts_follow_each_other_by_their_keys() {
        assert_eq!(lengths(2 * PART_BYTES + 1), [PART_BYTES, PART_BYTES, 1]);
        let value: Vec<u8> = (0..=255).cycle().take(2_000_000).collect();
        let parts: Vec<_> = split("tx/a", &value).collect();
        assert!(parts.is_sorted_by(|one, next| one.0 < next.0));
        assert!(parts
            .iter()
            .skip(1)
            .all(|(key, _)| is_part_of(key, b"tx/a")));
        let joined: Vec<u8> = parts
            .into_iter()
            .flat_map(|(_, part)| part.to_vec())
            .collect();
        assert_eq!(joined, value);
    }

    #[test]
    fn other_keys_are_no_parts() {
        assert!(!is_part_of(b"tx/a", b"tx/a"));
        assert!(!is_part_of(b"tx/a1", b"tx/a"));
        assert!(!is_part_of(b"tx/b\x01\0\0\0\0", b"tx/a"));
        // Parts come before all longer keys.
        assert!(prefix(b"tx/a").as_slice() < b"tx/a!".as_slice());
    }
}
