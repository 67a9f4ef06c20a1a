//! Checks of single fields. Each check runs while its value is read, so that the
//! error has the place of the value in the file.

use std::fmt::Display;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use url::Url;

use tern_chains::is_denom;

/// Maximum number of digits of a price after the point: the limit of the SDK.
const PRICE_SCALE_MAX: usize = 18;
/// The SDK's default limit on a transaction's memo.
const MEMO_BYTES_MAX: usize = 256;

pub fn chain_id<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    checked(input, |id| {
        let fits = (1..=64).contains(&id.len());
        if !fits || !is_file_name(id) {
            return Err(
                "a chain id has 1 to 64 letters, digits, `-`, `_` and `.`, and starts with a \
                 letter or digit"
                    .to_owned(),
            );
        }
        Ok(id.to_owned())
    })
}

pub fn key_name<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    checked(input, |name| check_key_name(name).map(|()| name.to_owned()))
}

pub fn key_names<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    for name in &names {
        check_key_name(name).map_err(D::Error::custom)?;
    }
    Ok(names)
}

fn check_key_name(name: &str) -> Result<(), String> {
    if is_file_name(name) {
        return Ok(());
    }
    Err(
        "a key name has letters, digits, `-`, `_` and `.` only, and starts with a letter or \
         digit"
            .to_owned(),
    )
}

pub fn http_url<'de, D: Deserializer<'de>>(input: D) -> Result<Url, D::Error> {
    checked(input, |text| {
        let example = "write it like `http://127.0.0.1:26657`";
        let url = Url::parse(text).map_err(|reason| format!("not a URL ({reason}): {example}"))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(format!(
                "the scheme is `{other}`, not `http` or `https`: {example}"
            )),
        }
    })
}

pub fn account_prefix<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    checked(input, |prefix| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !(1..=83).contains(&prefix.len()) || !prefix.bytes().all(plain) {
            return Err(
                "an account prefix has lower-case letters and digits only, such as `akash`"
                    .to_owned(),
            );
        }
        Ok(prefix.to_owned())
    })
}

pub fn gas_price<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    checked(input, |price| {
        if is_gas_price(price) {
            return Ok(price.to_owned());
        }
        Err(
            "a gas price is a decimal number (at most 18 digits after the point) and a denom, \
             without a space between them, such as `0.025uakt`"
                .to_owned(),
        )
    })
}

pub fn some_gas_price<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    gas_price(input).map(Some)
}

/// 32 bytes as hexadecimal digits.
pub fn block_hash<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    checked(input, |text| match hex::decode(text) {
        Ok(hash) if hash.len() == 32 => Ok(hash),
        _ => Err("a block's hash has 64 hexadecimal digits".to_owned()),
    })
}

pub fn memo<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    checked(input, |memo| match memo.len() {
        0..=MEMO_BYTES_MAX => Ok(memo.to_owned()),
        bytes => Err(format!(
            "the memo has {bytes} bytes: the maximum is {MEMO_BYTES_MAX}"
        )),
    })
}

pub fn duration<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    checked(input, |text| {
        let read = humantime::parse_duration(text);
        match read.map_err(|reason| format!("{reason}: write it like `10s` or `5m`"))? {
            Duration::ZERO => Err("must be more than zero".to_owned()),
            duration => Ok(duration),
        }
    })
}

pub fn some_duration<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    duration(input).map(Some)
}

/// A decimal from 1 to 10, a number or a string in the file. It is kept as text.
pub fn multiplier<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = match toml::Value::deserialize(input)? {
        // The shortest text that parses to this float: the text in the file.
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::String(text) => text,
        _ => String::new(),
    };
    let whole = text.split('.').next().and_then(|whole| whole.parse().ok());
    let in_range = match whole {
        Some(1..=9) => true,
        Some(10_u64) => text
            .split('.')
            .nth(1)
            .is_none_or(|rest| rest.bytes().all(|digit| digit == b'0')),
        _ => false,
    };
    if !in_range || !is_decimal(&text) {
        return Err(Error::custom(
            "a multiplier is a decimal number from 1 to 10, such as 1.2",
        ));
    }
    Ok(text)
}

pub fn positive<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    match i64::deserialize(input)? {
        number @ 1.. => {
            T::try_from(number).map_err(|_| Error::custom(format!("{number} is too large")))
        }
        number => Err(Error::custom(format!("{number} is not 1 or more"))),
    }
}

/// A share from 1 to 90 percent.
pub fn percent<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    match u64::deserialize(input)? {
        share @ 1..=90 => Ok(share),
        share => Err(Error::custom(format!("{share} is not from 1 to 90"))),
    }
}

pub fn some_positive<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    positive(input).map(Some)
}

/// An amount, directly followed by a denom: `50uakt`.
pub fn coin(text: &str) -> Option<(u128, String)> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (amount, denom) = text.split_at(split);
    is_denom(denom).then_some(())?;
    Some((amount.parse().ok()?, denom.to_owned()))
}

/// Reads a string and checks it.
fn checked<'de, D, T, E>(input: D, check: impl FnOnce(&str) -> Result<T, E>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    check(&String::deserialize(input)?).map_err(Error::custom)
}

/// Whether a chain id or a key name can be a file name: letters, digits, `-`, `_`
/// and `.`, starting with a letter or a digit.
pub fn is_file_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A decimal number that can be counted with: its digits fit into 128 bits.
fn is_decimal(text: &str) -> bool {
    if text.replace('.', "").parse::<u128>().is_err() {
        return false;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && fraction.len() <= PRICE_SCALE_MAX
        }
        None => digits(text),
    }
}

/// A decimal number, directly followed by a denom.
fn is_gas_price(text: &str) -> bool {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (amount, denom) = text.split_at(split.unwrap_or(text.len()));
    is_decimal(amount) && is_denom(denom)
}
