//! Accounts, gas, signing, and CheckTx.

use tern_chains::{
    AccountState, Blame, ChainError, ChainParams, Check, Deadline, Message, SignedTx, TxDraft,
};

use tern_cosmos_core::sign;

use super::{DevnetChain, Result};
use crate::account;
use crate::devnet::Checked;
use crate::gas::{Gas, Kv};
use crate::state::ACC;

/// The gas limit of a simulated transaction.
const SIMULATION_GAS_LIMIT: u64 = 1;

/// The SDK's code for a transaction that was made too long ago: another can be made.
const PAST_TIMEOUT: (&str, u32) = ("sdk", 30);
const REDUNDANT: (&str, u32) = ("channel", 22);

/// As CometBFT says it.
pub(crate) fn too_large(max: u64, bytes: usize) -> String {
    format!("Tx too large. Max size is {max}, but got {bytes}")
}

impl DevnetChain {
    pub(super) fn chain_params(&self) -> ChainParams {
        self.node.read(|chain| ChainParams {
            max_block_gas: chain.info.limits.block_gas.unwrap_or(u64::MAX),
            max_tx_bytes: chain
                .info
                .limits
                .block_bytes
                .min(chain.info.limits.tx_bytes),
        })
    }

    pub(super) fn read_account(&self) -> Result<AccountState> {
        let address = self.key.address();
        let found = self.node.read(|chain| {
            let store = Kv::new(chain.newest_state().store(ACC), &Gas::default());
            account::find(&store, address)
        });
        let found = found.ok_or_else(|| ChainError::NoAccount {
            chain: self.origin.chain.clone(),
            address: address.to_owned(),
            denom: self.gas_price.denom.clone(),
        })?;
        Ok(AccountState {
            address: found.address,
            account_number: found.account_number,
            account_sequence: found.sequence,
        })
    }

    pub(super) fn simulate(&self, messages: &[Message], account: &AccountState) -> Result<u64> {
        let draft = TxDraft {
            messages: messages.to_vec(),
            memo: String::new(),
            account: account.clone(),
            gas: SIMULATION_GAS_LIMIT,
            // As in the transaction that will be signed: its bytes cost gas.
            deadline: Deadline::Height(self.node.read(|chain| chain.latest().0) + 1),
        };
        let tx = self.sign_draft(&draft)?;
        let used = self.node.read(|chain| chain.simulate(&tx.bytes));
        let used = used.map_err(|(refusal, _)| ChainError::Rejected {
            chain: self.origin.chain.clone(),
            doing: "simulation".to_owned(),
            codespace: refusal.codespace.to_owned(),
            code: refusal.code,
            blame: refusal.blame(),
            log: refusal.log,
        })?;
        let limit = self.gas_multiplier.mul_ceil(used);
        limit
            .and_then(|limit| u64::try_from(limit).ok())
            .ok_or_else(|| self.origin.malformed("simulation", "the gas overflows"))
    }

    pub(super) fn sign_draft(&self, draft: &TxDraft) -> Result<SignedTx> {
        let local = |reason| self.origin.local(reason);
        let fee = self.gas_price.fee(draft.gas);
        let fee = fee.ok_or_else(|| local("gas_price × gas is too large"))?;
        sign(&self.origin.chain, &self.key, draft, fee).map_err(|error| self.origin.local(error))
    }

    pub(super) fn offer(&self, tx: &SignedTx) -> Check {
        match self.node.check_tx(tx.bytes.clone()) {
            Checked::Added | Checked::Known => Check::Accepted,
            Checked::Full => Check::Busy {
                log: "mempool is full".to_owned(),
            },
            Checked::TooLarge { max } => Check::Refused {
                codespace: "mempool".to_owned(),
                code: 1,
                log: too_large(max, tx.bytes.len()),
            },
            Checked::Refused(refusal) => match refusal.blame() {
                Blame::Sequence => Check::WrongSequence { log: refusal.log },
                Blame::Funds => Check::CannotPay { log: refusal.log },
                _ if (refusal.codespace, refusal.code) == PAST_TIMEOUT => {
                    Check::Busy { log: refusal.log }
                }
                _ if (refusal.codespace, refusal.code) == REDUNDANT => {
                    Check::Redundant { log: refusal.log }
                }
                Blame::Message(_) | Blame::Unnamed => Check::Refused {
                    codespace: refusal.codespace.to_owned(),
                    code: refusal.code,
                    log: refusal.log,
                },
            },
        }
    }
}
