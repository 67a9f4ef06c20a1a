//! The check of a denom.

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
