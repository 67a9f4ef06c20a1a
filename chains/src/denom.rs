//! Denoms: how they look, and the units in which people say their amounts.

use serde::{Deserialize, Serialize};

/// A unit of more characters, or of a larger power, is nothing that people write.
const SYMBOL_CHARS_MAX: usize = 16;
const EXPONENT_MAX: u32 = 30;

/// The unit in which people say amounts of a denom: AKT is 10^6 of `uakt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    symbol: String,
    exponent: u32,
}

impl Unit {
    /// `None` for what is no unit: a chain may say anything.
    pub fn new(symbol: &str, exponent: u32) -> Option<Self> {
        let is_symbol = (1..=SYMBOL_CHARS_MAX).contains(&symbol.len())
            && symbol
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        (is_symbol && exponent <= EXPONENT_MAX).then(|| Self {
            symbol: symbol.to_owned(),
            exponent,
        })
    }

    /// Such as `AKT`.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// One of it is 10 to this power of the denom.
    pub fn exponent(&self) -> u32 {
        self.exponent
    }
}

/// Whether a text can be a denom, as `ValidateDenom` of the Cosmos SDK checks it.
pub fn is_denom(text: &str) -> bool {
    (3..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/:._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_what_people_would_write() {
        let akt = Unit::new("AKT", 6).unwrap();
        assert_eq!((akt.symbol(), akt.exponent()), ("AKT", 6));
        for symbol in ["", "A KT", "<b>", "AKТ", "ABCDEFGHIJKLMNOPQ"] {
            assert_eq!(Unit::new(symbol, 6), None, "{symbol}");
        }
        assert_eq!(Unit::new("AKT", 31), None);
    }

    #[test]
    fn a_denom_has_3_to_128_characters_and_starts_with_a_letter() {
        for denom in [
            "stk",
            "ibc/27394FB0",
            "factory/akash1x/sub.denom",
            "a:b_c-d",
        ] {
            assert!(is_denom(denom), "{denom}");
        }
        for text in ["", "ua", "1uakt", "/uakt", "u akt", "uäkt"] {
            assert!(!is_denom(text), "{text}");
        }
        assert!(is_denom(&"a".repeat(128)) && !is_denom(&"a".repeat(129)));
    }
}
