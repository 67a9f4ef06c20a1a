//! Checks that an address can receive tokens on a chain. At best, tokens for a
//! wrong address are refunded.

use bech32::primitives::decode::{CheckedHrpstring, CheckedHrpstringError};
use bech32::Bech32;

/// Checks the bech32 address of a receiver. `account_prefix` is the prefix of the
/// chain.
pub fn check(receiver: &str, chain: &str, account_prefix: &str) -> Result<(), String> {
    let address = CheckedHrpstring::new::<Bech32>(receiver).map_err(|error| {
        let reason = match error {
            CheckedHrpstringError::Checksum(_) => "its checksum is wrong: check the spelling",
            CheckedHrpstringError::Parse(_) => "it is not bech32",
            _ => "it cannot be read",
        };
        format!("receiver {receiver} is not an address of {chain}: {reason}")
    })?;
    let prefix = address.hrp();
    if prefix.as_str() != account_prefix {
        return Err(format!(
            "receiver {receiver} has prefix {prefix}, but {chain} uses {account_prefix}"
        ));
    }
    // The SDK accepts 1 to 255 bytes.
    match address.byte_iter().count() {
        1..=255 => Ok(()),
        bytes => Err(format!(
            "receiver {receiver} is not an address of {chain}: it has {bytes} bytes"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bech32::Hrp;

    fn address(prefix: &str, bytes: usize) -> String {
        bech32::encode::<Bech32>(Hrp::parse(prefix).unwrap(), &vec![7; bytes]).unwrap()
    }

    fn refusal(receiver: &str) -> String {
        check(receiver, "kava-a", "kava").unwrap_err()
    }

    #[test]
    fn accounts_and_contracts_of_the_chain_can_receive() {
        assert_eq!(check(&address("kava", 20), "kava-a", "kava"), Ok(()));
        assert_eq!(check(&address("kava", 32), "kava-a", "kava"), Ok(()));
    }

    #[test]
    fn an_address_of_another_chain_is_refused_by_its_prefix() {
        let akash = address("akash", 20);
        let expected = format!("receiver {akash} has prefix akash, but kava-a uses kava");
        assert_eq!(refusal(&akash), expected);
        // The operator address of a validator is not an account.
        let text = refusal(&address("kavavaloper", 20));
        assert!(text.contains("prefix kavavaloper"), "{text}");
    }

    #[test]
    fn a_spelling_mistake_is_refused_with_the_reason() {
        let mut wrong = address("kava", 20);
        let last = if wrong.ends_with('q') { 'p' } else { 'q' };
        wrong.pop();
        wrong.push(last);
        assert!(refusal(&wrong).contains("checksum is wrong"));
        assert!(refusal("me").contains("not bech32"));
        assert!(refusal("").contains("not bech32"));
        assert!(refusal(&address("kava", 0)).contains("it has 0 bytes"));
    }
}
