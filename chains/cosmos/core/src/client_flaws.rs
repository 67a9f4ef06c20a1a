//! Whether a client of a Tendermint chain is as its relayers make them (ICS-07).
//! Pure.
//!
//! A host chain checks of a new client little more than that it can be read. With
//! other proof specs, or with a lower trust level, its creator can prove what is not
//! so.

use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::core::ics02_client::trust_threshold::TrustThreshold;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use tern_chains::ClientFlaw;

use crate::codec::UPGRADE_PATH;

/// All flaws, the most dangerous first.
pub fn client_flaws(state: &ClientState) -> Vec<ClientFlaw> {
    let checks = [
        (
            ClientFlaw::ProofSpecs,
            has_specs_of_the_sdk(&state.proof_specs),
        ),
        (
            ClientFlaw::TrustLevel,
            is_a_third_or_more(state.trust_threshold),
        ),
        (
            ClientFlaw::TrustingPeriod,
            state.trusting_period < state.unbonding_period,
        ),
        (ClientFlaw::UpgradePath, state.upgrade_path == UPGRADE_PATH),
    ];
    let flaws = checks.into_iter().filter(|(_, is_sound)| !is_sound);
    flaws.map(|(flaw, _)| flaw).collect()
}

/// Compared by what makes a proof valid: older clients have other limits of depth.
fn has_specs_of_the_sdk(specs: &ProofSpecs) -> bool {
    let essence = |specs: ProofSpecs| -> Vec<_> {
        let specs = specs.into_vec().into_iter();
        specs
            .map(|spec| (spec.leaf_spec, spec.inner_spec))
            .collect()
    };
    essence(specs.clone()) == essence(ProofSpecs::cosmos())
}

fn is_a_third_or_more(level: TrustThreshold) -> bool {
    let (numerator, denominator) = (level.numerator(), level.denominator());
    denominator > 0 && u128::from(numerator) * 3 >= u128::from(denominator)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ibc_relayer_types::clients::ics07_tendermint::client_state::AllowUpdate;
    use ibc_relayer_types::core::ics24_host::identifier::ChainId;
    use ibc_relayer_types::Height;

    use super::*;

    fn sound() -> ClientState {
        ClientState {
            chain_id: ChainId::from_string("akash-1"),
            trust_threshold: TrustThreshold::ONE_THIRD,
            trusting_period: Duration::from_secs(20),
            unbonding_period: Duration::from_secs(30),
            max_clock_drift: Duration::from_secs(1),
            latest_height: Height::new(1, 7).unwrap(),
            proof_specs: ProofSpecs::cosmos(),
            upgrade_path: UPGRADE_PATH.map(str::to_owned).to_vec(),
            allow_update: AllowUpdate {
                after_expiry: true,
                after_misbehaviour: true,
            },
            frozen_height: None,
        }
    }

    fn flaws_with(change: impl FnOnce(&mut ClientState)) -> Vec<ClientFlaw> {
        let mut state = sound();
        change(&mut state);
        client_flaws(&state)
    }

    #[test]
    fn a_client_as_relayers_make_it_has_no_flaw() {
        assert_eq!(client_flaws(&sound()), []);
        let higher = flaws_with(|state| state.trust_threshold = TrustThreshold::TWO_THIRDS);
        assert_eq!(higher, []);
    }

    #[test]
    fn other_limits_of_depth_are_no_flaw() {
        let flaws = flaws_with(|state| {
            let mut specs = state.proof_specs.clone().into_vec();
            specs[0].max_depth = 64;
            state.proof_specs = specs.into();
        });
        assert_eq!(flaws, []);
    }

    #[test]
    fn other_proof_specs_are_a_flaw() {
        let swapped = flaws_with(|state| {
            let mut specs = state.proof_specs.clone().into_vec();
            specs.reverse();
            state.proof_specs = specs.into();
        });
        assert_eq!(swapped, [ClientFlaw::ProofSpecs]);
        let none = flaws_with(|state| state.proof_specs = vec![].into());
        assert_eq!(none, [ClientFlaw::ProofSpecs]);
        let leaf = flaws_with(|state| {
            let mut specs = state.proof_specs.clone().into_vec();
            specs[1].leaf_spec.as_mut().unwrap().prefix = vec![9];
            state.proof_specs = specs.into();
        });
        assert_eq!(leaf, [ClientFlaw::ProofSpecs]);
    }

    #[test]
    fn a_trust_level_below_a_third_is_a_flaw() {
        let low = TrustThreshold::new(1, 4).unwrap();
        let flaws = flaws_with(|state| state.trust_threshold = low);
        assert_eq!(flaws, [ClientFlaw::TrustLevel]);
        let zero = flaws_with(|state| state.trust_threshold = TrustThreshold::CLIENT_STATE_RESET);
        assert_eq!(zero, [ClientFlaw::TrustLevel]);
    }

    #[test]
    fn periods_and_upgrade_path_are_looked_at() {
        let flaws = flaws_with(|state| {
            state.trusting_period = state.unbonding_period;
            state.upgrade_path = vec!["elsewhere".to_owned()];
        });
        assert_eq!(flaws, [ClientFlaw::TrustingPeriod, ClientFlaw::UpgradePath]);
    }
}
