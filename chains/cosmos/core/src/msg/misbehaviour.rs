//! `MsgUpdateClient` with ICS-07 misbehaviour (ibc-go `07-tendermint/misbehaviour.go`),
//! as ibc-go takes it from v7 on.

use ibc_proto::ibc::lightclients::tendermint::v1::{Header, Misbehaviour as Raw};
use prost::Message as _;
use tern_chains::{ClientId, Encoded, Misbehaviour};

use super::{update_client, NotEncodable};

const TYPE: &str = "/ibc.lightclients.tendermint.v1.Misbehaviour";

pub(super) fn encode(
    client_id: &ClientId,
    misbehaviour: &Misbehaviour,
    signer: &str,
) -> Result<Encoded, NotEncodable> {
    let decode = |header: &Encoded| Header::decode(header.bytes.as_slice());
    let headers = (decode(&misbehaviour.seen), decode(&misbehaviour.own));
    let (Ok(seen), Ok(own)) = headers else {
        return Err(NotEncodable::Misbehaviour);
    };
    // The first must not be the lower one (`Misbehaviour.ValidateBasic`).
    let (first, second) = if height(&seen) >= height(&own) {
        (seen, own)
    } else {
        (own, seen)
    };
    #[expect(deprecated, reason = "ibc-go still checks that there is a client's id")]
    let message = Raw {
        client_id: client_id.to_string(),
        header_1: Some(first),
        header_2: Some(second),
    };
    let message = super::message(TYPE, &message);
    Ok(update_client::encode(client_id, &message, signer))
}

fn height(header: &Header) -> Option<i64> {
    let signed = header.signed_header.as_ref()?;
    Some(signed.header.as_ref()?.height)
}

#[cfg(test)]
mod tests {
    use ibc_proto::ibc::core::client::v1::MsgUpdateClient;

    use super::*;
    use crate::testing::LightChain;

    #[test]
    fn the_higher_header_comes_first_whichever_was_seen() {
        let chain = LightChain::new(&vec![vec![1, 2, 3]; 9]);
        let (low, high) = (chain.header(2, 6), chain.header(2, 7));
        let client_id: ClientId = "07-tendermint-3".parse().unwrap();
        for (seen, own) in [(&low, &high), (&high, &low)] {
            let misbehaviour = Misbehaviour {
                seen: seen.clone(),
                own: own.clone(),
            };
            let encoded = encode(&client_id, &misbehaviour, "cosmos1").unwrap();
            let update = MsgUpdateClient::decode(encoded.bytes.as_slice()).unwrap();
            let message = update.client_message.unwrap();
            assert_eq!(
                (message.type_url.as_str(), &*update.client_id),
                (TYPE, "07-tendermint-3")
            );
            let raw = Raw::decode(message.value.as_slice()).unwrap();
            let headers = [raw.header_1, raw.header_2].map(|header| header.unwrap());
            let heights = headers.each_ref().map(|header| height(header).unwrap());
            assert_eq!(heights, [7, 6]);
        }
    }

    #[test]
    fn what_are_no_headers_has_no_form() {
        let no_header = Encoded {
            type_name: "/attested.Header".to_owned(),
            bytes: vec![0xff],
        };
        let misbehaviour = Misbehaviour {
            seen: no_header.clone(),
            own: no_header,
        };
        let client_id = "07-tendermint-3".parse().unwrap();
        let encoded = encode(&client_id, &misbehaviour, "cosmos1");
        assert_eq!(encoded, Err(NotEncodable::Misbehaviour));
    }
}
