//! Checks that an address can receive tokens on a chain. At best, tokens for a
//! wrong address are refunded.
//!
//! On a chain with an EVM an account has an address of Ethereum (`0x…`) beside its own. Newer
//! versions of cosmos/evm take either in a packet, older chains only their own: that one is sent.

use bech32::primitives::decode::{CheckedHrpstring, CheckedHrpstringError};
use bech32::{Bech32, Hrp};

use crate::connect::keccak256;

/// The chain's own address of a receiver. `has_evm` says whether an address of Ethereum is one of
/// the chain's accounts, too.
pub fn resolve(
    receiver: &str,
    chain: &str,
    account_prefix: &str,
    has_evm: bool,
) -> Result<String, String> {
    let Some(digits) = receiver.strip_prefix("0x") else {
        check(receiver, chain, account_prefix)?;
        return Ok(receiver.to_owned());
    };
    let wrong =
        |reason: &str| format!("receiver {receiver} is not an address of {chain}: {reason}");
    if !has_evm {
        return Err(wrong("its accounts have no addresses of Ethereum"));
    }
    let bytes = hex::decode(digits).ok().filter(|bytes| bytes.len() == 20);
    let bytes = bytes.ok_or_else(|| wrong("it is not 20 bytes as hexadecimal digits"))?;
    if !has_right_case(digits) {
        return Err(wrong("its checksum is wrong: check the spelling"));
    }
    let prefix = Hrp::parse(account_prefix).map_err(|error| wrong(&error.to_string()))?;
    bech32::encode::<Bech32>(prefix, &bytes).map_err(|error| wrong(&error.to_string()))
}

/// The case of the letters is a checksum (EIP-55), unless all have the same.
fn has_right_case(digits: &str) -> bool {
    let lower = digits.to_ascii_lowercase();
    if digits == lower || digits == digits.to_ascii_uppercase() {
        return true;
    }
    let hash = hex::encode(keccak256(lower.as_bytes()));
    let mut pairs = digits.chars().zip(hash.chars());
    pairs.all(|(digit, hash)| digit.is_ascii_digit() || digit.is_uppercase() == (hash >= '8'))
}

/// Checks the bech32 address of a receiver. `account_prefix` is the prefix of the
/// chain.
fn check(receiver: &str, chain: &str, account_prefix: &str) -> Result<(), String> {
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

    #[test]
    fn an_address_of_ethereum_is_the_chains_own_where_there_is_an_evm() {
        // The example of EIP-55.
        let address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let own = resolve(address, "evm-1", "cosmos", true).unwrap();
        let read = CheckedHrpstring::new::<Bech32>(&own).unwrap();
        assert_eq!(read.hrp().as_str(), "cosmos");
        let bytes: Vec<u8> = read.byte_iter().collect();
        assert_eq!(hex::encode(bytes), address[2..].to_lowercase());
        let lower = address.to_lowercase();
        assert_eq!(resolve(&lower, "evm-1", "cosmos", true), Ok(own.clone()));
        assert_eq!(resolve(&own, "evm-1", "cosmos", true), Ok(own));

        let misspelt = address.replace("5aAeb", "5aAeB");
        for (receiver, has_evm, reason) in [
            (misspelt.as_str(), true, "checksum is wrong"),
            ("0x5aAeb6", true, "20 bytes"),
            (address, false, "no addresses of Ethereum"),
        ] {
            let error = resolve(receiver, "evm-1", "cosmos", has_evm).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
