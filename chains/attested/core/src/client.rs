//! The light client of an attested chain (ICS-02): its states, and which headers
//! it takes. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tern_chains::{
    BlockTime, ChainId, ClientSummary, Encoded, Root, StoredClient, StoredConsensus,
};

use crate::header::{Header, SealedHeader};
use crate::json::{decode, encode, Encodes, NotReadable};

/// The prefix of its client identifiers (ICS-02 client type).
pub const CLIENT_TYPE: &str = "10-attested";

/// What a host chain trusts: who has to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientState {
    pub chain_id: String,
    /// The public keys of the committee, in hexadecimal digits.
    pub attestors: Vec<String>,
    /// How many of them must have signed a header.
    pub quorum: usize,
    pub latest_height: u64,
    /// Two headers of one height were attested: nothing is believed any more.
    pub frozen: bool,
}

impl Encodes for ClientState {
    const TYPE_NAME: &'static str = "/tern.attested.v1.ClientState";
}

/// What a header leaves behind at its height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsensusState {
    pub time_ns: u64,
    #[serde(with = "hex::serde")]
    pub root: Vec<u8>,
}

impl Encodes for ConsensusState {
    const TYPE_NAME: &'static str = "/tern.attested.v1.ConsensusState";
}

/// Two attested headers of one height that differ (ICS-02 misbehaviour).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misbehaviour {
    pub first: SealedHeader,
    pub second: SealedHeader,
}

impl Encodes for Misbehaviour {
    const TYPE_NAME: &'static str = "/tern.attested.v1.Misbehaviour";
}

/// Why a client does not take a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotValid {
    #[error("the header is of {actual}, the client of {expected}")]
    OtherChain { expected: String, actual: String },
    #[error("{signed} attestors have signed the header of {height}, {quorum} must")]
    NoQuorum {
        height: u64,
        signed: usize,
        quorum: usize,
    },
    #[error("the headers are of {first} and {second}, or they are the same")]
    NoMisbehaviour { first: u64, second: u64 },
}

impl ClientState {
    /// Whether enough attestors have signed a header.
    pub fn verify_header(&self, sealed: &SealedHeader) -> Result<(), NotValid> {
        let header = &sealed.header;
        if header.chain_id != self.chain_id {
            return Err(NotValid::OtherChain {
                expected: self.chain_id.clone(),
                actual: header.chain_id.clone(),
            });
        }
        let is_valid = |attestor: &usize| {
            let key = self.attestors.get(*attestor);
            let of_attestor = |attestation: &&crate::Attestation| attestation.attestor == *attestor;
            let mut attestations = sealed.attestations.iter().filter(of_attestor);
            key.is_some_and(|key| attestations.any(|attestation| attestation.is_valid(header, key)))
        };
        let attestors = sealed.attestations.iter();
        let attestors: BTreeSet<usize> = attestors.map(|one| one.attestor).collect();
        let signed = attestors.iter().filter(|one| is_valid(one)).count();
        match signed >= self.quorum.max(1) {
            true => Ok(()),
            false => Err(NotValid::NoQuorum {
                height: header.height,
                signed,
                quorum: self.quorum,
            }),
        }
    }

    pub fn verify_misbehaviour(&self, misbehaviour: &Misbehaviour) -> Result<(), NotValid> {
        let Misbehaviour { first, second } = misbehaviour;
        self.verify_header(first)?;
        self.verify_header(second)?;
        match first.header.height == second.header.height && first.header != second.header {
            true => Ok(()),
            false => Err(NotValid::NoMisbehaviour {
                first: first.header.height,
                second: second.header.height,
            }),
        }
    }

    /// As a host stores it, for the relayer. A client of this kind never expires.
    pub fn stored(&self) -> StoredClient {
        StoredClient {
            state: encode(self),
            summary: ClientSummary {
                chain_id: ChainId::from_string(&self.chain_id),
                latest_height: self.latest_height,
                trusting_period: Duration::MAX,
                frozen: self.frozen,
                flaws: vec![],
            },
        }
    }
}

impl ConsensusState {
    pub fn of(header: &Header) -> Self {
        Self {
            time_ns: header.time_ns,
            root: header.root.clone(),
        }
    }

    /// As a host stores it, for the relayer.
    pub fn read(encoded: &Encoded) -> Result<StoredConsensus, NotReadable> {
        let state: Self = decode(encoded)?;
        Ok(StoredConsensus {
            state: encoded.clone(),
            root: Root(state.root),
            time: BlockTime(state.time_ns),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attestor;

    fn committee() -> Vec<Attestor> {
        (0..3).map(|at| Attestor::new("basalt", 7, at)).collect()
    }

    fn client() -> ClientState {
        ClientState {
            chain_id: "basalt".into(),
            attestors: committee().iter().map(Attestor::public_key).collect(),
            quorum: 2,
            latest_height: 1,
            frozen: false,
        }
    }

    fn sealed(root: u8, signers: &[usize]) -> SealedHeader {
        let header = Header {
            chain_id: "basalt".into(),
            height: 5,
            time_ns: 50,
            root: vec![root; 32],
        };
        let committee = committee();
        SealedHeader {
            attestations: signers
                .iter()
                .map(|at| committee[*at].attest(&header))
                .collect(),
            header,
        }
    }

    #[test]
    fn a_quorum_of_different_attestors_must_have_signed() {
        assert_eq!(client().verify_header(&sealed(1, &[0, 2])), Ok(()));
        let no_quorum = Err(NotValid::NoQuorum {
            height: 5,
            signed: 1,
            quorum: 2,
        });
        assert_eq!(client().verify_header(&sealed(1, &[1])), no_quorum);
        assert_eq!(client().verify_header(&sealed(1, &[1, 1])), no_quorum);
    }

    #[test]
    fn a_changed_header_is_not_signed() {
        let mut changed = sealed(1, &[0, 1, 2]);
        changed.header.root[0] ^= 1;
        assert!(client().verify_header(&changed).is_err());
        let mut other = sealed(1, &[0, 1, 2]);
        other.header.chain_id = "granite".into();
        assert!(matches!(
            client().verify_header(&other),
            Err(NotValid::OtherChain { .. })
        ));
    }

    #[test]
    fn two_attested_headers_of_one_height_are_misbehaviour() {
        let of = |first, second| Misbehaviour {
            first: sealed(first, &[0, 1]),
            second: sealed(second, &[1, 2]),
        };
        assert_eq!(client().verify_misbehaviour(&of(1, 2)), Ok(()));
        assert!(client().verify_misbehaviour(&of(1, 1)).is_err());
    }

    #[test]
    fn what_is_encoded_is_read_again_and_nothing_else() {
        let encoded = encode(&client());
        assert_eq!(decode::<ClientState>(&encoded), Ok(client()));
        assert!(decode::<ConsensusState>(&encoded).is_err());
    }
}
