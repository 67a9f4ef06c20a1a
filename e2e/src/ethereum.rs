//! Transactions of Ethereum on a chain with an EVM: signed here, sent by JSON-RPC.

use std::time::Duration;

use anyhow::{ensure, Context, Result};
use k256::ecdsa::SigningKey;
use serde_json::{json, Value};
use tern_cosmos_core::key_type::keccak256;

use crate::chain::{TestChain, EVM_CHAIN_ID};
use crate::wait;

/// Enough for any contract that is deployed here.
const GAS: u64 = 6_000_000;
/// In the smallest unit of the chain's coin.
const GAS_PRICE: u64 = 1_000_000_000;
const RECEIPT_LIMIT: Duration = Duration::from_secs(120);

/// An account of a chain with an EVM, as wallets of Ethereum see it.
pub struct Wallet<'a> {
    chain: &'a TestChain,
    key: SigningKey,
    /// With `0x`.
    pub address: String,
}

impl<'a> Wallet<'a> {
    /// The account of a key, by its name and mnemonic.
    pub fn of(chain: &'a TestChain, key: (&str, &str)) -> Result<Self> {
        let secret = chain.spec.key(key)?.private_key_bytes();
        let key = SigningKey::from_slice(secret.as_slice())?;
        let point = key.verifying_key().to_encoded_point(false);
        // Without the byte that says how the point is written.
        let hash = keccak256(&point.as_bytes()[1..]);
        Ok(Self {
            chain,
            key,
            address: format!("0x{}", hex::encode(&hash[12..])),
        })
    }

    pub fn chain(&self) -> &TestChain {
        self.chain
    }

    /// What a contract answers, if that is an address.
    pub fn ask_for_address(&self, contract: &str, data: &str) -> Result<String> {
        let answer = self.chain.eth_call(contract, data)?;
        ensure!(answer.len() == 64, "{contract} answered {answer}");
        Ok(format!("0x{}", &answer[24..]))
    }

    /// What the account has of an ERC-20 token.
    pub fn balance_of(&self, token: &str) -> Result<u128> {
        self.chain.balance_of(token, &self.address)
    }

    /// Creates a contract from its code and what its constructor is told; its address.
    pub fn deploy(&self, code: &str, argument: Argument<'_>) -> Result<String> {
        let receipt = self.send(None, &format!("{code}{}", encoded(&[argument])))?;
        let address = receipt["contractAddress"].as_str();
        Ok(address.context("no contract address")?.to_owned())
    }

    /// Calls a contract in a transaction that has to succeed.
    pub fn call(&self, contract: &str, data: &str) -> Result<()> {
        self.send(Some(contract), data).map(drop)
    }

    /// The receipt of a transaction that succeeded. `data` is hexadecimal.
    fn send(&self, to: Option<&str>, data: &str) -> Result<Value> {
        let count = json!([self.address, "latest"]);
        let nonce = self.chain.eth("eth_getTransactionCount", count)?;
        let nonce = nonce.as_str().and_then(|nonce| nonce.strip_prefix("0x"));
        let nonce = u64::from_str_radix(nonce.context("no nonce")?, 16)?;
        let to = bytes_of(to.unwrap_or_default())?;
        let raw = self.signed(nonce, &to, &bytes_of(data)?)?;
        let raw = json!([format!("0x{}", hex::encode(raw))]);
        let hash = self.chain.eth("eth_sendRawTransaction", raw)?;
        let receipt = wait::until("the receipt of a transaction", RECEIPT_LIMIT, || {
            let receipt = self.chain.eth("eth_getTransactionReceipt", json!([hash]))?;
            Ok((!receipt.is_null()).then_some(receipt))
        })?;
        ensure!(receipt["status"] == "0x1", "{receipt}");
        Ok(receipt)
    }

    /// A transaction of the first kind, with the chain's id in its signature (EIP-155).
    fn signed(&self, nonce: u64, to: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        let fields = [
            number(&nonce.to_be_bytes()),
            number(&GAS_PRICE.to_be_bytes()),
            number(&GAS.to_be_bytes()),
            string(to),
            number(&[]),
            string(data),
        ];
        let chain_id = [
            number(&EVM_CHAIN_ID.to_be_bytes()),
            number(&[]),
            number(&[]),
        ];
        let hash = keccak256(&list(&[&fields[..], &chain_id].concat()));
        let (signature, recovery) = self.key.sign_prehash_recoverable(&hash)?;
        let v = EVM_CHAIN_ID * 2 + 35 + u64::from(recovery.to_byte());
        let (r, s) = signature.split_bytes();
        let signature = [number(&v.to_be_bytes()), number(&r), number(&s)];
        Ok(list(&[&fields[..], &signature].concat()))
    }
}

/// What a contract is told.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    Uint(u128),
    /// With or without `0x`.
    Address(&'a str),
    /// A text, or bytes that are one.
    Text(&'a str),
}

/// Data of a call, hexadecimal: the first bytes of the hash of its signature, and its arguments.
/// A tuple of fixed length is given as its parts.
pub fn call_data(signature: &str, arguments: &[Argument<'_>]) -> String {
    let selector = hex::encode(&keccak256(signature.as_bytes())[..4]);
    format!("{selector}{}", encoded(arguments))
}

/// Arguments as the ABI of Solidity has them: a word for each, and what has no fixed length
/// after all words, at the place that its word says.
fn encoded(arguments: &[Argument<'_>]) -> String {
    let uint = |number: u128| format!("{number:064x}");
    let (mut words, mut texts) = (String::new(), String::new());
    for argument in arguments {
        match argument {
            Argument::Uint(number) => words += &uint(*number),
            Argument::Address(address) => {
                words += &format!("{:0>64}", address.trim_start_matches("0x"));
            }
            Argument::Text(text) => {
                let place = arguments.len() * 32 + texts.len() / 2;
                words += &uint(place as u128);
                texts += &uint(text.len() as u128);
                let width = text.len().div_ceil(32) * 64;
                texts += &format!("{:0<width$}", hex::encode(text));
            }
        }
    }
    words + &texts
}

fn bytes_of(hexadecimal: &str) -> Result<Vec<u8>> {
    Ok(hex::decode(hexadecimal.trim_start_matches("0x"))?)
}

/// A number in RLP, from its bytes, big endian: without zeros before it.
fn number(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    string(&bytes[zeros..])
}

/// Bytes in RLP, the encoding of Ethereum (yellow paper, appendix B).
fn string(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        bytes => [&header(0x80, bytes.len())[..], bytes].concat(),
    }
}

/// A list in RLP of what is encoded already.
fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let items = items.concat();
    [header(0xc0, items.len()), items].concat()
}

/// What is before so many bytes.
fn header(kind: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short) if short < 56 => vec![kind + short],
        _ => {
            let bytes = length.to_be_bytes();
            let zeros = length.leading_zeros() as usize / 8;
            let bytes = &bytes[zeros..];
            [&[kind + 55 + bytes.len() as u8], bytes].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Ethereum's own documentation.
    #[test]
    fn short_and_long_values_have_headers_of_their_own() {
        assert_eq!(string(b"dog"), b"\x83dog");
        assert_eq!(
            list(&[string(b"cat"), string(b"dog")]),
            b"\xc8\x83cat\x83dog"
        );
        assert_eq!(number(&0u64.to_be_bytes()), [0x80]);
        assert_eq!(number(&15u64.to_be_bytes()), [0x0f]);
        assert_eq!(number(&1024u64.to_be_bytes()), [0x82, 0x04, 0x00]);
        let long = [b'x'; 56];
        assert_eq!(string(&long)[..3], [0xb8, 56, b'x']);
        assert_eq!(header(0xc0, 1024), [0xf9, 0x04, 0x00]);
    }

    #[test]
    fn a_call_begins_with_the_hash_of_its_signature() {
        let to = Argument::Address("0xf36e4c1f926001ceada9ca97ea622b25f41e5eb2");
        let data = call_data("transfer(address,uint256)", &[to, Argument::Uint(1)]);
        assert_eq!(
            data,
            "a9059cbb000000000000000000000000f36e4c1f926001ceada9ca97ea622b25f41e5eb2\
             0000000000000000000000000000000000000000000000000000000000000001"
        );
    }

    /// The example of Solidity's specification of its ABI, with its numbers left out.
    #[test]
    fn texts_are_after_all_words() {
        let words = encoded(&[Argument::Text("dave"), Argument::Uint(1)]);
        let word = |end: &str| format!("{end:0>64}");
        let dave = format!("{:0<64}", "64617665");
        assert_eq!(words, [word("40"), word("1"), word("4"), dave].concat());
        assert_eq!(encoded(&[Argument::Text("")]), word("20") + &word("0"));
    }
}
