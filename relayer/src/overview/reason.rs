//! Reasons as people read them: without the layers that libraries put around what happened.

/// What is said on the way to the reason, and tells nothing more.
const LAYERS: [&str; 5] = [
    "error sending request",
    "error trying to connect",
    "tcp connect error",
    "transport error",
    "client error (Connect)",
];

/// Of a text such as `simulation was refused: out of gas [x.go:7] with gas used: '9'` what a
/// person needs. The log has the whole of it.
pub(super) fn plain(text: &str) -> String {
    let text = without(text, " [", ".go:", "]");
    let text = without(&text, " with gas used: '", "", "'");
    let text = text.replace(" (codespace grpc, code 2)", "");
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split(": ") {
        if !LAYERS.contains(&part) && parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

/// The reason why a chain cannot be followed, where it is clear which chain that is.
pub(super) fn plain_of(chain: &str, text: &str) -> String {
    let named = text.strip_prefix(chain);
    let rest = named.and_then(|rest| rest.strip_prefix(": "));
    plain(rest.unwrap_or(text))
}

/// Leaves out what begins and ends like this and has this in it.
fn without(text: &str, begin: &str, with: &str, end: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(begin) {
        kept.push_str(before);
        match after.split_once(end) {
            Some((inside, after)) if inside.contains(with) => rest = after,
            _ => {
                kept.push_str(begin);
                rest = after;
            }
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chain_says_is_told_without_where_its_program_says_it() {
        let said = "kava-1: simulation was refused: spendable balance 0ukava is smaller than \
                    1ukava: insufficient funds: insufficient funds \
                    [cosmos/cosmos-sdk@v0.53.4/x/auth/ante/fee.go:137] with gas used: '110628' \
                    (codespace grpc, code 2)";
        let plain = plain(said);
        assert_eq!(
            plain,
            "kava-1: simulation was refused: spendable balance 0ukava is smaller than 1ukava: \
             insufficient funds"
        );
    }

    #[test]
    fn a_node_that_is_away_is_told_in_a_line() {
        let said = "kava-1: status failed at http://127.0.0.1:26657: error sending request: \
                    error trying to connect: tcp connect error: Connection refused (os error 111)";
        assert_eq!(
            plain_of("kava-1", said),
            "status failed at http://127.0.0.1:26657: Connection refused (os error 111)"
        );
        assert_eq!(plain_of("kava-1", "kava-10: no"), "kava-10: no");
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        for said in [
            "a [list] of: two",
            "an open [ bracket",
            "' with gas used: '7",
        ] {
            assert_eq!(plain(said), said);
        }
    }
}
