//! The state before the first block.

use crate::error::DevnetError;
use crate::gas::Gas;
use crate::genesis::Genesis;
use crate::state::{self, Modules, IBC, UPGRADE};
use crate::store::Multistore;
use crate::{account, address, bank};

/// Accounts, balances, and what ibc-go and the SDK write at genesis. An empty store
/// would have no proofs.
pub(crate) fn first_state(genesis: &Genesis) -> Result<Multistore, DevnetError> {
    let gas = Gas::default();
    let mut state = state::empty();
    let mut modules = Modules::open(&state, &gas);
    for known in &genesis.accounts {
        let wrong = || DevnetError::Account {
            address: known.address.clone(),
            prefix: genesis.prefix.clone(),
        };
        address::decode(&genesis.prefix, &known.address).ok_or_else(wrong)?;
        account::ensure(&mut modules.acc, &known.address);
        for coin in &known.coins {
            bank::mint(&mut modules.bank, &known.address, &coin.denom, coin.amount)
                .map_err(|_| wrong())?;
        }
    }
    modules.commit(&mut state);
    let ibc = state.store_mut(IBC);
    for counter in [
        "nextClientSequence",
        "nextConnectionSequence",
        "nextChannelSequence",
    ] {
        ibc.set(counter, 0u64.to_be_bytes());
    }
    // The versions of the modules, as the SDK's upgrade module keeps them.
    state.store_mut(UPGRADE).set("\u{2}ibc", 1u64.to_be_bytes());
    Ok(state)
}
