//! Events in the form of ibc-go v10 on CometBFT 0.38. ibc-rs writes most
//! attributes the same; the differences are corrected here.

use ibc::core::handler::types::events::IbcEvent;
use ibc::core::host::types::error::DecodingError;
use tendermint::abci::{Event, EventAttribute};

/// Attributes that ibc-go dropped in v9: the `_hex` forms remain, and the header
/// is in the transaction.
const DROPPED: [&str; 3] = ["packet_data", "packet_ack", "header"];
const CONNECTION: &str = "packet_connection";

/// An event of the `ibc` store's handlers.
pub(crate) fn ibc(event: IbcEvent) -> Result<Event, DecodingError> {
    let event = Event::try_from(event)?;
    let mut attributes = Vec::with_capacity(event.attributes.len() + 2);
    for attribute in &event.attributes {
        let (Ok(key), Ok(value)) = (attribute.key_str(), attribute.value_str()) else {
            continue;
        };
        if DROPPED.contains(&key) {
            continue;
        }
        attributes.push(indexed(key, value));
        if key == CONNECTION {
            attributes.push(indexed("connection_id", value));
        }
    }
    Ok(Event {
        kind: event.kind,
        attributes,
    })
}

pub(crate) fn event(kind: &str, attributes: &[(&str, &str)]) -> Event {
    Event {
        kind: kind.to_owned(),
        attributes: attributes
            .iter()
            .map(|(key, value)| indexed(key, value))
            .collect(),
    }
}

/// Adds the message index to the events of a message.
pub(crate) fn of_message(mut event: Event, index: usize) -> Event {
    event
        .attributes
        .push(indexed("msg_index", &index.to_string()));
    event
}

/// The events of the SDK's bank for a payment.
pub(crate) fn payment(from: &str, to: &str, amount: &str) -> [Event; 3] {
    [
        event("coin_spent", &[("spender", from), ("amount", amount)]),
        event("coin_received", &[("receiver", to), ("amount", amount)]),
        event(
            "transfer",
            &[("recipient", to), ("sender", from), ("amount", amount)],
        ),
    ]
}

fn indexed(key: &str, value: &str) -> EventAttribute {
    (key, value, true).into()
}

/// Whether an event has all of these attributes.
pub(crate) fn has_all(event: &Event, wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|(key, value)| {
        let mut attributes = event.attributes.iter();
        attributes.any(|attribute| {
            attribute.key_bytes() == key.as_bytes() && attribute.value_bytes() == value.as_bytes()
        })
    })
}
