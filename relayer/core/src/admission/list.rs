//! Lists of what is allowed and what is denied, with `*` for any text.

use std::fmt;

/// What is in `deny` is not admitted; where `allow` is not empty, neither is what is
/// not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub allow: Vec<Glob>,
    pub deny: Vec<Glob>,
}

/// A text in which `*` stands for any text, also for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// Which half of a list does not admit a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlisted {
    Denied { by: Glob },
    NotAllowed,
}

impl List {
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    pub fn admits(&self, text: &str) -> Result<(), Unlisted> {
        if let Some(by) = self.deny.iter().find(|glob| glob.matches(text)) {
            return Err(Unlisted::Denied { by: by.clone() });
        }
        let is_allowed = self.allow.is_empty() || self.allow.iter().any(|glob| glob.matches(text));
        is_allowed.then_some(()).ok_or(Unlisted::NotAllowed)
    }

    /// Whether exactly this text is allowed, not by a `*`.
    pub fn names(&self, text: &str) -> bool {
        self.allow.iter().any(|glob| glob.0 == text)
    }
}

impl Glob {
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// In time proportional to the text: each part is searched once, from left to
    /// right.
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            // There is no `*`.
            return rest.is_empty();
        };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl Unlisted {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "deny",
            Self::NotAllowed => "allow",
        }
    }
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { by } => write!(f, "matches `{}`", by.0),
            Self::NotAllowed => f.write_str("is not in the list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::new(pattern).matches(text)
    }

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_does() {
        assert!(matches("channel-1", "channel-1"));
        assert!(!matches("channel-1", "channel-12"));
        assert!(matches("channel-1*", "channel-12"));
        assert!(matches("*", ""));
        assert!(matches("icacontroller-*", "icacontroller-akash1xyz"));
        assert!(!matches("icacontroller-*", "icahost"));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b*c", "a-c-b"));
        assert!(matches("*/uakt", "transfer/channel-0/uakt"));
        assert!(!matches("a.c", "abc"));
    }

    #[test]
    fn parts_around_a_star_do_not_overlap() {
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("ab*ba", "abba"));
        assert!(!matches("a*aa*a", "aaa"));
    }

    #[test]
    fn what_is_denied_is_not_admitted_even_if_it_is_allowed() {
        let list = List {
            allow: vec![Glob::new("channel-*")],
            deny: vec![Glob::new("channel-7")],
        };
        assert_eq!(list.admits("channel-1"), Ok(()));
        let by = Glob::new("channel-7");
        assert_eq!(list.admits("channel-7"), Err(Unlisted::Denied { by }));
        assert_eq!(list.admits("other"), Err(Unlisted::NotAllowed));
        assert_eq!(List::default().admits("anything"), Ok(()));
    }

    #[test]
    fn only_an_exact_entry_names_something() {
        let list = List {
            allow: vec![Glob::new("07-tendermint-*"), Glob::new("07-tendermint-3")],
            deny: vec![],
        };
        assert!(list.names("07-tendermint-3"));
        assert!(!list.names("07-tendermint-4"));
    }
}
