//! Headers in an update of a client, which anybody can send to any chain. None is made
//! up that counts as a second header of a height, for which a client would be frozen.

use tern_chains::{ChainId, Encoded, HeaderCheck};
use tern_cosmos_core::light::SeenHeader;
use tern_cosmos_core::testing::{LightChain, ID};
use tern_cosmos_core::Origin;

const TYPE: &str = "/ibc.lightclients.tendermint.v1.Header";

#[test]
fn headers() {
    let chain = LightChain::new(&[vec![1, 2], vec![1, 2], vec![2, 3], vec![3, 4], vec![3, 4]]);
    let address = "http://127.0.0.1:1".parse().expect("a URL");
    let origin = Origin::new(&ChainId::from_string(ID), &address);
    tern_fuzz::run("headers", |input| {
        let header = Encoded {
            type_name: TYPE.to_owned(),
            bytes: input.to_vec(),
        };
        let Ok(seen) = SeenHeader::new(&origin, &header) else {
            return;
        };
        for own in &chain.blocks {
            match seen.compare(&origin, own) {
                Ok(HeaderCheck::Same) => assert!(seen.is(&own.signed)),
                Ok(check) => panic!("a header that nobody signed conflicts: {check:?}"),
                Err(_) => {}
            }
        }
    });
}
