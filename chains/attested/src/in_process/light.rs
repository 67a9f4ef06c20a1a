//! Clients of this chain: the first state, and the one header of an update,
//! verified as the host chain will verify it.

use tern_attested_core::{decode, encode, ClientState, ConsensusState, SealedHeader};
use tern_chains::{
    BlockTime, ClientUpdate, Encoded, HeaderCheck, NewClient, Root, TrustOrigin, TrustedClient,
    TrustedHeader,
};

use super::{AttestedChain, Result};

impl AttestedChain {
    pub(super) fn first_client(&self) -> Result<NewClient> {
        let (height, _) = self.node.read(|chain| chain.latest());
        let sealed = self.header(height)?;
        let state = self.node.read(|chain| chain.client(height));
        Ok(NewClient {
            client_state: encode(&state),
            consensus_state: encode(&ConsensusState::of(&sealed.header)),
            height,
        })
    }

    /// A header that the committee has attested; of which committee is known from the
    /// beginning on.
    pub(super) fn trusted_header(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
    ) -> Result<TrustedHeader> {
        if let Some(before) = before.filter(|before| before.client.height >= height) {
            return Ok(before.clone());
        }
        let sealed = self.header(height)?;
        let state = match before {
            Some(before) => before.client.client_state.clone(),
            None => encode(&self.node.read(|chain| chain.client(height))),
        };
        let client = decode::<ClientState>(&state);
        let client = client.map_err(|error| self.origin.malformed("trusted header", error))?;
        client
            .verify_header(&sealed)
            .map_err(|reason| self.origin.unverified(format!("header {height}"), reason))?;
        Ok(TrustedHeader {
            client: NewClient {
                client_state: state,
                consensus_state: encode(&ConsensusState::of(&sealed.header)),
                height,
            },
            hash: sealed.header.digest().to_vec(),
            time: BlockTime(sealed.header.time_ns),
            origin: TrustOrigin::Nodes { agreed: 1 },
        })
    }

    /// The client that has to take a header.
    pub(super) fn trusted(&self, trusted: &TrustedClient, target: u64) -> Result<ClientState> {
        let doing = || format!("header {target} for a client at {}", trusted.height);
        let state = decode::<ClientState>(&trusted.client_state);
        let state = state.map_err(|error| self.origin.malformed(doing(), error))?;
        match state.frozen {
            true => Err(self.origin.unusable(doing(), "the client is frozen")),
            false => Ok(state),
        }
    }

    /// The update of a client that needs none.
    pub(super) fn is_there(trusted: &TrustedClient, target: u64) -> Option<ClientUpdate> {
        if trusted.height < target {
            return None;
        }
        let consensus = ConsensusState::read(&trusted.consensus_state).ok()?;
        Some(ClientUpdate {
            headers: vec![],
            height: trusted.height,
            root: consensus.root,
            time: consensus.time,
        })
    }

    /// The update of a client to a final height: one header, whatever is between.
    pub(super) fn update(&self, client: &ClientState, target: u64) -> Result<ClientUpdate> {
        let sealed = self.header(target)?;
        client
            .verify_header(&sealed)
            .map_err(|reason| self.origin.unverified(format!("header {target}"), reason))?;
        Ok(ClientUpdate {
            headers: vec![encode(&sealed)],
            height: sealed.header.height,
            root: Root(sealed.header.root),
            time: BlockTime(sealed.header.time_ns),
        })
    }

    /// Compares a header that the committee attested with the chain's own; by whom of
    /// it does not matter.
    pub(super) fn check(&self, seen: &Encoded) -> Result<HeaderCheck> {
        let seen = decode::<SealedHeader>(seen);
        let seen = seen.map_err(|error| self.origin.malformed("header check", error))?;
        let height = seen.header.height;
        let client = self.node.read(|chain| chain.client(height));
        client.verify_header(&seen).map_err(|reason| {
            let doing = format!("check of a header at {height}");
            self.origin.unverified(doing, reason)
        })?;
        Ok(match self.node.sealed(height) {
            None => HeaderCheck::NotYet { height },
            Some(own) if own.header == seen.header => HeaderCheck::Same,
            Some(own) => HeaderCheck::Conflicting { own: encode(&own) },
        })
    }

    fn header(&self, height: u64) -> Result<SealedHeader> {
        self.node.sealed(height).ok_or_else(|| {
            self.origin
                .node(format!("header {height}"), "it is not final yet")
        })
    }
}
