//! A planned upgrade of the chain to a new revision, as far as clients of the chain
//! see it (SDK `x/upgrade`; ibc-go `02-client` `BeginBlocker`).

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::Height;
use ibc_proto::ibc::lightclients::tendermint::v1::{ClientState, ConsensusState};
use prost::{Message, Name};
use tendermint::block::Header;
use tern_chains::{ChainId, StorePath};
use tern_cosmos_core::codec::UPGRADE_PATH;

use crate::chain_info::ChainInfo;
use crate::state::UPGRADE;
use crate::store::Multistore;

/// The upgrade of a chain. It does not halt the chain at its height: to do that, make
/// no block after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradePlan {
    /// The last height of the old revision.
    pub last_height: u64,
    /// The chain's id from then on; its number is the new revision, which starts at
    /// height 1.
    pub chain_id: String,
}

impl UpgradePlan {
    /// Writes what the block with this header commits for clients: the client state as
    /// long as the plan stands, and in the block before the last height the
    /// consensus state beside it.
    pub(crate) fn write(&self, state: &mut Multistore, info: &ChainInfo, header: &Header) {
        let last_height = self.last_height;
        let store = state.store_mut(UPGRADE);
        let client = StorePath::UpgradedClientState { last_height }.to_string();
        store.set(client, any(&self.client_state(info)));
        if header.height.value() + 1 == last_height {
            let consensus = StorePath::UpgradedConsensusState { last_height }.to_string();
            store.set(consensus, any(&consensus_state(header)));
        }
    }

    /// Without what each client chooses for itself (ibc-go `ZeroCustomFields`).
    fn client_state(&self, info: &ChainInfo) -> ClientState {
        let specs = ibc::core::commitment_types::specs::ProofSpecs::cosmos();
        ClientState {
            chain_id: self.chain_id.clone(),
            unbonding_period: info.unbonding.try_into().ok(),
            latest_height: Some(Height {
                revision_number: ChainId::from_string(&self.chain_id).version(),
                revision_height: 1,
            }),
            trust_level: Some(Default::default()),
            trusting_period: Some(Default::default()),
            max_clock_drift: Some(Default::default()),
            frozen_height: Some(Default::default()),
            proof_specs: specs.into(),
            upgrade_path: UPGRADE_PATH.map(str::to_owned).to_vec(),
            ..ClientState::default()
        }
    }
}

/// Without a root: nothing of the new revision is known yet.
fn consensus_state(header: &Header) -> ConsensusState {
    ConsensusState {
        timestamp: Some(header.time.into()),
        root: Some(Default::default()),
        next_validators_hash: header.next_validators_hash.as_bytes().to_vec(),
    }
}

fn any<T: Message + Name>(state: &T) -> Vec<u8> {
    let any = Any {
        type_url: T::type_url(),
        value: state.encode_to_vec(),
    };
    any.encode_to_vec()
}
