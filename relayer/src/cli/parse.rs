//! Parsers of arguments: IBC identifiers and durations.

use std::time::Duration;

use tern_chains::{ChannelId, ClientId, ConnectionId, PortId};

pub fn channel(text: &str) -> Result<ChannelId, String> {
    let read = text.parse();
    read.map_err(|_| "not a channel id such as `channel-0`".to_owned())
}

pub fn client(text: &str) -> Result<ClientId, String> {
    let read = text.parse();
    read.map_err(|_| "not a client id such as `07-tendermint-0`".to_owned())
}

pub fn connection(text: &str) -> Result<ConnectionId, String> {
    let read = text.parse();
    read.map_err(|_| "not a connection id such as `connection-0`".to_owned())
}

pub fn port(text: &str) -> Result<PortId, String> {
    let read = text.parse();
    read.map_err(|_| "not a port id such as `transfer`".to_owned())
}

/// A duration longer than zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be more than zero".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}: write it like `10m` or `90s`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_times_are_checked() {
        assert!(channel("channel-0").is_ok() && channel("0").is_err());
        assert!(connection("connection-7").is_ok() && connection("c").is_err());
        assert!(port("transfer").is_ok() && port("a/b").is_err());
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert!(duration("10").is_err() && duration("0s").is_err());
    }
}
